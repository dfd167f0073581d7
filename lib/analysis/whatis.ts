import type { ColumnTable } from 'arquero'
import { addressNamed } from '../dump/readWords.js'
import { FaultError, MissingSymbolError } from '../errors.js'
import { Owners } from '../slab/owners.js'
import { returnAddress } from '../slab/returnAddress.js'
import { Tracks } from '../slab/tracks.js'
import type { System } from '../system/system.js'
import { describedTable } from '../table/columns.js'
import { hex } from '../util/hex.js'
import { addressRegions } from './addressRegions.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { frameRoles, readFrameRoles } from './reference/frameRoles.js'
import { describeSignatures, symbolText } from './signatures.js'
import { slabPlace, type NearObject, type ObjectPlace } from './slabPlace.js'
import { typeOfObject } from './typing.js'

/** What is known of one address. Null is what the evidence does not say, or what does not apply. */
interface Description {
  readonly kind: string
  readonly place: ObjectPlace | undefined
  readonly symbol: { readonly text: string; readonly module: string | null } | null
  readonly type: { readonly type: string | null; readonly basis: string | null }
}

/**
 * What lies at an address: one row with the columns address, kind, cache, slab, slot, object, offset, state, queued, symbol, module,
 * type, typeBasis, neighbours, cgroup, file, line, stack, pid, freeStack, freePid. `object` is the payload's start, `offset` the bytes from there (from the slab's
 * start in its unused end; negative in a left red zone); `stack` and `pid` say who allocated it and `freeStack` and `freePid` who freed its slot last, as far as
 * slub_debug or KFENCE recorded it.
 *
 * @param address an address, a symbol, or symbol+offset
 * @throws UsageError for what is neither
 *
 * @example whatis(dump, '0xffff8e89812d1ec8').object(0) // { kind: 'slab object', cache: 'kmalloc-cg-32', slot: 118, offset: 8, … }
 */
export function whatis(evidence: MachineEvidence, address: string | bigint): ColumnTable {
  const system = systemOf(evidence)
  const at = addressNamed(system, address)
  const { kind, place, symbol, type } = describe(system, at)
  const { cgroup, site } = ownerOf(system, at)
  const [alloc, free] = tracksOf(system, at)
  return describedTable({
    address: [hex(at)],
    kind: [kind],
    cache: [place?.cache?.name ?? null],
    slab: [hexOrNull(place?.slab)],
    slot: [place?.slot ?? null],
    object: [hexOrNull(place?.object)],
    offset: [place?.offset ?? null],
    state: [place?.state ?? null],
    queued: [place?.queued ?? null],
    symbol: [symbol?.text ?? null],
    module: [symbol?.module ?? null],
    type: [type.type],
    typeBasis: [type.basis],
    neighbours: [place === undefined ? [] : neighbours(place)],
    cgroup: [cgroup],
    file: [site?.file ?? null],
    line: [site?.line ?? null],
    stack: [alloc.stack],
    pid: [alloc.pid],
    freeStack: [free.stack],
    freePid: [free.pid]
  })
}

function describe(system: System, address: bigint): Description {
  const nothing = { place: undefined, symbol: null, type: { type: null, basis: null } }
  const hit = system.symbols.at(returnAddress(system.kernel, address))
  if (hit !== undefined) {
    const kind = hit.module === null ? 'kernel symbol' : 'module symbol'
    return { ...nothing, kind, symbol: { text: symbolText(hit), module: hit.module } }
  }
  const place = placeOf(system, address)
  if (place !== undefined) return { ...nothing, kind: isGuarded(system, address) ? guardedKind(place) : slabKind(place), place, type: typeOf(system, place) }
  return { ...nothing, ...elsewhere(system, address) }
}

/** Which part of its slot an address is in. */
function slabKind({ object, offset, cache }: ObjectPlace): string {
  if (object === null) return 'unused end of a slab'
  if (offset < 0) return 'left red zone'
  return cache?.objectBytes != null && offset >= cache.objectBytes ? 'behind a slab object' : 'slab object'
}

/** KFENCE keeps one sampled object in a page. */
function guardedKind({ object }: ObjectPlace): string {
  return object === null ? 'KFENCE page' : 'KFENCE object'
}

function isGuarded({ slabs }: System, address: bigint): boolean {
  const place = slabs?.find(address)
  return place !== undefined && slabs!.table.guarded[place.slab] === 1
}

/** A page structure leads to the slab whose page it describes. */
function elsewhere(system: System, address: bigint): { kind: string; place?: ObjectPlace } {
  const { kernel } = system
  if (kernel !== undefined) {
    const described = tryOr(() => kernel.frameOfPageStruct(address), undefined)
    if (described !== undefined) {
      const place = placeOf(system, kernel.virtualOf(described * kernel.pageBytes))
      return { kind: 'page structure', ...(place === undefined ? {} : { place: { ...place, slot: null, object: null, offset: 0, state: null, queued: null, before: null, after: null } }) }
    }
    const physical = tryOr(() => kernel.physicalOf(address), undefined)
    if (physical !== undefined && address >= kernel.directMap.start && address < kernel.directMap.end) {
      const role = frameRoles[tryOr(() => readFrameRoles(kernel).of(Math.floor(physical / kernel.pageBytes)), -1)]
      return { kind: role === undefined ? 'kernel page' : `page of ${role}` }
    }
  }
  const region = addressRegions(system, undefined).find(({ start, end }) => address >= start && address < end)
  return { kind: region?.kind ?? (address < 1n << 63n ? 'user address or number' : 'unknown') }
}

/** Reasons of a type that are shown: those that tell most come first. */
const MOST_REASONS = 3

/** By what the object holds, or else by all that the machine's types tell; a free one holds remains of its last user. */
function typeOf(system: System, { object, state }: ObjectPlace): Description['type'] {
  if (object === null || (state !== 'allocated' && state !== 'unknown')) return { type: null, basis: null }
  const [found] = describeSignatures(system, [object])
  if (found?.type != null) return { type: found.type.type, basis: found.type.basis }
  const told = found?.cache == null ? undefined : typeOfObject(system, found.cache.name, object)
  if (told === undefined) return { type: null, basis: null }
  const others = told.rivals === 0 ? [] : told.evidence.slice(-1)
  return { type: told.type, basis: [...new Set([...told.evidence.slice(0, MOST_REASONS), ...others])].join('; ') }
}

function neighbours({ before, after }: ObjectPlace): { address: string; state: string }[] {
  return [before, after].filter((near): near is NearObject => near !== null).map(({ address, state }) => ({ address: hex(address), state }))
}

function ownerOf(system: System, address: bigint): { cgroup: string | null; site: { file: string; line: number } | null } {
  const { kernel, slabs } = system
  const place = kernel === undefined ? undefined : slabs?.find(address)
  if (kernel === undefined || slabs === undefined || place?.slot == null) return { cgroup: null, site: null }
  const owners = new Owners(kernel, slabs.table)
  return { cgroup: owners.cgroup(place.slab, place.slot), site: owners.site(place.slab, place.slot) }
}

interface ShownTrack {
  /** Functions, the innermost first. */
  readonly stack: string[] | null
  readonly pid: number | null
}

/** Who allocated the object, and who freed its slot last. */
function tracksOf(system: System, address: bigint): ShownTrack[] {
  const { kernel, slabs } = system
  const place = kernel === undefined ? undefined : slabs?.find(address)
  return (['alloc', 'free'] as const).map((kind) => {
    if (kernel === undefined || slabs === undefined || place?.object == null) return { stack: null, pid: null }
    const cache = slabs.table.caches[slabs.table.cache[place.slab]]
    const tracks = new Tracks(kernel, slabs.table)
    const track = slabs.table.guarded[place.slab] === 1 ? tracks.sampled(place.slab, kind)
      : tracks.has(cache) ? tryOr(() => tracks.at(cache, place.object!, kind), null) : null
    return { stack: track === null ? null : (track.stack ?? [track.caller]).map((frame) => frameText(system, frame)), pid: track?.pid ?? null }
  })
}

/** A return address by name. */
export function frameText(system: System, address: bigint): string {
  const hit = system.symbols.at(address)
  return hit === undefined ? hex(address) : `${symbolText(hit)}${hit.module === null ? '' : ` [${hit.module}]`}`
}

function placeOf(system: System, address: bigint): ObjectPlace | undefined {
  return tryOr(() => slabPlace(system, address), undefined)
}

/** What the evidence does not hold leaves a field empty: everything else is still worth showing. */
function tryOr<T>(read: () => T, otherwise: T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof FaultError || error instanceof MissingSymbolError) return otherwise
    throw error
  }
}

function hexOrNull(address: bigint | null | undefined): string | null {
  return address == null ? null : hex(address)
}
