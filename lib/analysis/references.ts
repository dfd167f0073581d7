import type { ColumnTable } from 'arquero'
import { MissingSymbolError, UsageError } from '../errors.js'
import { scanPages, type ScanPagesOptions } from '../memory/scanPages.js'
import { ALLOCATED } from '../slab/model.js'
import type { System } from '../system/system.js'
import { AddressColumn, describedTable } from '../table/columns.js'
import { hex } from '../util/hex.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { addressesOf, type ObjectList } from './objectAddresses.js'
import { objectHolding, readLiveWords, readReferences } from './reference/readReferences.js'
import { ByteCount, DEAD } from './reference/liveWords.js'
import type { ObjectIndex } from './reference/objectIndex.js'
import { rangeSearch } from './reference/pageSearch.js'
import { referringMember } from './referringMember.js'
import { TargetRanges, type TargetRange } from './reference/targetRanges.js'
import { WordPlaces } from './reference/wordPlaces.js'

export interface ReferencesOptions extends ScanPagesOptions {
  /** References kept for one target; how many there were in all is said by a warning. 1,000. */
  readonly limit?: number
  /**
   * Whether to say what lies in objects of caches of anything (kmalloc) that refer to a target. Where there are such, all objects of the machine are
   * typed for it, once, which takes longer than to find the references; `false` leaves type and member of them null. True.
   */
  readonly types?: boolean
}

/** How a word names its target: its first byte, a byte inside of it, or its first byte with a tag in the lowest or highest bits. */
export type ReferenceKind = 'exact' | 'interior' | 'tagged'

/** Low bits that the kernel uses for tags: red-black trees, XArrays, bit-locked lists. */
const TAG_BITS = 7n
const DEFAULT_LIMIT = 1000

/** A word that names a target. */
interface Found {
  readonly target: number
  readonly value: bigint
  /** The object it lies in, or -1. */
  readonly object: number
  /** Of the word. */
  readonly physical: number
}

const places = new WeakMap<System, WordPlaces>()

/**
 * Who points here: every word of kernel memory and of allocated objects that holds one of the addresses, or points into the object that
 * lies there. Columns target, from (address of the word), kind (exact, interior or tagged), cache, type and member of the object
 * that holds the word, and symbol: where a word outside of slabs lies (`init_net+0x7c0`, `stack of sh (pid 71)`).
 * All targets take one pass. What is no reference to {@link readReferences} is none here.
 *
 * @param targets addresses, or a table with an `address` column
 * @throws MissingSymbolError for evidence that is no dump; UsageError for what is no address
 * @example (await references(dump, '0xffff8e89812d1ec0')).objects()
 */
export async function references(
  evidence: MachineEvidence, targets: string | bigint | ObjectList, options: ReferencesOptions = {}
): Promise<ColumnTable> {
  const system = systemOf(evidence)
  const { kernel } = system
  if (kernel === undefined) throw new MissingSymbolError('the machine\'s memory', 'references are looked for in all of it')
  const addresses = addressesOf(typeof targets === 'string' || typeof targets === 'bigint' ? [targets] : targets)
  if (addresses.length === 0) throw new UsageError('expected an address')
  const live = readLiveWords(system)
  const { index } = live
  const ranges = [...addresses].map((address) => rangeOf(index, address))
  const found: Found[] = []
  const counts = new Uint32Array(ranges.length)
  const limit = options.limit ?? DEFAULT_LIMIT
  const wanted = new TargetRanges(ranges)
  const search = rangeSearch(wanted.around, index.tagged)
  const bytes = new ByteCount()
  const take = (frame: number, word: number): void => {
    for (const target of wanted.holding(live.words[word], index.untagged(live.words[word + 1]))) {
      const object = live.ownerOf(word)
      if (object === DEAD || (object >= 0 && ranges[target].start === index.objects.address[object]) || counts[target]++ >= limit) continue
      const value = (BigInt(live.words[word + 1]) << 32n) | BigInt(live.words[word])
      found.push({ target, value, object, physical: frame * kernel.pageBytes + word * 4 })
    }
  }
  await scanPages(kernel.physical, (frame, page) => {
    const found = search.find(page)
    if (found === 0 || !live.enter(frame, page, bytes)) return
    for (let i = 0; i < found; i++) take(frame, search.words[i])
  }, { ...options, skip: (frame) => live.skips(frame, bytes) })
  counts.forEach((count, target) => {
    if (count > limit) system.warnings.add(`${hex(addresses[target])}: ${count} references, the first ${limit} are listed`)
  })
  found.sort((a, b) => a.target - b.target || a.physical - b.physical)
  return tableOf(system, index, addresses, ranges, found, options.types !== false)
}

/** The payload of the object that lies at an address, else the address alone. */
function rangeOf(index: ObjectIndex, address: bigint): TargetRange {
  const object = objectHolding(index, address)
  if (object < 0) return { start: address, end: address + 1n }
  const start = index.objects.address[object]
  return { start, end: start + BigInt(index.payloadBytes(object)) }
}

function kindOf(value: bigint, start: bigint): ReferenceKind {
  if (value === start) return 'exact'
  const untagged = (value | (0xffn << 56n)) & ~TAG_BITS
  return untagged === start ? 'tagged' : 'interior'
}

function tableOf(system: System, index: ObjectIndex, addresses: BigUint64Array, ranges: readonly TargetRange[], found: readonly Found[], isTyped: boolean): ColumnTable {
  const wordPlaces = placesOf(system, index)
  const rows = found.map(({ target, value, object, physical }) => {
    const kind = kindOf(value, ranges[target].start)
    if (object >= 0) {
      const cache = index.objects.caches[index.objects.cache[object]].name
      const offset = physical - index.physicalOfObject(object)
      const from = index.objects.address[object] + BigInt(offset)
      return { from, kind, cache, ...referringMember(system, index, object, offset, value, objectHolding(index, value), isTyped), symbol: null }
    }
    const place = wordPlaces.at(physical)
    return { from: place.address, kind, cache: null, type: null, member: null, symbol: place.text ?? (place.kind === 'page' ? 'kernel page' : place.kind) }
  })
  return describedTable({
    target: new AddressColumn(BigUint64Array.from(found, ({ target }) => addresses[target])),
    from: new AddressColumn(BigUint64Array.from(rows, ({ from }) => from)),
    kind: rows.map(({ kind }) => kind),
    cache: rows.map(({ cache }) => cache),
    type: rows.map(({ type }) => type),
    member: rows.map(({ member }) => member),
    symbol: rows.map(({ symbol }) => symbol)
  })
}

/** Names of places in a dump's memory; made once. */
export function placesOf(system: System, index: ObjectIndex): WordPlaces {
  let made = places.get(system)
  if (made === undefined) places.set(system, (made = new WordPlaces(system.kernel!, index.objects)))
  return made
}

/** Chains of references that lead from the roots to an object, the shortest first: why is it alive? */
export interface ReferenceChain {
  /** Where the chain starts: a place outside of slabs. */
  readonly root: { readonly address: bigint; readonly text: string }
  /** Objects from the one the root names to the target. */
  readonly objects: readonly { readonly address: bigint; readonly cache: string }[]
}

/**
 * The shortest chain of references from the roots to an object; undefined where none leads to it.
 *
 * @example (await chainTo(dump, '0xffff8e8981e79180'))?.root.text // 'testmod_live_sessions+0x0 [testmod]'
 */
export async function chainTo(evidence: MachineEvidence, address: string | bigint, options: ScanPagesOptions = {}): Promise<ReferenceChain | undefined> {
  const system = systemOf(evidence)
  const graph = await readReferences(system, options)
  const { index } = graph
  const target = objectHolding(index, addressesOf([address])[0])
  if (target < 0 || index.objects.state[target] !== ALLOCATED) return undefined
  const rootOf = new Map<number, number>()
  graph.rootTarget.forEach((object, i) => {
    if (!rootOf.has(object)) rootOf.set(object, i)
  })
  // Backwards from the target, so that only what leads to it is looked at.
  const next = new Map<number, number>([[target, -1]])
  const { first, other } = graph.referrers()
  for (const work = [target]; work.length > 0;) {
    const round = work.splice(0)
    for (const object of round) {
      const root = rootOf.get(object)
      if (root !== undefined) {
        const place = placesOf(system, index).at(graph.rootWord[root])
        const objects = []
        for (let at = object; at >= 0; at = next.get(at)!) {
          objects.push({ address: index.objects.address[at], cache: index.objects.caches[index.objects.cache[at]].name })
        }
        return { root: { address: place.address, text: place.text ?? 'kernel page' }, objects }
      }
      for (let edge = first[object]; edge < first[object + 1]; edge++) {
        if (next.has(other[edge])) continue
        next.set(other[edge], object)
        work.push(other[edge])
      }
    }
  }
  return undefined
}
