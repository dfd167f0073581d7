import type { ColumnTable } from 'arquero'
import type { ScanPagesOptions } from '../memory/scanPages.js'
import { ALLOCATED, type SlabObjects } from '../slab/model.js'
import type { System } from '../system/system.js'
import { AddressColumn, describedTable, NamedColumn } from '../table/columns.js'
import { formatBytes, formatCount } from '../util/units.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { adjacency, markReachable, spread, type Adjacency } from './reference/markReachable.js'
import { readReferences } from './reference/readReferences.js'
import type { ScannedBytes } from './reference/liveWords.js'
import type { ReferenceGraph } from './reference/referenceGraph.js'

export type ReachabilityOptions = ScanPagesOptions

/** What may be said of an allocated object. */
export const UNREACHABLE = 0
export const REACHABLE = 1
export const UNDECIDED = 2

/** More than this share of the allocated bytes missing from the dump, and nothing can be called unreachable. */
const MOST_MISSING = 0.1

/** What a pass over the whole dump says of every object. */
export interface Reachability {
  readonly objects: SlabObjects
  /** Of each object: {@link UNREACHABLE}, {@link REACHABLE} or {@link UNDECIDED}; of objects that are not allocated, UNDECIDED. */
  readonly reached: Uint8Array
  readonly graph: ReferenceGraph
  /** References from objects to others. */
  readonly references: Adjacency
  readonly bytes: ScannedBytes
  /** What the dump lacks that could hold references, in words: empty where it lacks nothing. */
  readonly doubts: readonly string[]
}

/** Objects and bytes that live by some objects alone. */
export interface Retained {
  readonly objects: number
  readonly bytes: number
}

const results = new WeakMap<System, Promise<Reachability>>()

/**
 * Mark and sweep over a whole dump, as kmemleak does it on a live kernel (mm/kmemleak.c): which allocated objects does a chain of
 * references lead to from the kernel's own memory? Roots are all kernel pages that are no slab: data of kernel and modules, per-CPU
 * areas, live stacks, vmalloc areas, large kmalloc. An object refers to another if a word of its payload points anywhere into the
 * other's. Free and cached objects hold nothing; what was left out is listed in `bytes.excluded`.
 *
 * @throws MissingSymbolError for evidence that is no dump; the signal's reason where it was aborted
 * @example
 * const { objects, reached } = await findReachable(dump)
 */
export async function findReachable(evidence: MachineEvidence, options: ReachabilityOptions = {}): Promise<Reachability> {
  const system = systemOf(evidence)
  let made = results.get(system)
  if (made === undefined) {
    made = sweep(system, options)
    results.set(system, made)
    made.catch(() => results.delete(system))
  }
  return made
}

async function sweep(system: System, options: ReachabilityOptions): Promise<Reachability> {
  const graph = await readReferences(system, options)
  const { objects } = graph.index
  const references = adjacency(objects.length, graph.from, graph.to)
  const reached = markReachable(graph, references)
  const { doubts, decisive } = whatIsMissing(system, graph)
  leaveUndecided(reached, objects.state, decisive)
  return { objects, reached, graph, references, bytes: graph.bytes, doubts }
}

/** What is not allocated is neither reached nor lost; where too much is missing, what was not reached is not lost either. */
function leaveUndecided(reached: Uint8Array, state: Uint8Array, decisive: boolean): void {
  for (let i = 0; i < state.length; i++) if (state[i] !== ALLOCATED || (decisive && reached[i] === UNREACHABLE)) reached[i] = UNDECIDED
}

/** What could hold references and was not read; decisive where it is too much for anything to be called unreachable. */
function whatIsMissing(system: System, graph: ReferenceGraph): { doubts: string[]; decisive: boolean } {
  const { index, unread } = graph
  const incomplete = system.incomplete ?? []
  if (incomplete.length === 0 && !unread.includes(1)) return { doubts: [], decisive: false }
  let missing = 0
  let missingBytes = 0
  let allocatedBytes = 0
  for (let i = 0; i < unread.length; i++) {
    if (index.objects.state[i] !== ALLOCATED && unread[i] === 0) continue
    const bytes = index.payloadBytes(i)
    allocatedBytes += bytes
    if (unread[i] === 0) continue
    missing++
    missingBytes += bytes
  }
  const doubts: string[] = []
  if (missing > 0) {
    doubts.push(`${formatCount(missing)} objects (${formatBytes(missingBytes)} of ${formatBytes(allocatedBytes)}) that are or may be in use lie in pages that the dump lacks: what they refer to was not seen`)
  }
  doubts.push(...incomplete.map((reason) => `the dump is not whole (${reason}): what refers to an object may be in the missing part`))
  return { doubts, decisive: incomplete.length > 0 || missingBytes > MOST_MISSING * allocatedBytes }
}

/**
 * Every allocated object with whether anything leads to it: columns address, cache, reachable (true, false or `unknown`) and rank.
 *
 * @throws as {@link findReachable}
 * @example (await reachability(dump)).filter(d => d.reachable === false).groupby('cache').count()
 */
export async function reachability(evidence: MachineEvidence, options: ReachabilityOptions = {}): Promise<ColumnTable> {
  const { objects, reached } = await findReachable(evidence, options)
  let rows = 0
  for (const state of objects.state) if (state === ALLOCATED) rows++
  const address = new BigUint64Array(rows)
  const cache = new Uint32Array(rows)
  const reachable = new Uint8Array(rows)
  for (let i = 0, row = 0; i < objects.length; i++) {
    if (objects.state[i] !== ALLOCATED) continue
    address[row] = objects.address[i]
    cache[row] = objects.cache[i]
    reachable[row++] = reached[i]
  }
  return describedTable({
    address: new AddressColumn(address),
    cache: new NamedColumn(objects.caches.map(({ name }) => name), cache),
    reachable: new NamedColumn<boolean | string>([false, true, 'unknown'], reachable),
    rank: Uint32Array.from({ length: rows }, (_, row) => row)
  })
}

/**
 * What lives by the given objects alone, they included: with them freed, all of that could be.
 *
 * @param members positions in `objects`
 */
export function retainedBy({ graph, references, reached, objects }: Reachability, members: readonly number[] | Uint32Array): Retained {
  // What is lost anyway holds nothing up: without it the roots reach what they reach with it.
  const others = members.every((object) => reached[object] === UNREACHABLE) ? reached : markReachable(graph, references, without(objects, members))
  const retained = new Uint8Array(objects.length)
  // What the roots reach by other ways is no part of it, nor is anything behind that.
  spread(references, members, retained, others)
  let count = 0
  let bytes = 0
  for (let i = 0; i < retained.length; i++) {
    if (retained[i] === 0 || objects.state[i] !== ALLOCATED) continue
    count++
    bytes += slotBytesOf(objects, i)
  }
  return { objects: count, bytes }
}

function without(objects: SlabObjects, members: Iterable<number>): Uint8Array {
  const marks = new Uint8Array(objects.length)
  for (const object of members) marks[object] = 1
  return marks
}

function slotBytesOf({ caches, cache }: SlabObjects, object: number): number {
  const { slotBytes, objectBytes } = caches[cache[object]]
  return slotBytes ?? objectBytes ?? 0
}
