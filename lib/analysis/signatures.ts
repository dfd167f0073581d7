import type { ColumnTable } from 'arquero'
import { ALLOCATED, UNKNOWN, type SlabCache } from '../slab/model.js'
import type { System } from '../system/system.js'
import { describedTable } from '../table/columns.js'
import { Growing } from '../util/growing.js'
import { hex } from '../util/hex.js'
import { addressRegions } from './addressRegions.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { kmallocSize, leastObjectBytes } from './kmallocFamily.js'
import { typeOfGroup, type TypeGuess } from './knownTypes.js'
import { objectsByCache, type CacheObjects, type ObjectList } from './objectAddresses.js'
import { distinctSorted } from './objectReader.js'
import { pointedCache } from './pointedCache.js'
import { elfRemnants } from './remnants.js'
import { signaturesOf, type SignatureGroup, type SignatureWord, type Signatures } from './signature.js'
import type { WordClass } from './wordClass.js'
import { unlistedObjects } from './unlistedObjects.js'
import { WordEncoder } from './wordEncoder.js'

/** A word of a group as results show it. Values and bounds are 16 hexadecimal digits, whatever they mean. */
export interface SignatureWordRow {
  /** Bytes from the start of the object. */
  readonly offset: number
  /** 8, or 4 for a half on which the objects agree while they differ in the other; 4 on a 32-bit machine. */
  readonly bytes: number
  readonly class: WordClass
  /** What (nearly) all objects hold here; for a pointer to the object itself the offset in it; null where it varies. */
  readonly value: string | null
  readonly symbol: string | null
  readonly module: string | null
  /** The cache that pointers to slab objects point into, where it is one. */
  readonly cache: string | null
  /** Part of the objects that agree. */
  readonly share: number
  readonly low: string | null
  readonly high: string | null
  /** Objects whose word the evidence does not hold. */
  readonly missing: number
}

/** A group with all that is known of it. */
export interface DescribedGroup {
  readonly cache: SlabCache | null
  readonly group: SignatureGroup
  readonly signatures: Signatures
  readonly type: TypeGuess | null
  /** Bytes that belong to the object, and how that is known. */
  readonly reach: { readonly bytes: number; readonly basis: string }
  /** The words within the reach. */
  readonly words: readonly SignatureWordRow[]
}

export interface SignaturesOptions {
  /** Only this cache, or these, where no objects are given. */
  readonly cache?: string | readonly string[]
  /** Bytes of each object to look at, at most (default 1024; 256 in caches of one type): large objects are told apart by their beginning. */
  readonly bytes?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, objects: number) => void
}

const defaultBytes = 1024
/** A cache of one type holds that type; what is looked at tells its variants apart. */
const defaultBytesOfOneType = 256
/** An address so far behind a symbol is hardly part of it: the symbols between are not in the evidence. */
const farFromSymbol = 0x10000
/** Bytes of an object whose cache is unknown. */
const unknownBytes = 64

/**
 * Groups objects by what they hold. Columns: cache, objects, share (of the objects of the cache that could be read), bytes (of their slots),
 * words, example, type, typeBasis, reach, reachBasis, readObjects, askedObjects.
 *
 * `objects` is any table with an `address` column, or a list of addresses; without it, all allocated objects. Order and repetition do not
 * change the result. Objects that the evidence does not hold are counted in `askedObjects` and are in no group.
 *
 * @example signatures(dump, (await dump.objects('kmalloc-128')).filter((d) => d.state === 'allocated')).objects()
 */
export function signatures(evidence: MachineEvidence, objects?: ObjectList, options: SignaturesOptions = {}): ColumnTable {
  return signaturesTable(describeSignatures(evidence, objects, options))
}

/** The same as {@link signatures}, as groups that know their objects: for analyses that go on from there. */
export function describeSignatures(evidence: MachineEvidence, objects?: ObjectList, options: SignaturesOptions = {}): readonly DescribedGroup[] {
  const system = systemOf(evidence)
  if (objects !== undefined || options.cache !== undefined || options.bytes !== undefined) return describe(system, objects, options)
  // Several analyses go on from the groups of the whole machine.
  let found = kept.get(system)
  if (found === undefined) kept.set(system, (found = describe(system, undefined, options)))
  return found
}

const kept = new WeakMap<System, readonly DescribedGroup[]>()

function describe(system: System, objects: ObjectList | undefined, options: SignaturesOptions): DescribedGroup[] {
  const listed: CacheObjects[] = objects === undefined ? allocatedByCache(system, options.cache) : objectsByCache(system, objects)
  // What a dump itself lists ascends.
  const parts = objects === undefined && system.kind === 'dump' ? listed : listed.map((part) => ({ ...part, addresses: distinctSorted(part.addresses) }))
  const anchors = bounds(parts)
  const regions = addressRegions(system, anchors)
  return parts.flatMap((part) => describeCache(system, part, regions, options))
    .sort((a, b) => b.group.objects - a.group.objects || (a.group.example < b.group.example ? -1 : 1))
}

/** Groups as the table of {@link signatures}. */
export function signaturesTable(groups: readonly DescribedGroup[]): ColumnTable {
  return describedTable({
    cache: groups.map(({ cache }) => cache?.name ?? null),
    objects: groups.map(({ group }) => group.objects),
    share: groups.map(({ group, signatures: all }) => group.objects / all.readObjects),
    bytes: groups.map(({ group, cache }) => (cache?.slotBytes == null ? null : group.objects * cache.slotBytes)),
    words: groups.map(({ words }) => words),
    example: groups.map(({ group }) => hex(group.example)),
    type: groups.map(({ type }) => type?.type ?? null),
    typeBasis: groups.map(({ type }) => type?.basis ?? null),
    reach: groups.map(({ reach }) => reach.bytes),
    reachBasis: groups.map(({ reach }) => reach.basis),
    readObjects: groups.map(({ signatures: all }) => all.readObjects),
    askedObjects: groups.map(({ signatures: all }) => all.objects)
  })
}

function describeCache(
  system: System, { cache, addresses, objectBytes }: CacheObjects, regions: ReturnType<typeof addressRegions>, options: SignaturesOptions
): DescribedGroup[] {
  const { memory } = system
  const payload = objectBytes ?? cache?.objectBytes ?? cache?.slotBytes ?? unknownBytes
  const isOneType = cache !== null && kmallocSize(cache.name) === undefined
  const least = cache === null ? null : leastObjectBytes(cache, system.caches(), system.kind === 'dump')
  const found = signaturesOf(memory, new WordEncoder(regions, system.symbols, memory.pointerBytes, memory.littleEndian), addresses, {
    objectBytes: Math.min(payload, options.bytes ?? (isOneType ? defaultBytesOfOneType : defaultBytes)),
    ...(least === null ? {} : { leastBytes: least }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress })
  })
  const pointed = pointedCache(system)
  return found.groups.map((group) => new GroupOfCache(system, cache, group, found, least, pointed))
}

/** What is known of a group, found out when somebody asks. */
class GroupOfCache implements DescribedGroup {
  #type: TypeGuess | null | undefined
  #words: readonly SignatureWordRow[] | undefined

  constructor(
    readonly system: System, readonly cache: SlabCache | null, readonly group: SignatureGroup, readonly signatures: Signatures,
    readonly least: number | null, readonly pointed: ReturnType<typeof pointedCache>
  ) {}

  get type(): TypeGuess | null {
    return (this.#type ??= typeOfGroup(this.system, this.group, this.#addresses) ?? null)
  }

  /** Takes a type that another analysis found. */
  settle(type: TypeGuess): void {
    this.#type = type
    this.#words = undefined
  }

  get reach(): { readonly bytes: number; readonly basis: string } {
    return reachOf(this.group, this.type, this.least, this.cache !== null && kmallocSize(this.cache.name) === undefined)
  }

  get words(): readonly SignatureWordRow[] {
    const { bytes } = this.reach
    return (this.#words ??= this.group.words.filter(({ offset }) => offset < bytes).map((word) => wordRow(word, this.pointed(word, this.#addresses))))
  }

  readonly #addresses = (): BigUint64Array => this.signatures.addressesOf(this.group)
}

/** Gives a group the type that an analysis of the machine's types found: its reach and words follow from it. */
export function settleType(group: DescribedGroup, type: TypeGuess): void {
  if (group instanceof GroupOfCache) group.settle(type)
}

/** How far the object reaches into its slot: by its type; else by what its words say. */
function reachOf(group: SignatureGroup, type: TypeGuess | null, least: number | null, isOneType: boolean): { bytes: number; basis: string } {
  const remnants = elfRemnants(group.words)
  const boundary = remnants.find((remnant) => remnant.boundary !== null)
  const beyond = remnants.length === 0 ? '' : `; behind: ${remnants.map(({ text }) => text).join(', ')}`
  if (type?.bytes != null) {
    const agrees = boundary?.boundary === type.bytes ? `; ${boundary.text}, agrees` : beyond
    return { bytes: type.bytes, basis: `struct ${type.type} has ${type.bytes} bytes${agrees}` }
  }
  if (boundary?.boundary != null && boundary.boundary >= (least ?? 0)) return { bytes: boundary.boundary, basis: boundary.text }
  if (!group.reach.sure) {
    const last = group.words.findLast((word) => word.class !== 'zero' && word.class !== 'missing')
    const bytes = Math.max(least ?? 0, last === undefined ? 0 : last.offset + last.bytes)
    return { bytes, basis: `to the last word that is not zero: ${group.objects === 1 ? 'one object does' : `${group.objects} objects do`} not tell contents from remains${beyond}` }
  }
  if (isOneType && least !== null) return { bytes: least, basis: `objects of this cache have ${least} bytes` }
  if (least !== null && group.reach.bytes <= least) return { bytes: Math.max(group.reach.bytes, least), basis: 'the smallest object that this cache takes' }
  return { bytes: group.reach.bytes, basis: `behind it, the ${group.objects} objects no longer agree${beyond}` }
}

function wordRow(word: SignatureWord, pointed: { class: WordClass; cache: string | null }): SignatureWordRow {
  const { offset, bytes, value, share, low, high, missing } = word
  const symbol = word.symbol !== null && word.symbol.offset < farFromSymbol ? word.symbol : null
  return {
    // A stand-in's value is not the machine's.
    offset, bytes, class: pointed.class, value: value === null || symbol?.standIn ? null : hex(value), symbol: symbol === null ? null : symbolText(symbol),
    module: symbol?.module ?? null, cache: pointed.cache, share, low: low === null ? null : hex(low), high: high === null ? null : hex(high), missing
  }
}

/**
 * A symbol and how far in: the offset stands only where it is not 0.
 *
 * @example symbolText({ name: 'single_start', offset: 0 }) // 'single_start'
 */
export function symbolText({ name, offset }: { readonly name: string; readonly offset: number }): string {
  return offset === 0 ? name : `${name}+0x${offset.toString(16)}`
}

/** Allocated objects; of a session also those whose state it does not show, and those it read without listing them. */
function allocatedByCache(system: System, cache: string | readonly string[] | undefined): CacheObjects[] {
  const objects = system.objects(cache === undefined ? undefined : typeof cache === 'string' ? [cache] : cache)
  const counts = new Uint32Array(objects.caches.length + 1)
  const wanted = (i: number): boolean => objects.state[i] === ALLOCATED || (system.kind === 'transcript' && objects.state[i] === UNKNOWN)
  // Objects that are wanted lie side by side, those of full slabs all of them: they are counted and copied by runs.
  const starts = new Growing(Uint32Array)
  const ends = new Growing(Uint32Array)
  for (let i = 0; i < objects.length; i++) {
    if (!wanted(i)) continue
    const start = i
    while (i + 1 < objects.length && objects.cache[i + 1] === objects.cache[start] && wanted(i + 1)) i++
    counts[Math.min(objects.cache[start], objects.caches.length)] += i + 1 - start
    starts.push(start)
    ends.push(i + 1)
  }
  const parts = Array.from(counts, (count) => new BigUint64Array(count))
  const filled = new Uint32Array(counts.length)
  for (let run = 0; run < starts.length; run++) {
    const [start, end] = [starts.values[run], ends.values[run]]
    const part = Math.min(objects.cache[start], objects.caches.length)
    parts[part].set(objects.address.subarray(start, end), filled[part])
    filled[part] += end - start
  }
  const found: CacheObjects[] = parts.map((addresses, i) => ({ cache: objects.caches[i] ?? null, addresses })).filter(({ addresses }) => addresses.length > 0)
  const unlisted = system.kind === 'transcript' && cache === undefined ? unlistedObjects(system, objects) : undefined
  return unlisted === undefined ? found : [...found, { cache: null, ...unlisted }]
}

function bounds(parts: readonly CacheObjects[]): { low: bigint; high: bigint } | undefined {
  let low: bigint | undefined
  let high: bigint | undefined
  for (const { addresses } of parts) {
    // Each list ascends.
    for (const address of [addresses[0], addresses[addresses.length - 1]]) {
      if (low === undefined || address < low) low = address
      if (high === undefined || address > high) high = address
    }
  }
  return low === undefined || high === undefined ? undefined : { low, high }
}
