import type { SlabCache } from '../../slab/model.js'
import type { System } from '../../system/system.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { isComposite } from '../../type/members.js'
import { StructMatcher, type MatchOptions, type WordEvidence } from '../../type/structMatch.js'
import { isTelling, wordKey } from '../../type/wordEvidence.js'
import { kmallocSize, leastObjectBytes } from '../kmallocFamily.js'
import type { DescribedGroup } from '../signatures.js'
import type { GroupType } from '../typing.js'
import { structsOfCache } from './cacheStructs.js'
import { conclude, type Conclusion } from './conclude.js'
import { readContents } from './groupContents.js'
import { GroupWords } from './groupWords.js'
import { arrayName, Incoming, type GroupLead, type Lead } from './incoming.js'
import { ObjectTypes } from './objectTypes.js'
import { StaticTypes } from './staticTypes.js'
import { isText } from './text.js'

/** Rounds of following pointers from objects whose type is known: each makes more of them known. */
const ROUNDS = 4
/** Objects of a group whose pointers are followed, spread evenly. */
const FOLLOWED = 4096
/** Part of a group's objects that a lead must reach to speak for the group. */
const LED_SHARE = 0.1
/** Objects of a group that are looked into for text. */
const LOOKED_INTO = 4096
const WORD_BYTES = 8
/** Fewer pointers are no array. */
const LEAST_POINTERS = 2
const NO_LEADS: readonly WordEvidence[] = []

const matchers = new WeakMap<BtfTypes, StructMatcher>()

/** The matcher of a machine's types, made once. */
export function matcherOf(types: BtfTypes): StructMatcher {
  let made = matchers.get(types)
  if (made === undefined) matchers.set(types, (made = new StructMatcher(types)))
  return made
}

/**
 * What struct each group of objects holds. What the caches' names tell comes first, then what the objects' own words do; then pointers are
 * followed from what is known to what is not, round by round. At last, objects of groups that are still unknown are looked at one by one.
 */
export class TypeGroups {
  readonly #matcher: StructMatcher
  readonly #words: GroupWords
  readonly #objects: ObjectTypes | undefined
  readonly #found: (GroupType | undefined)[]
  readonly #leasts = new Map<SlabCache, number>()
  readonly #conclusions = new Map<string, Conclusion | undefined>()
  /** By position of the group: the evidence it was last decided by. */
  readonly #decided: ({ readonly words: readonly WordEvidence[]; readonly leads: readonly WordEvidence[] } | undefined)[] = []
  readonly #held = new Map<readonly GroupLead[], readonly WordEvidence[]>()

  constructor(readonly system: System, readonly types: BtfTypes, readonly groups: readonly DescribedGroup[]) {
    const { kernel, slabs } = system
    this.#matcher = matcherOf(types)
    this.#objects = kernel === undefined || slabs === undefined ? undefined : new ObjectTypes(system, kernel, slabs.objects(), types, groups)
    this.#words = new GroupWords(system, types, this.#matcher, new StaticTypes(system, this.#matcher), this.#objects)
    this.#found = groups.map((described) => this.#ofCache(described))
  }

  run(): GroupType[] {
    const open = this.groups.map((_, position) => position).filter((position) => this.#found[position] === undefined)
    for (const position of open) this.#settle(position, NO_LEADS)
    if (this.#objects === undefined) return this.groups.map((described, position) => this.#found[position] ?? unknown(described))
    const incoming = new Incoming(this.types, this.#objects)
    this.#follow(incoming, this.#objects, open)
    return this.groups.flatMap((described, position) => this.#found[position] ?? this.#oneByOne(described, position, incoming, this.#objects!))
  }

  #ofCache(described: DescribedGroup): GroupType | undefined {
    const { cache } = described
    const struct = cache === null ? null : structsOfCache(this.system, cache, this.types).only
    if (struct === null) return undefined
    return { ...unknown(described), type: this.types.graph.name(struct), id: struct, source: 'cache', rivals: 0, evidence: [`the cache ${cache!.name} holds nothing else`] }
  }

  /** Decides a group by its words and what leads to it, where they are not those that it was decided by. */
  #settle(position: number, leads: readonly WordEvidence[]): void {
    const described = this.groups[position]
    if (described.cache === null) return
    const words = this.#words.of(described, position)
    if (this.#decided[position]?.words === words && this.#decided[position].leads === leads) return
    this.#decided[position] = { words, leads }
    const told = this.#conclude(described.cache, leads.length === 0 ? words : [...words, ...leads])
    if (told === undefined) return
    const { candidate, rivals } = told
    this.#found[position] = becauseOf(told, { described, objects: described.group.objects, type: nameOf(candidate.type), id: candidate.id, source: leads.length > 0 ? 'pointers' : 'words', rivals })
    if (rivals === 0 && candidate.shift === 0) this.#objects?.settle(position, candidate.id)
  }

  /** What words say of an object in a cache. Groups ask alike: answers are kept. */
  #conclude(cache: SlabCache, words: readonly WordEvidence[]): Conclusion | undefined {
    const { named } = structsOfCache(this.system, cache, this.types)
    if (!words.some(isTelling) && named.length === 0) return undefined
    const key = [cache.name, ...words.map(wordKey)].join('; ')
    if (this.#conclusions.has(key)) return this.#conclusions.get(key)
    const options = this.#options(cache, named)
    const told = options === undefined ? undefined : conclude(words, this.#matcher.match(words, options)) ?? this.#inside(words, options)
    this.#conclusions.set(key, told)
    return told
  }

  #options(cache: SlabCache, named: readonly number[]): MatchOptions | undefined {
    const slotBytes = cache.objectBytes ?? cache.slotBytes
    if (slotBytes === null) return undefined
    const least = this.#least(cache)
    return { slotBytes, limit: 1, named, smallestBytes: isGeneral(cache) ? least : Math.max(1, least - PADDING) }
  }

  /** The smallest size that needs a slot of this cache; 1 where that is not known. */
  #least(cache: SlabCache): number {
    let least = this.#leasts.get(cache)
    if (least === undefined) this.#leasts.set(cache, (least = leastObjectBytes(cache, this.system.caches(), true) ?? 1))
    return least
  }

  /** A struct behind a header, or among others, by several functions that stand side by side in no other. */
  #inside(words: readonly WordEvidence[], options: MatchOptions): Conclusion | undefined {
    if (words.filter(({ kind }) => kind === 'function').length < 2) return undefined
    const match = this.#matcher.matchInside(words, options)
    const [best] = match.candidates
    return best !== undefined && match.rivals === 0 && best.fits > 1 ? conclude(words, match) : undefined
  }

  #follow(incoming: Incoming, objects: ObjectTypes, open: readonly number[]): void {
    const { memory } = this.system
    const followed = new Set<number>()
    const isOpen = (object: number): boolean => objects.group[object] >= 0 && this.#found[objects.group[object]]?.source !== 'cache'
    for (let round = 0; round < ROUNDS; round++) {
      const sources = this.groups.map((_, position) => position).filter((position) => !followed.has(position) && isKnown(this.#found[position]))
      if (sources.length === 0) return
      for (const position of sources) {
        followed.add(position)
        const struct = this.#found[position]!.id!
        const bytes = Math.min(incoming.bytesToRead(struct), roundDown(objects.index.payloadBytes(objects.members[position][0] ?? 0)))
        if (bytes === 0) continue
        const { signatures, group } = this.groups[position]
        incoming.follow(struct, objects.members[position], readContents(memory, signatures.addressesOf(group), bytes, FOLLOWED), isOpen)
      }
      for (const position of open) {
        // What leads to a group speaks beside its own words; later, only what is still open gains by more that is known around it.
        const leads = round === 0 || !isKnown(this.#found[position]) ? this.#leadsOf(position, incoming) : NO_LEADS
        const isLed = leads.length > 0
        if (isLed || !isKnown(this.#found[position])) this.#settle(position, leads)
      }
    }
  }

  #leadsOf(position: number, incoming: Incoming): readonly WordEvidence[] {
    const found = incoming.ofGroup(position)
    if (found.length === 0) return NO_LEADS
    let held = this.#held.get(found)
    if (held === undefined) {
      const all = this.groups[position].group.objects
      const least = Math.max(Math.min(2, all), all * LED_SHARE)
      const enough = found.filter(({ objects, pointee }) => objects >= least && isComposite(this.types.graph, pointee))
      this.#held.set(found, (held = enough.length === 0 ? NO_LEADS : enough.map((lead) => this.#heldBy(lead))))
    }
    return held
  }

  #heldBy({ offset, pointee, member }: Lead): WordEvidence {
    return { offset, kind: 'held', types: [this.#matcher.canonical.of(pointee)], name: member }
  }

  /** The objects of a group that as a whole says nothing: some are led to, some are text. */
  #oneByOne(described: DescribedGroup, position: number, incoming: Incoming, objects: ObjectTypes): GroupType[] {
    const parts = new Map<string, GroupType & { objects: number }>()
    const add = (key: string, found: Omit<GroupType, 'described' | 'objects'>): void => {
      const part = parts.get(key)
      if (part === undefined) parts.set(key, { ...found, described, objects: 1 })
      else part.objects++
    }
    const { cache } = described
    const addresses = described.signatures.addressesOf(described.group)
    const least = cache === null ? 1 : this.#least(cache)
    const general = isGeneral(cache)
    const bytes = cache?.objectBytes == null ? 0 : roundDown(cache.objectBytes)
    const contents = readContents(this.system.memory, addresses, bytes, LOOKED_INTO)
    const arrays = cache === null ? [] : structsOfCache(this.system, cache, this.types).arrays
    const content = new Uint8Array(contents.words.buffer, contents.words.byteOffset, contents.words.byteLength)
    contents.rows.forEach((row, i) => {
      const object = objects.members[position][row]
      const leads = incoming.of(object)
      const found = cache === null ? undefined : this.#ofLeads(cache, leads)
      const pointers = found === undefined && contents.halves > 0 ? this.#pointersTo(contents.words.subarray(i * contents.halves, (i + 1) * contents.halves), objects) : undefined
      if (found !== undefined) {
        if (found.id !== null) objects.struct[object] = found.id
        add(`${found.type} ${found.rivals}`, found)
      } else if (pointers !== undefined) {
        add(pointers, { type: `${pointers} *[]`, id: null, source: 'contents', rivals: 0, evidence: [`holds nothing but pointers to struct ${pointers}`] })
      } else if (arrays.length > 0) {
        add('array', { type: arrays[0], id: null, source: 'cache', rivals: arrays.length - 1, evidence: ['the cache has a name of it'] })
      } else if (general && isText(content.subarray(i * bytes, (i + 1) * bytes), least)) {
        add('text', { type: 'char[]', id: null, source: 'contents', rivals: 0, evidence: ['one text to its end, as long as the slot asks for'] })
      }
    })
    const known = [...parts.values()].reduce((sum, part) => sum + part.objects, 0)
    return known === described.group.objects ? [...parts.values()] : [...parts.values(), { ...unknown(described), objects: described.group.objects - known }]
  }

  #isTooSmall(struct: number, cache: SlabCache): boolean {
    const least = this.#least(cache)
    const name = this.types.graph.name(struct)
    return isGeneral(cache) && name !== '' && !links.has(name) && (this.types.graph.bytesOf(struct) ?? least) < least
  }

  /** The struct to whose objects all words point that are not zero; undefined where they don't, or where there are too few. */
  #pointersTo(words: Uint32Array, objects: ObjectTypes): string | undefined {
    let struct = 0
    let pointers = 0
    for (let i = 0; i < words.length; i += 2) {
      if ((words[i] | words[i + 1]) === 0) continue
      const object = objects.target(words[i], words[i + 1])
      const own = object < 0 || objects.offsetIn(object, words[i], words[i + 1]) !== 0 ? 0 : objects.struct[object]
      if (own === 0 || (struct !== 0 && own !== struct)) return undefined
      struct = own
      pointers++
    }
    return pointers < LEAST_POINTERS ? undefined : this.types.graph.name(struct)
  }

  /** What pointers from known structs say of one object. */
  #ofLeads(cache: SlabCache, leads: readonly Lead[]): Omit<GroupType, 'described' | 'objects'> | undefined {
    const structs = leads.filter(({ pointee }) => isComposite(this.types.graph, pointee))
    if (structs.length > 0) {
      const told = this.#conclude(cache, structs.map((lead) => this.#heldBy(lead)))
      if (told !== undefined) return becauseOf(told, { type: nameOf(told.candidate.type), id: told.candidate.shift === 0 ? told.candidate.id : null, source: 'pointers', rivals: told.rivals })
    }
    const [first] = leads.filter(({ offset, pointee }) => offset === 0 && (structs.length === 0 || this.#isTooSmall(pointee, cache)))
    if (first === undefined) return undefined
    if (structs.length === 0) return { type: arrayName(this.types, first.pointee), id: null, source: 'pointers', rivals: 0, evidence: [`${first.member} leads here`] }
    const name = this.types.graph.name(first.pointee)
    return { type: name, id: first.pointee, source: 'pointers', rivals: 0, evidence: [`${first.member} leads here; the slot is too large for one ${name}: there are several, or something follows it`] }
  }
}

function unknown(described: DescribedGroup): GroupType {
  return { described, objects: described.group.objects, type: null, id: null, source: null, rivals: null, evidence: [] }
}

/** What was found, with its reasons: thousands of groups have some, and few are shown. */
function becauseOf<T extends Partial<GroupType>>(told: Conclusion, found: T): T & Pick<GroupType, 'evidence'> {
  let kept: readonly string[] | undefined
  return { ...found, get evidence() { return (kept ??= reasons(told)) } }
}

function isKnown(found: GroupType | undefined): boolean {
  return found?.id != null && found.rivals === 0
}

/** Structs that are only ever parts of others: a pointer to one says nothing of what it stands in. */
const links = new Set(['list_head', 'hlist_node', 'hlist_head', 'hlist_bl_node', 'hlist_nulls_node', 'rb_node', 'llist_node', 'callback_head', 'plist_node', 'klist_node', 'kobject', 'kref', 'xarray', 'fwnode_handle'])

/** Caches of one kind are padded to a cache line. */
const PADDING = 63

function isGeneral(cache: SlabCache | null): boolean {
  return cache !== null && kmallocSize(cache.name) !== undefined
}

function reasons({ candidate, rivals, rivalTypes }: Conclusion): string[] {
  const module = candidate.module === null ? [] : [`declared by ${candidate.module}`]
  const where = candidate.shift === 0 ? [] : [`it stands 0x${candidate.shift.toString(16)} bytes into the object`]
  // What tells most comes first.
  const words = candidate.evidence.filter(({ kind }) => kind !== 'number' && kind !== 'module').sort((a, b) => b.bits - a.bits || a.offset - b.offset).map(({ offset, text, kind }) => (kind === 'cache' ? text : `0x${offset.toString(16)}: ${text}`))
  const others = rivals === 0 ? [] : [`so do ${rivalTypes.map(nameOf).join(', ')}${rivals > rivalTypes.length ? ` and ${rivals - rivalTypes.length} more` : ''}`]
  return [...words, ...module, ...where, ...others]
}

function nameOf(type: string): string {
  return type.replace(/^struct /, '')
}

function roundDown(bytes: number): number {
  return Math.floor(bytes / WORD_BYTES) * WORD_BYTES
}
