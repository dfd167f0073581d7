import type { KernelView } from '../../slab/kernelView.js'
import type { System } from '../../system/system.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { isComposite } from '../../type/members.js'
import { StructMatcher, type WordEvidence } from '../../type/structMatch.js'
import type { DescribedGroup } from '../signatures.js'
import type { GroupType } from '../typing.js'
import { batchOfGroup, splitBatch, type Batch } from './batch.js'
import { bpfElements } from './bpfElements.js'
import { structsOfCache } from './cacheStructs.js'
import { tells } from './conclude.js'
import { Conclusions, isGeneral } from './conclusions.js'
import { findingOf, groupTypeOf, isKnown, UNKNOWN, type Finding } from './finding.js'
import { readContents, wordsOf } from './groupContents.js'
import { GroupWords } from './groupWords.js'
import { HeldStatics } from './heldStatics.js'
import { Incoming, type GroupLead } from './incoming.js'
import { ObjectTypes } from './objectTypes.js'
import { OddObjects } from './oddObjects.js'
import { heldBy, SingleObjects } from './singleObjects.js'
import { staticCallUsers } from './staticCalls.js'
import { StaticLists, structOfList, type StaticList } from './staticLists.js'
import { StaticTypes } from './staticTypes.js'
import { addModules, perCpuRoots, type TypedRoot } from './typedRoots.js'

/** Rounds of following pointers from objects whose type is known: each makes more of them known. */
const ROUNDS = 8
/** Objects of a batch whose pointers are followed, spread evenly. */
const FOLLOWED = 4096
/** Part of a batch's objects that a lead must reach to be looked at, and to speak for those that it does not reach. */
const LED_SHARE = 0.1
const ALL_LED = 0.9
/** Objects of a batch that are asked for the lists they are on, spread evenly. */
const ASKED_FOR_LISTS = 16
const WORD_BYTES = 8
const NO_WORDS: readonly WordEvidence[] = []

const matchers = new WeakMap<BtfTypes, StructMatcher>()

/** The matcher of a machine's types, made once. */
export function matcherOf(types: BtfTypes): StructMatcher {
  let made = matchers.get(types)
  if (made === undefined) matchers.set(types, (made = new StructMatcher(types)))
  return made
}

/** Objects of one struct whose pointers are to be followed. */
interface Source {
  readonly struct: number
  readonly members: Uint32Array
  readonly addresses: BigUint64Array
}

/**
 * What struct each group of objects holds. What the caches' names tell comes first, then what the objects' own words do; then pointers are
 * followed from what is known to what is not, round by round. What is only known of some objects of a group is said of these.
 */
export class TypeGroups {
  readonly #conclusions: Conclusions
  readonly #words: GroupWords
  readonly #odd: OddObjects | undefined
  readonly #objects: ObjectTypes | undefined
  readonly #incoming: Incoming | undefined
  readonly #batches: Batch[]
  readonly #found: (Finding | undefined)[]
  /** By batch: the evidence it was last decided by. */
  readonly #decided: ({ readonly words: readonly WordEvidence[]; readonly leads: readonly WordEvidence[] } | undefined)[] = []
  readonly #held = new Map<readonly GroupLead[], readonly WordEvidence[]>()
  /** Of these, the ones that reach nearly all objects of their batch. */
  readonly #reachAll = new Set<WordEvidence>()

  constructor(readonly system: System, readonly types: BtfTypes, groups: readonly DescribedGroup[]) {
    const { kernel, slabs } = system
    const matcher = matcherOf(types)
    this.#conclusions = new Conclusions(system, types, matcher)
    const objects = kernel === undefined || slabs === undefined ? undefined : new ObjectTypes(system, kernel, slabs.objects(), types, groups)
    this.#objects = objects
    const held = new HeldStatics(system.symbols, types)
    if (kernel !== undefined) addModules(kernel, types, held)
    this.#incoming = objects && new Incoming(types, objects, held, (object) => this.#isOpen(objects, object))
    this.#words = new GroupWords(system, types, matcher, new StaticTypes(system, matcher), held, objects)
    this.#odd = objects && this.#incoming && new OddObjects(system.memory, matcher, this.#words, objects, this.#incoming)
    this.#batches = groups.map((described, number) => batchOfGroup(described, objects?.members[number]))
    this.#found = groups.map((described) => this.#ofCache(described))
  }

  run(): GroupType[] {
    const open = this.#batches.map((_, number) => number).filter((number) => this.#found[number] === undefined)
    for (const number of open) this.#settle(number, NO_WORDS)
    const { objects, incoming, kernel } = { objects: this.#objects, incoming: this.#incoming, kernel: this.system.kernel }
    if (objects === undefined || incoming === undefined || kernel === undefined) return this.#batches.map((batch, number) => groupTypeOf(batch, this.#found[number] ?? UNKNOWN))
    const singles = new SingleObjects(this.system, this.types, this.#conclusions, objects, incoming.statics)
    this.#follow(kernel, incoming, objects, singles)
    return this.#batches.flatMap((batch, number) => (isKnown(this.#found[number]) ? [groupTypeOf(batch, this.#found[number]!)] : singles.of(batch, this.#found[number])))
  }

  #ofCache({ cache }: DescribedGroup): Finding | undefined {
    const struct = cache === null ? null : structsOfCache(this.system, cache, this.types).only
    if (struct === null) return undefined
    return { type: this.types.graph.name(struct), id: struct, source: 'cache', rivals: 0, evidence: [`the cache ${cache!.name} holds nothing else`] }
  }

  /** Decides a batch by its words and what leads to it, where they are not those that it was decided by. */
  #settle(number: number, leads: readonly WordEvidence[]): void {
    const batch = this.#batches[number]
    const { described, isAlike, length } = batch
    if (described.cache === null || !isAlike) return
    const words = this.#words.of(batch, number)
    if (this.#decided[number]?.words === words && this.#decided[number].leads === leads) return
    this.#decided[number] = { words, leads }
    const told = this.#conclusions.of(described.cache, leads.length === 0 ? words : [...words, ...leads], this.#words.usedOf(batch, number))
    if (told === undefined) return
    const isTold = leads.length === 0 || tells(words, told)
    if (!isTold && length <= FOLLOWED && !leads.some((lead) => this.#reachAll.has(lead))) return
    const odd = this.#odd
    if (odd !== undefined) {
      this.#separate(number, odd.unlike(batch, told), false)
      this.#separate(number, odd.pointingElsewhere(this.#batches[number], number, words, told), false)
      this.#separate(number, odd.pointingNowhere(this.#batches[number], words, told), false)
      // Where only leads tell, they tell of what they lead to; from many objects only some are followed.
      if (leads.length > 0) this.#separate(number, odd.ledElsewhere(this.#batches[number], told, !isTold && length <= FOLLOWED), true)
      if (this.#batches[number] !== batch) this.#words.forget(number)
    }
    const found = findingOf(told, leads.length > 0 ? 'pointers' : 'words')
    this.#found[number] = found
    if (isKnown(found)) this.#objects?.settle(this.#batches[number].members!, found.id!)
  }

  /** Makes a batch of its own of some objects; `isAlike` says whether the words of the group are theirs. */
  #separate(number: number, addresses: BigUint64Array, isAlike: boolean): void {
    const objects = this.#objects
    if (objects === undefined || addresses.length === 0 || addresses.length === this.#batches[number].length) return
    const { rest, part } = splitBatch(this.#batches[number], objects, addresses, isAlike)
    this.#batches[number] = rest
    objects.move(part.members!, this.#batches.length)
    this.#batches.push(part)
  }

  #isOpen({ group }: ObjectTypes, object: number): boolean {
    return group[object] >= 0 && this.#found[group[object]]?.source !== 'cache'
  }

  #follow(kernel: KernelView, incoming: Incoming, objects: ObjectTypes, singles: SingleObjects): void {
    const followed = new Set<number>()
    let ofSingles: Source[] = []
    for (const root of perCpuRoots(kernel, this.types)) this.#followRoot(root, incoming)
    for (const { start, owner } of this.system.slabs?.ownArrays() ?? []) {
      const struct = owner === undefined ? undefined : this.types.find(`struct ${owner}`)
      const object = objects.target(Number(start & 0xffffffffn), Number(start >> 32n))
      if (struct !== undefined && object >= 0) incoming.leadTo(object, struct, 'the slab allocator')
    }
    const users = this.types.find('struct static_call_mod')
    for (const { address, name } of users === undefined ? [] : staticCallUsers(kernel)) {
      const object = objects.target(Number(address & 0xffffffffn), Number(address >> 32n))
      if (object >= 0) incoming.leadTo(object, users!, `${name}.mods`)
    }
    this.#takeBpfElements(kernel, objects, singles)
    let lists = this.#leadFromLists(this.#lists(objects), incoming, objects)
    for (let round = 0; round < ROUNDS; round++) {
      for (const source of [...this.#sources(followed), ...ofSingles]) this.#followSource(source, incoming, objects)
      for (const { name, struct, address } of incoming.statics.takeFresh()) this.#followRoot({ name, type: struct, address, bytes: this.types.graph.bytesOf(struct) ?? 0 }, incoming)
      let led = incoming.takeLed()
      if (led.length === 0) {
        lists = this.#leadFromLists(lists, incoming, objects)
        led = incoming.takeLed()
      }
      if (led.length === 0) return
      const ledBatches = new Set(led.map((object) => objects.group[object]))
      for (let number = 0; number < this.#batches.length; number++) {
        // What leads to a group speaks beside its own words; later, only what is still open gains by more that is known around it.
        if (!isKnown(this.#found[number]) || (round === 0 && ledBatches.has(number))) this.#settle(number, this.#leadsOf(number, incoming))
      }
      ofSingles = this.#decideSingles(led, incoming, objects, singles)
    }
  }

  /** What BPF's allocator keeps for later is that, whatever words are left in it. */
  #takeBpfElements(kernel: KernelView, objects: ObjectTypes, singles: SingleObjects): void {
    const id = this.types.find('struct llist_node')
    if (id === undefined) return
    for (const { address, list } of bpfElements(kernel, this.types)) {
      const object = objects.target(Number(address & 0xffffffffn), Number(address >> 32n))
      if (object < 0 || objects.struct[object] !== 0) continue
      objects.struct[object] = id
      singles.take(object, { type: 'llist_node', id, source: 'pointers', rivals: 0, evidence: [`unused: it is on the list ${list} of BPF's allocator`] })
    }
  }

  /** The lists on which objects are that nothing tells of yet. */
  #lists(objects: ObjectTypes): StaticList[] {
    const lists = new StaticLists(this.system, objects)
    return this.#batches.flatMap(({ described: { cache }, members }, number) => {
      if ((isKnown(this.#found[number]) && this.#found[number]!.source !== 'words') || !isGeneral(cache)) return []
      const step = Math.max(1, members!.length / ASKED_FOR_LISTS)
      return Array.from({ length: Math.min(members!.length, ASKED_FOR_LISTS) }, (_, i) => lists.through(members![Math.floor(i * step)])).flat()
    })
  }

  /** Leads to what stands on lists, where their names or what is known of some of it tell; returns the other lists. */
  #leadFromLists(lists: readonly StaticList[], incoming: Incoming, objects: ObjectTypes): StaticList[] {
    return lists.filter((list) => {
      const struct = structOfList(list, objects, this.#words.matcher, this.types)
      if (struct === undefined) return true
      for (const listed of list.objects) {
        this.#doubt(objects.group[listed], struct, objects)
        incoming.leadTo(listed, struct, `the list ${list.name}`)
      }
      return false
    })
  }

  /** Forgets what was said of a batch, where it is another struct than the one that a list with its objects is named after. */
  #doubt(number: number, struct: number, objects: ObjectTypes): void {
    const found = this.#found[number]
    if (found === undefined || !isKnown(found) || found.source === 'cache' || found.id === struct) return
    this.#found[number] = this.#decided[number] = undefined
    objects.settle(this.#batches[number].members!, 0)
  }

  #followRoot({ name, type, address, bytes }: TypedRoot, incoming: Incoming): void {
    const wanted = Math.min(bytes, incoming.bytesToRead(type))
    const content = wanted < WORD_BYTES ? 'absent' : this.system.memory.tryRead(address, roundDown(wanted))
    if (typeof content !== 'string') incoming.followValue(type, name, wordsOf(content, this.system.memory.littleEndian))
  }

  /** Batches that became known. */
  #sources(followed: Set<number>): Source[] {
    const found: Source[] = []
    this.#batches.forEach((batch, number) => {
      if (followed.has(number) || !isKnown(this.#found[number])) return
      followed.add(number)
      found.push({ struct: this.#found[number]!.id!, members: batch.members!, addresses: batch.addresses() })
    })
    return found
  }

  #followSource({ struct, members, addresses }: Source, incoming: Incoming, objects: ObjectTypes): void {
    const payload = roundDown(objects.index.payloadBytes(members[0] ?? 0))
    const one = incoming.bytesToRead(struct)
    const bytes = one === 0 ? 0 : payload >= 2 * (this.types.graph.bytesOf(struct) ?? payload) ? payload : Math.min(one, payload)
    if (bytes > 0) incoming.follow(struct, members, readContents(this.system.memory, addresses, bytes, FOLLOWED))
  }

  /** Objects whose batch says nothing, by what leads to each; returns those that are known now. */
  #decideSingles(led: readonly number[], incoming: Incoming, objects: ObjectTypes, singles: SingleObjects): Source[] {
    const known = new Map<string, { readonly struct: number; readonly objects: number[] }>()
    for (const object of led) {
      const number = objects.group[object]
      const batch = this.#batches[number]
      const { described, isAlike } = batch
      if (objects.struct[object] !== 0 || described.cache === null || isKnown(this.#found[number])) continue
      const found = singles.decide(object, described.cache, isAlike ? this.#words.ofObject(batch, number, objects.index.objects.address[object]) : NO_WORDS, incoming.of(object))
      if (found?.elements !== undefined) this.#followArray(object, found.elements, `${found.type}`, incoming, objects)
      const struct = isKnown(found) ? found!.id! : 0
      if (struct === 0) continue
      objects.struct[object] = struct
      const key = `${struct} ${described.cache.name}`
      const list = known.get(key)
      if (list === undefined) known.set(key, { struct, objects: [object] })
      else list.objects.push(object)
    }
    return [...known.values()].map(({ struct, objects: list }) => {
      const members = Uint32Array.from(list).sort()
      return { struct, members, addresses: objects.addressesOf(members) }
    })
  }

  #followArray(object: number, pointee: number, name: string, incoming: Incoming, objects: ObjectTypes): void {
    const { memory } = this.system
    const content = memory.tryRead(objects.index.objects.address[object], roundDown(objects.index.payloadBytes(object)))
    if (typeof content !== 'string') incoming.followArray(pointee, name, wordsOf(content, memory.littleEndian))
  }

  #leadsOf(number: number, incoming: Incoming): readonly WordEvidence[] {
    const found = incoming.ofGroup(number)
    if (found.length === 0) return NO_WORDS
    let held = this.#held.get(found)
    if (held === undefined) {
      const all = this.#batches[number].length
      const least = Math.max(Math.min(2, all), all * LED_SHARE)
      const enough = found.filter(({ objects, pointee }) => objects >= least && isComposite(this.types.graph, pointee))
      held = enough.length === 0 ? NO_WORDS : enough.map((lead) => heldBy(lead, this.#conclusions))
      this.#held.set(found, held)
      enough.forEach(({ objects }, i) => objects >= all * ALL_LED && this.#reachAll.add(held![i]))
    }
    return held
  }
}

function roundDown(bytes: number): number {
  return Math.floor(bytes / WORD_BYTES) * WORD_BYTES
}
