import { BtfKind } from '../../source/btf.js'
import type { System } from '../../system/system.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { isComposite } from '../../type/members.js'
import type { WordEvidence } from '../../type/structMatch.js'
import type { SlabCache } from '../../slab/model.js'
import type { GroupType } from '../typing.js'
import type { Batch } from './batch.js'
import { isGeneral, type Conclusions } from './conclusions.js'
import { ContentTypes } from './contents.js'
import { findingOf, groupTypeOf, UNKNOWN, type Finding } from './finding.js'
import { readContents } from './groupContents.js'
import type { HeldStatics } from './heldStatics.js'
import type { Lead } from './incoming.js'
import type { ObjectTypes } from './objectTypes.js'
import { links } from './links.js'
import { placeBehind } from './pointerMembers.js'

/** Objects of a batch that are looked into: so many, more of them where they are small. */
const LOOKED_INTO = 4096
const MOST_LOOKED_INTO = 1 << 16
const LOOKED_INTO_BYTES = 4 << 20
const WORD_BYTES = 8

/** With the type id behind each pointer, where the object is an array of pointers. */
type SingleFinding = Finding & { readonly elements?: number }

/** What single objects are, where those like them as a whole say nothing: some are led to, some are text. */
export class SingleObjects {
  readonly #found = new Map<number, Finding>()
  readonly #contents: ContentTypes

  constructor(readonly system: System, readonly types: BtfTypes, readonly conclusions: Conclusions, objects: ObjectTypes, statics: HeldStatics) {
    this.#contents = new ContentTypes(system, types, conclusions, objects, statics)
  }

  /** Says of an object what is known of it by other means. */
  take(object: number, found: Finding): void {
    this.#found.set(object, found)
  }

  /** Decides an object by the words of those like it and what leads to it. */
  decide(object: number, cache: SlabCache, words: readonly WordEvidence[], leads: readonly Lead[]): SingleFinding | undefined {
    const found = this.#ofLeads(cache, words, leads)
    if (found !== undefined) this.take(object, found)
    return found
  }

  /** The objects of a batch by what each is; `ofAll` is what is said of those of which nothing else is known. */
  of(batch: Batch, ofAll: Finding = UNKNOWN): GroupType[] {
    const parts = new Map<string, { readonly found: Finding; readonly rows: number[] }>()
    const addresses = batch.addresses()
    const { cache } = batch.described
    const bytes = cache?.objectBytes == null ? 0 : cache.objectBytes - (cache.objectBytes % WORD_BYTES)
    const { rows, words, halves } = readContents(this.system.memory, addresses, bytes, Math.max(LOOKED_INTO, Math.min(MOST_LOOKED_INTO, Math.floor(LOOKED_INTO_BYTES / bytes))))
    const rest: number[] = []
    for (let row = 0, i = 0; row < addresses.length; row++) {
      const isRead = rows[i] === row
      const found = this.#found.get(batch.members![row]) ?? (isRead && ofAll === UNKNOWN ? this.#contents.of(cache, addresses[row], words.subarray(i * halves, (i + 1) * halves)) : undefined)
      if (isRead) i++
      if (found === undefined) {
        rest.push(row)
        continue
      }
      const key = `${found.type} ${found.rivals}`
      const part = parts.get(key)
      if (part === undefined) parts.set(key, { found, rows: [row] })
      else part.rows.push(row)
    }
    const list = [...parts.values(), ...(rest.length === 0 ? [] : [{ found: ofAll, rows: rest }])]
    return list.map(({ found, rows: own }) => groupTypeOf({ described: batch.described, length: own.length, addresses: () => BigUint64Array.from(own, (row) => addresses[row]) }, found))
  }

  /** What pointers from known structs say of one object. */
  #ofLeads(cache: SlabCache, words: readonly WordEvidence[], leads: readonly Lead[]): SingleFinding | undefined {
    const { graph } = this.types
    const structs = leads.filter(({ pointee }) => isComposite(graph, pointee))
    if (structs.length > 0) {
      const told = this.conclusions.of(cache, [...words, ...structs.map((lead) => heldBy(lead, this.conclusions))])
      if (told !== undefined) return findingOf(told, 'pointers')
    }
    const [first] = leads.filter(({ offset, pointee }) => offset === 0 && (structs.length === 0 || this.#isTooSmall(pointee, cache)))
    if (first === undefined) return undefined
    if (structs.length === 0) {
      const elements = graph.kind(first.pointee) === BtfKind.PTR ? placeBehind(graph, first.pointee) : undefined
      return { type: arrayName(this.types, first.pointee), id: null, source: 'pointers', rivals: 0, evidence: [`${first.member} leads here`], ...(elements === undefined ? {} : { elements }) }
    }
    const name = graph.name(first.pointee)
    return { type: name, id: first.pointee, source: 'pointers', rivals: 0, evidence: [`${first.member} leads here; the slot is too large for one ${name}: there are several, or something follows it`] }
  }

  #isTooSmall(struct: number, cache: SlabCache): boolean {
    const { graph } = this.types
    const least = this.conclusions.leastBytes(cache)
    const name = graph.name(struct)
    return isGeneral(cache) && name !== '' && !links.has(name) && (graph.bytesOf(struct) ?? least) < least
  }
}

/** What a pointer to no struct leads to: `char[]`, `unsigned int[]`, `page *[]`. */
function arrayName({ graph }: BtfTypes, pointee: number): string {
  if (graph.kind(pointee) === BtfKind.INT) return graph.sizeOrType(pointee) === 1 ? 'char[]' : `${graph.name(pointee)}[]`
  const name = graph.name(graph.strip(graph.sizeOrType(pointee)))
  return `${name === '' ? 'void' : name} *[]`
}

/** What a lead tells of the struct it leads to. */
export function heldBy({ offset, pointee, member }: Lead, { matcher }: Conclusions): WordEvidence {
  return { offset, kind: 'held', types: [matcher.canonical.of(pointee)], name: member }
}
