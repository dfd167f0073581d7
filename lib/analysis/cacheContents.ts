import { hex } from '../util/hex.js'
import { typeText } from '../util/typeText.js'
import { formatCount } from '../util/units.js'
import { addressesAt } from '../util/addressHalves.js'
import { openCell } from './cell.js'
import type { EvidenceItem } from './finding.js'
import { holdersOf, nameless } from './holders.js'
import type { MachineFacts } from './leakEvidence.js'
import { findReachable, REACHABLE, UNREACHABLE } from './reachability.js'
import { positionsOf } from './reference/positionsOf.js'
import { soleHolder, type Holder } from './soleHolder.js'
import { groupTypes, type GroupType } from './typing.js'

/** What a dump shows of a cache: what most of its objects are, and what keeps these alive. */
export interface CacheContents {
  /** The struct of at least half of them; undefined where it is not known, or there is no such. */
  readonly type: GroupType | undefined
  /** How many objects are of that struct; all where it is not known. */
  readonly objects: number
  /** Of these; null where of some the dump does not tell. */
  readonly unreachable: number | null
  /** The one variable that keeps them alive, or else the place that refers to most of them. */
  readonly holder: Holder | undefined
  readonly place: string | undefined
  readonly items: readonly EvidenceItem[]
}

/** Part of a cache's objects that must be of one struct for the cache to be of it, and of those looked at that one place must refer to. */
const MOST = 0.5
const SHOWN_TYPES = 3
const SHOWN_PLACES = 3

/** Undefined where the machine is no dump, or has nothing of that cache in use. */
export async function cacheContents(machine: MachineFacts, cacheName: string): Promise<CacheContents | undefined> {
  const { system, files } = machine
  const cache = system.caches().find(({ name, aliases }) => name === cacheName || aliases.includes(cacheName))
  const parts = cache === undefined ? [] : groupTypes(system).filter(({ described }) => described.cache?.name === cache.name)
  if (cache === undefined || system.kernel === undefined || system.slabs === undefined || parts.length === 0) return undefined
  const pass = await findReachable(system)
  const kinds = kindsOf(parts)
  const total = parts.reduce((sum, { objects }) => sum + objects, 0)
  const [most] = kinds
  const isTold = most !== undefined && most.objects >= total * MOST
  const members = positionsOf(pass.objects, BigUint64Array.from((isTold ? most.parts : parts).flatMap((part) => [...part.addresses()])).sort())
  const alive = members.filter((object) => pass.reached[object] === REACHABLE)
  const lost = members.filter((object) => pass.reached[object] === UNREACHABLE).length
  const untold = members.length - alive.length - lost
  const holder = alive.length === 0 ? undefined : soleHolder(system, pass, alive)
  const { asked, places: all } = holdersOf(system, pass, alive)
  // Links among themselves keep none of them alive.
  const places = all.filter(({ name }) => !name.startsWith(`${most?.type}.`))
  const example = hex(addressesAt(pass.objects.address, (alive.length === 0 ? members : alive).subarray(0, 1))[0])
  return {
    type: isTold ? most.parts[0] : undefined,
    objects: members.length,
    unreachable: untold === 0 ? lost : null,
    holder,
    place: places.find(({ name, objects }) => objects >= asked * MOST && !nameless.has(name))?.name,
    items: [{
      text: kindsText(kinds, total, cache.name, system.name), addresses: [],
      code: openCell(files, (dump) => `types(${dump}, undefined, { cache: '${cache.name}' })`)
    }, {
      text: `${aliveText(alive.length, members.length, holder, asked, places)}${untold === 0 ? '' : ` Of ${formatCount(untold)} the dump does not tell.`}`, addresses: [example],
      code: openCell(files, (dump) => (alive.length === 0 ? `await references(${dump}, '${example}')` : `await chainTo(${dump}, '${example}')`))
    }]
  }
}

interface Kind {
  readonly type: string
  readonly parts: readonly GroupType[]
  readonly objects: number
}

/** What is known for sure, the most first. */
function kindsOf(parts: readonly GroupType[]): Kind[] {
  const found = new Map<string, GroupType[]>()
  for (const part of parts) if (part.type !== null && part.rivals === 0) found.set(part.type, [...(found.get(part.type) ?? []), part])
  return Array.from(found, ([type, own]) => ({ type, parts: own, objects: own.reduce((sum, { objects }) => sum + objects, 0) })).sort((a, b) => b.objects - a.objects)
}

function kindsText(kinds: readonly Kind[], total: number, cache: string, dump: string): string {
  const shown = kinds.slice(0, SHOWN_TYPES).map(({ type, objects }) => `${formatCount(objects)} are ${typeText(type)}`)
  const unknown = total - kinds.reduce((sum, { objects }) => sum + objects, 0)
  const parts = [...shown, ...(unknown === 0 ? [] : [`of ${formatCount(unknown)} it is not known what they are`])]
  return `Of ${formatCount(total)} objects that are in use in ${cache} of ${dump}, ${parts.join(', ')}.`
}

function aliveText(alive: number, all: number, holder: Holder | undefined, asked: number, places: readonly { readonly name: string; readonly objects: number }[]): string {
  const count = alive === all ? `All ${formatCount(all)} are` : `${formatCount(alive)} of ${formatCount(all)} are`
  if (alive === 0) return `Nothing was found that leads to these ${formatCount(all)}.`
  if (holder !== undefined) {
    const owner = holder.module === null ? holder.name : `${holder.name} of the module ${holder.module}`
    return `${count} referred to: without ${owner} ${formatCount(holder.objects)} could not be reached${holder.besideStacks ? ' but by words on stacks' : ''}.`
  }
  const shown = places.slice(0, SHOWN_PLACES).map(({ name, objects }) => `${name} refers to ${formatCount(objects)}`)
  return `${count} referred to${shown.length === 0 ? '' : `: of ${formatCount(asked)} that were looked at, ${shown.join(', ')}`}.`
}
