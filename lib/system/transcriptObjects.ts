import type { Memory } from '../memory/memory.js'
import { slabLists, type CrashTranscript } from '../source/crash/crashTranscript.js'
import { ALLOCATED, CACHED, FREE, NO_INDEX, objectStates, UNKNOWN, type SlabCache, type SlabObjects } from '../slab/model.js'
import { Growing } from '../util/growing.js'
import { hex } from '../util/hex.js'
import { sortedOrder } from '../util/sortedOrder.js'
import { formatCount } from '../util/units.js'
import type { Warnings } from '../warnings.js'
import { describeDisagreement, type Disagreement } from './disagreement.js'
import { leftRedZone } from './redZone.js'
import { holdsMoreThanObject, largestSlabBytes } from './slotDistance.js'
import { placeText } from './transcriptCaches.js'

/** crash's words for an object's state, in the order of `shownStates`. */
const states = Uint8Array.of(ALLOCATED, FREE, CACHED, CACHED)
/** So many objects whose statements differ are named; all are counted. */
const namedDisagreements = 100

/** Objects as stated, several of them perhaps the same one. */
interface Statements {
  readonly address: BigUint64Array
  readonly state: Uint8Array
  /** Index into the slab rows; NO_INDEX where unknown. */
  readonly slab: Uint32Array
}

/**
 * Objects that a transcript lists, each once, in address order and by payload address. Where a slab is listed without its objects (crash
 * shows those of SLUB's partial and full lists as rows only), its objects stand for themselves as far as the row tells: all allocated, all
 * free, or unknown.
 *
 * @param cacheOf the cache of each listing; NO_INDEX where unknown
 */
export function transcriptObjects(
  transcript: CrashTranscript, caches: readonly SlabCache[], cacheOf: Uint32Array, memory: Memory, warnings: Warnings
): { objects: SlabObjects; disagreements: Disagreement[] } {
  const stated = withRowOnlySlabs(transcript, caches, cacheOf, warnings)
  const slabCache = (slab: number): number => (slab === NO_INDEX ? NO_INDEX : cacheOf[transcript.slabs.listing[slab]])
  shiftToPayload(transcript, stated, caches, slabCache, memory, warnings)
  return settled(transcript, stated, caches, slabCache, warnings)
}

/** The listed objects, and after them those of slabs whose row alone is shown. */
function withRowOnlySlabs(transcript: CrashTranscript, caches: readonly SlabCache[], cacheOf: Uint32Array, warnings: Warnings): Statements {
  const { slabs, objects, listings } = transcript
  const listed = new Uint32Array(slabs.page.length)
  for (const slab of objects.slab) if (slab !== NO_INDEX) listed[slab]++
  const rowOnly: number[] = []
  const untold = new Map<string, number>()
  let extra = 0
  for (let slab = 0; slab < listed.length; slab++) {
    const total = slabs.total[slab]
    if (listed[slab] > 0) {
      const list = slabLists[slabs.list[slab]]
      // `kmem -S ADDRESS` lists the one object that was asked for.
      if (listed[slab] !== total && !(list === 'single' && listed[slab] === 1)) {
        warnings.add(`slab ${hex(slabs.memory[slab])}: ${formatCount(listed[slab])} objects are listed of ${formatCount(total)} in it`)
      }
      continue
    }
    const cache = caches[cacheOf[slabs.listing[slab]]]
    if (total === 0 || listings[slabs.listing[slab]].allocator !== 'slub') continue
    const slotBytes = cache?.slotBytes ?? null
    // Rows cannot promise more objects than fit.
    if (slotBytes === null || total * slotBytes > Math.min(cache.slabBytes ?? largestSlabBytes, largestSlabBytes)) untold.set(cache?.name ?? '?', (untold.get(cache?.name ?? '?') ?? 0) + 1)
    else {
      rowOnly.push(slab)
      extra += total
    }
  }
  for (const [name, count] of untold) warnings.add(`${name}: ${formatCount(count)} slabs are shown as rows only, and how far their objects lie apart is not known`)
  const count = objects.address.length + extra
  const address = new BigUint64Array(count)
  const state = new Uint8Array(count)
  const slabOf = new Uint32Array(count)
  address.set(objects.address)
  state.set(objects.state.map((shown) => states[shown]))
  slabOf.set(objects.slab)
  let next = objects.address.length
  for (const slab of rowOnly) {
    const slotBytes = BigInt(caches[cacheOf[slabs.listing[slab]]].slotBytes!)
    const kind = slabs.allocated[slab] === slabs.total[slab] ? ALLOCATED : slabs.allocated[slab] === 0 ? FREE : UNKNOWN
    for (let i = 0; i < slabs.total[slab]; i++, next++) {
      address[next] = slabs.memory[slab] + BigInt(i) * slotBytes
      state[next] = kind
      slabOf[next] = slab
    }
  }
  return { address, state, slab: slabOf }
}

/** With red zones, crash prints where the slot starts (`set redzone on`, its default) or where the payload does: both become the payload. */
function shiftToPayload(
  transcript: CrashTranscript, stated: Statements, caches: readonly SlabCache[], slabCache: (slab: number) => number, memory: Memory,
  warnings: Warnings
): void {
  const { slabs, listings } = transcript
  const ofCache = new Map<number, Growing<Uint32Array>>()
  for (let i = 0; i < stated.address.length; i++) {
    const cache = slabCache(stated.slab[i])
    if (cache === NO_INDEX || listings[slabs.listing[stated.slab[i]]].allocator !== 'slub') continue
    if (!ofCache.has(cache)) ofCache.set(cache, new Growing(Uint32Array))
    ofCache.get(cache)!.push(i)
  }
  for (const [index, members] of ofCache) {
    const { name, slotBytes, objectBytes } = caches[index]
    if (slotBytes === null || objectBytes === null || slotBytes - objectBytes < 8) continue
    const distance = BigInt(slotBytes)
    const intoSlot = (i: number): bigint => BigInt.asUintN(64, stated.address[i] - slabs.memory[stated.slab[i]]) % distance
    const slots = BigUint64Array.from(members.taken(), (i) => stated.address[i] - intoSlot(i)).sort()
    const zone = leftRedZone(memory, slots, slotBytes, objectBytes)
    if (zone === null && holdsMoreThanObject(slotBytes, objectBytes)) {
      warnings.add(`${name}: objects of ${objectBytes} bytes lie ${slotBytes} bytes apart, as with slub_debug; where a red zone lies before ` +
        'each, the addresses shown are those of the zones: rd one of them to settle it')
    }
    if (zone === null || zone === 0) continue
    for (const i of members.taken()) if (intoSlot(i) === 0n) stated.address[i] += BigInt(zone)
  }
}

/** Puts statements into address order and makes one object of all that speak of the same address. */
function settled(
  transcript: CrashTranscript, stated: Statements, caches: readonly SlabCache[], slabCache: (slab: number) => number, warnings: Warnings
): { objects: SlabObjects; disagreements: Disagreement[] } {
  const order = sortedOrder(stated.address)
  const count = order.length
  // Halves, for a bigint apiece would take longer than everything else.
  const halves = new Uint32Array(stated.address.buffer, stated.address.byteOffset, stated.address.length * 2)
  const isSame = (a: number, b: number): boolean => halves[a * 2] === halves[b * 2] && halves[a * 2 + 1] === halves[b * 2 + 1]
  const address = new BigUint64Array(count)
  const state = new Uint8Array(count)
  const cache = new Uint32Array(count)
  const slab = new Uint32Array(count)
  const slabsUsed = slabStarts(transcript, caches, slabCache)
  const disagreements: Disagreement[] = []
  let repeated = 0
  let differing = 0
  let outside = 0
  let length = 0
  for (let i = 0; i < count;) {
    let after = i + 1
    while (after < count && isSame(order[after], order[i])) after++
    const group = order.subarray(i, after)
    const last = group[group.length - 1]
    i = after
    address[length] = stated.address[last]
    cache[length] = slabCache(stated.slab[last])
    state[length] = stated.state[last]
    slab[length] = slabsUsed.holds(stated.slab[last], halves[last * 2 + 1], halves[last * 2]) ? slabsUsed.index[stated.slab[last]] : NO_INDEX
    if (slab[length] === NO_INDEX && stated.slab[last] !== NO_INDEX) outside++
    if (group.length > 1) {
      repeated += group.length - 1
      const differ = group.some((statement) => stated.state[statement] !== stated.state[last])
      if (differ) {
        differing++
        if (disagreements.length < namedDisagreements) disagreements.push(stateDisagreement(transcript, stated, group))
        // In one listing nothing says which of the two holds; a later listing is a later look.
        const listing = listingOf(transcript, stated.slab[last])
        const same = (statement: number): boolean => listingOf(transcript, stated.slab[statement]) === listing
        if (group.some((statement) => same(statement) && stated.state[statement] !== stated.state[last])) state[length] = UNKNOWN
      }
    }
    length++
  }
  for (const disagreement of disagreements) warnings.add(describeDisagreement(disagreement))
  if (differing > disagreements.length) warnings.add(`${formatCount(differing - disagreements.length)} further objects are stated twice, differently`)
  if (outside > 0) warnings.add(`${formatCount(outside)} objects lie outside of the slab they are listed in`)
  if (repeated > differing) warnings.add(`${formatCount(repeated)} objects are listed more than once, and count once`)
  const objects = {
    length, caches, address: address.subarray(0, length), cache: cache.subarray(0, length), slabs: slabsUsed.starts,
    slab: slab.subarray(0, length), state: state.subarray(0, length), queued: new Uint8Array(length)
  }
  return { objects, disagreements }
}

function listingOf(transcript: CrashTranscript, slab: number): number {
  return slab === NO_INDEX ? NO_INDEX : transcript.slabs.listing[slab]
}

function stateDisagreement(transcript: CrashTranscript, stated: Statements, group: Uint32Array): Disagreement {
  const place = (slab: number): string => {
    const listing = transcript.listings[listingOf(transcript, slab)]
    return listing === undefined ? '?' : placeText({ file: listing.place.file, line: transcript.slabs.line[slab] })
  }
  return {
    subject: `object ${hex(stated.address[group[0]])}`,
    statements: Array.from(group, (statement) => ({ value: objectStates[stated.state[statement]], place: place(stated.slab[statement]) }))
  }
}

/** First bytes of the slabs, each once, and for each slab row its index. SLAB's MEMORY is its first object; slabs are aligned to their size. */
function slabStarts(
  transcript: CrashTranscript, caches: readonly SlabCache[], slabCache: (slab: number) => number
): { starts: BigUint64Array; index: Uint32Array; holds: (slab: number, high: number, low: number) => boolean } {
  const { memory } = transcript.slabs
  const known = new Map<bigint, number>()
  const bytes = Float64Array.from(memory, (_, slab) => caches[slabCache(slab)]?.slabBytes ?? 0)
  const index = Uint32Array.from(memory, (first, slab) => {
    const mask = BigInt(bytes[slab] - 1)
    const start = bytes[slab] > 0 && (BigInt(bytes[slab]) & mask) === 0n ? first & ~mask : first
    const position = known.get(start) ?? known.size
    known.set(start, position)
    return position
  })
  const starts = BigUint64Array.from(known.keys())
  const halves = new Uint32Array(starts.buffer)
  return {
    starts, index,
    holds: (slab, high, low) => {
      if (slab === NO_INDEX) return false
      const at = index[slab] * 2
      const offset = (high - halves[at + 1]) * 2 ** 32 + (low - halves[at])
      return offset >= 0 && (bytes[slab] === 0 || offset < bytes[slab])
    }
  }
}
