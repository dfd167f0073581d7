import { existsSync } from 'node:fs'
import path from 'node:path'
import { openVmcore } from '../../lib/system/openVmcore.js'
import type { BenchOptions, BenchRow } from './benchRow.js'
import { dumpRows, passRows } from './dump.js'

/**
 * The reference case at its size, and at a third and a tenth of it, where they were made: `SLABLAB_BENCH_DUMPS` names the folder that holds
 * `tenth/vmcore`, `third/vmcore` and `full/vmcore`, of machines with 176,770, 589,233 and 1,767,698 leaked seq_operations.
 */
export async function benchFull({ smoke }: BenchOptions): Promise<BenchRow[]> {
  const folder = process.env.SLABLAB_BENCH_DUMPS
  const missing = 'left out: SLABLAB_BENCH_DUMPS names no folder with these dumps (docs/performance.md tells how they are made)'
  if (folder === undefined || smoke) return [{ task: 'the reference case at full size', ours: null, unit: 's', peer: 'crash, drgn', peers: null, note: missing }]
  const rows: BenchRow[] = []
  for (const [size, times] of [['full', 2], ['tenth', 2], ['third', 2]] as const) {
    const vmcore = path.join(folder, size, 'vmcore')
    if (!existsSync(vmcore)) continue
    const goals = { open: 0.5, openTimes: 10, group: 0.6, groupTimes: 2.5, list: 70 }
    const system = await openVmcore(vmcore)
    const address = `0x${system.symbols.named('init_task')[0].address.toString(16)}`
    rows.push(...dumpRows({ name: size, vmcore, release: system.release ?? 'unknown', cache: 'kmalloc-cg-32', address }, times, goals))
    system.close()
    rows.push(...await passRows(vmcore, size))
  }
  return rows
}
