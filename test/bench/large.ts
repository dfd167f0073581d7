import { statSync } from 'node:fs'
import path from 'node:path'
import { formatBytes } from '../../lib/util/units.js'
import { largeDump } from '../builders/largeDump.js'
import { evidence, hasEvidence } from '../evidence.js'
import type { BenchOptions, BenchRow } from './benchRow.js'
import { slablab } from './ours.js'
import { measured } from './processes.js'

/** A sample of a machine of 1 TB, whose dump is made for it (1.9 GB, 40 s), beside all of it. */
export async function benchLarge({ smoke, folder }: BenchOptions): Promise<BenchRow[]> {
  const row = (task: string, ours: number | null, peers: number | null, note: string): BenchRow => ({ task, ours, unit: 's', peer: 'caches, all read', peers, note })
  if (!hasEvidence) return [row('a machine of 1 TB, sampled', null, null, 'left out: the large evidence is not here')]
  const vmcore = path.join(folder, 'large')
  await largeDump(evidence('x86_64-slub', 'vmcore'), vmcore, smoke ? 16 : 1024)
  const all = measured({ caches: slablab(['caches', vmcore, '--format', 'csv'], /^kmalloc-cg-32,/m) }, 1).caches
  return [1000, 10_000].flatMap((sample) => ['caches', 'signatures', 'types'].map((command) => {
    const cost = measured({ ours: slablab([command, vmcore, '--sample', String(sample), '--format', 'csv'], /^kmalloc-cg-32,/m) }, 3).ours
    const note = `${cost?.peakMegabytes.toFixed(0)} MB beside ${all?.peakMegabytes.toFixed(0)} MB; a file of ${formatBytes(statSync(vmcore).size)}`
    return row(`${command} of a machine of ${smoke ? '16 GB' : '1 TB'}, --sample ${sample}`, cost?.seconds ?? null, command === 'caches' ? all?.seconds ?? null : null, note)
  }))
}
