import { build } from 'esbuild'
import { fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { BenchOptions, BenchRow } from './benchRow.js'
import { everything, groupAll, library, listAll, openAll, slablab } from './ours.js'
import type { Pass } from './passChild.js'
import { crash, drgn, hasDrgn, vmlinuxOf } from './peers.js'
import { measured, type Cost, type Program } from './processes.js'

/** A dump of the kernel that Debian has debugging information of. */
export interface BenchDump {
  readonly name: string
  readonly vmcore: string
  readonly release: string
  /** The cache of the leak. */
  readonly cache: string
  /** An object to which something points. */
  readonly address: string
}

const folder = process.env.SLABLAB_EVIDENCE ?? '../shared/datasets'
const rounds = 3
/** The best of so many counts of each part of a pass: some take milliseconds, and others use the machine as well. */
const passes = 6
/** Below the package's folder, where modules find what was built. */
const passChild = path.join(import.meta.dirname, '../../dist/test/bench/passChild.js')
/** What stands for a peer where there is none. */
const alone = 'nothing else does it'

/** The dump with the planted leaks, and a report of the one that comes with slablab. */
export async function benchDump({ smoke }: BenchOptions): Promise<BenchRow[]> {
  const vmcore = path.join(folder, 'x86_64-slub/vmcore')
  if (!existsSync(vmcore)) {
    return [{ task: 'a dump', ours: null, unit: 's', peer: 'crash, drgn', peers: null, note: `left out: no ${vmcore} (SLABLAB_EVIDENCE says where evidence lies)` }]
  }
  const dump: BenchDump = { name: 'x86_64-slub', vmcore, release: '6.1.0-50-cloud-amd64', cache: 'kmalloc-cg-32', address: '0xffff8e8981e79180' }
  const rows = [
    ...dumpRows(dump, smoke ? 1 : rounds, { open: 0.4, openTimes: 10, group: 0.4, groupTimes: 1, list: 8 }),
    ...await passRows(dump.vmcore, dump.name, smoke)
  ]
  const arm64 = path.join(folder, 'arm64-slab/vmcore')
  const { report } = measured({ report: slablab(['report', arm64, '--format', 'json'], /seq_operations/) }, smoke ? 1 : rounds)
  return [...rows, rowOf('report of arm64-slab', report, alone, null, 1.5)]
}

export interface Goals {
  /** Seconds for opening, and how many times faster than crash. */
  readonly open: number
  readonly openTimes: number
  readonly group: number
  readonly groupTimes: number
  /** How many times faster than drgn all objects are listed. */
  readonly list: number
}

/** Whole processes, ours and the peers' in turn. */
export function dumpRows({ name, vmcore, release, cache, address }: BenchDump, times: number, goals: Goals): BenchRow[] {
  const vmlinux = vmlinuxOf(release)
  const withDrgn = vmlinux !== null && hasDrgn()
  const ofCrash = (commands: string[], expected: RegExp): Program | null => (vmlinux === null ? null : crash(vmlinux, vmcore, commands, expected))
  const ofDrgn = (task: 'group' | 'list' | 'search', argument: string): Program | null => (withDrgn ? drgn(task, vmlinux, vmcore, argument, /\d+ (objects|references)/) : null)
  const cost = measured({
    open: library(openAll, vmcore, /symbols \d+ types/),
    openCrash: ofCrash([], /^/),
    caches: slablab(['caches', vmcore, '--format', 'csv'], new RegExp(`^${cache},`, 'm')),
    cachesCrash: ofCrash(['kmem -s'], new RegExp(`${cache}$`, 'm')),
    group: slablab(['signatures', vmcore, '--cache', cache, '--format', 'csv'], /seq_operations/),
    groupDrgn: ofDrgn('group', cache),
    list: library(listAll, vmcore, /objects/),
    listDrgn: ofDrgn('list', ''),
    groups: library(groupAll, vmcore, /groups/, '{ readAhead: true }'),
    everything: library(everything, vmcore, /unreachable/, '{ readAhead: true }'),
    references: slablab(['references', vmcore, address, '--format', 'csv'], /exact|interior/),
    referencesDrgn: ofDrgn('search', address),
    report: slablab(['report', vmcore, '--format', 'json'], /seq_operations/)
  }, times)
  const none = vmlinux === null ? `no vmlinux of ${release} to be had` : 'drgn is not installed'
  const of = (task: string, ours: Cost | null, peer: string, peers: Cost | null, limit?: number, times?: number): BenchRow =>
    rowOf(`${name}: ${task}`, ours, peer, peers, limit, `${times === undefined ? '' : `goal ${times}x; `}${peers === null && peer !== alone ? `${none}; ` : ''}`)
  return [
    of('open, all symbols, all types', cost.open, 'crash -s', cost.openCrash, goals.open, goals.openTimes),
    of('all caches with counts', cost.caches, 'crash kmem -s', cost.cachesCrash, undefined, goals.openTimes),
    of(`objects of ${cache} by what they hold`, cost.group, 'drgn', cost.groupDrgn, goals.group, goals.groupTimes),
    of('all objects of all caches with states', cost.list, 'drgn', cost.listDrgn, undefined, goals.list),
    of('the same, grouped', cost.groups, 'drgn, not grouped', cost.listDrgn),
    of('the same, and what nothing leads to', cost.everything, 'drgn, not even grouped', cost.listDrgn),
    of('references to one address', cost.references, 'drgn page scan', cost.referencesDrgn, undefined, 5),
    of('report, cold', cost.report, alone, null, 3)
  ]
}

/** A whole process: seconds of the clock, with its CPU time and memory beside them. */
export function rowOf(task: string, ours: Cost | null, peer: string, peers: Cost | null, limit?: number, note = ''): BenchRow {
  const cost = (one: Cost): string => `${one.cpuSeconds.toFixed(2)} CPU s, ${Math.round(one.peakMegabytes)} MB`
  const cpuRatio = ours === null || peers === null ? '' : `; ${(peers.cpuSeconds / ours.cpuSeconds).toFixed(1)}x by CPU`
  return {
    task, ours: ours?.seconds ?? null, unit: 's', peer, peers: peers?.seconds ?? null, ...(limit === undefined ? {} : { limit }),
    note: `${note}${ours === null ? '' : cost(ours)}${peers === null ? '' : ` against ${cost(peers)}`}${cpuRatio}`
  }
}

/** Decompression, scanning and marking by themselves, on one thread. */
export async function passRows(vmcore: string, name: string, smoke = false): Promise<BenchRow[]> {
  // Built as the library is: the loader that runs benches adds calls to every function.
  await build({ entryPoints: [path.join(import.meta.dirname, 'passChild.ts')], outfile: passChild, bundle: true, format: 'esm', platform: 'node', packages: 'external' })
  const { bytes, decompress, learn, scan, mark, objects, unreachable } = await new Promise<Pass>((resolve, reject) => {
    const child = fork(passChild, [vmcore, String(smoke ? 1 : passes)])
    child.once('message', (message) => resolve(message as Pass))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the pass ended with ${code}`)))
  })
  const rate = (seconds: number): number => bytes / 2 ** 30 / seconds
  const size = `${Math.round(bytes / 1e6)} MB, CPU time of the thread`
  return [
    { task: `${name}: decompress all pages`, ours: rate(decompress), unit: 'GiB/s', peer: '', peers: null, note: size },
    { task: `${name}: tell which words may refer`, ours: learn, unit: 's', peer: '', peers: null, note: 'page structures, stacks, where objects lie; CPU time' },
    { task: `${name}: scan their words for references`, ours: rate(scan), unit: 'GiB/s', peer: 'decompression', peers: rate(decompress), limit: 1, note: size },
    { task: `${name}: mark what is reached`, ours: objects / mark / 1e6, unit: 'M objects/s', peer: '', peers: null, note: `${unreachable} of ${objects} objects unreachable` },
    {
      task: `${name}: the whole pass against decompression alone`, ours: (decompress + learn + scan + mark) / decompress, unit: 'times', peer: '', peers: null,
      note: 'goal: at most 1.5 times'
    }
  ]
}
