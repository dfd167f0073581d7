import type { System } from '../../system/system.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import type { StructMatcher, UsedBytes, WordEvidence } from '../../type/structMatch.js'
import type { SignatureWord } from '../signature.js'
import type { DescribedGroup } from '../signatures.js'
import type { WordClass } from '../wordClass.js'
import type { Batch } from './batch.js'
import { readContents, word64, wordsOf, type Contents } from './groupContents.js'
import { addressOf, pointerOf, type Pointer, type Target } from './groupPointers.js'
import type { HeldStatics } from './heldStatics.js'
import type { ObjectTypes } from './objectTypes.js'
import type { StaticTypes } from './staticTypes.js'

const WORD_BYTES = 8
/** Objects of a group whose pointers are followed, spread evenly. */
const SAMPLE = 8
/** Objects of a list that are looked through for the one that leads to its head. */
const LOOKED_THROUGH = 4096
/** Fewer objects are told by other means, or not. */
const LEAST_LISTED = 4
/** Neighbours outside of the group that are asked. */
const MOST_STRANGERS = 64
/** So many functions of one prototype in one place are no chance. */
const MANY_FUNCTIONS = 3
/** Part of the sampled pointers that must lead to the same. */
const AGREEING = 0.5

/** Objects of one group, all or some of them. */
export type LikeObjects = Pick<Batch, 'described' | 'length' | 'addresses'>

type PointerEvidence = Extract<WordEvidence, { kind: 'pointer' }>

/** What was seen of a group: evidence, and pointers into slabs. */
interface GroupView {
  readonly seen: readonly (WordEvidence | Pointer)[]
  readonly pointers: readonly Pointer[]
  /** Places in `seen` of words on whose class the objects disagree: they count where all lead to the same. */
  readonly disputed: ReadonlySet<number>
  words: readonly WordEvidence[] | undefined
}

/** What the words of groups of objects say of the struct in them, given what is known of other objects. */
export class GroupWords {
  readonly #pages: readonly number[]
  readonly #groups = new Map<number, GroupView>()
  readonly #used = new Map<number, UsedBytes>()

  constructor(
    readonly system: System, readonly types: BtfTypes, readonly matcher: StructMatcher,
    readonly statics: StaticTypes, readonly held: HeldStatics,
    /** Undefined where the evidence does not hold the machine's objects: pointers then lead to nothing known. */
    readonly objects: ObjectTypes | undefined
  ) {
    // A page structure is what several structs lie over.
    this.#pages = ['page', 'folio', 'slab'].flatMap((name) => {
      const id = types.find(`struct ${name}`)
      return id === undefined ? [] : [matcher.canonical.of(id)]
    })
  }

  /** Looks anew at what is left of a group when it is asked for next. */
  forget(group: number): void {
    this.#groups.delete(group)
    this.#used.delete(group)
  }

  /** Words that are zero, missing or differ in kind say nothing. The list is the same one as long as they say the same. */
  of(batch: LikeObjects, group: number): readonly WordEvidence[] {
    let view = this.#groups.get(group)
    if (view === undefined) this.#groups.set(group, (view = this.#look(batch, group)))
    let changed = false
    for (const pointer of view.pointers) changed = this.#follow(pointer) || changed
    if (view.words === undefined || changed) view.words = view.seen.map((word) => ('structs' in word ? word.evidence! : word)).filter((word, i) => word.kind === 'pointer' || !view.disputed.has(i))
    return view.words
  }

  /** The pointers that not all of the objects looked at have: some lead to others of their own group, to what is known to be something else, or to what is not known. */
  disputed(group: number, words: readonly WordEvidence[]): PointerEvidence[] {
    const pointers = this.#groups.get(group)?.pointers ?? []
    return words.filter((word) => word.kind === 'pointer').filter((word) => {
      const pointer = pointers.find(({ evidence }) => evidence === word)
      return pointer !== undefined && (pointer.kin[1] > 0 || pointer.targets.some(({ inside }, i) => pointer.structs[i] === 0 || this.isElsewhere(word, pointer.structs[i], inside)))
    })
  }

  /** Whether a place in a struct is none of the types that a word points at. Bits below the word's size are marks. */
  isElsewhere({ pointees }: PointerEvidence, struct: number, inside: number): boolean {
    return struct !== 0 && inside % WORD_BYTES === 0 && common(this.matcher.typesAt(struct, inside), pointees).length === 0
  }

  /** How far the objects of a group are in use, where they are larger than what was looked at. */
  usedOf({ described, addresses }: LikeObjects, group: number): UsedBytes | undefined {
    const bytes = described.cache?.objectBytes ?? 0
    if (bytes <= wholeWords(described)) return undefined
    let used = this.#used.get(group)
    if (used === undefined) this.#used.set(group, (used = usedBytes(readContents(this.system.memory, addresses(), bytes - (bytes % WORD_BYTES), SAMPLE))))
    return used.most === 0 ? undefined : used
  }

  /** What the words of a group say of one of its objects, which may differ from most: where it has zero, nothing. */
  ofObject(batch: LikeObjects, group: number, address: bigint): readonly WordEvidence[] {
    const words = this.of(batch, group)
    const content = words.length === 0 ? 'absent' : this.system.memory.tryRead(address, wholeWords(batch.described))
    if (typeof content === 'string') return words
    const own = wordsOf(content, this.system.memory.littleEndian)
    const found = words.filter(({ offset }) => (own[offset >>> 2] | own[(offset >>> 2) + 1]) !== 0)
    return found.length === words.length ? words : found
  }

  /** What the words say whatever is known of other objects, and where those lead that point at some. */
  #look(batch: LikeObjects, group: number): GroupView {
    const { described, addresses } = batch
    const { bytes } = described.reach
    let contents: Contents | undefined
    const read = (): Contents => (contents ??= readContents(this.system.memory, addresses(), wholeWords(described), SAMPLE))
    const seen: (WordEvidence | Pointer)[] = []
    const pointers: Pointer[] = []
    const disputed = new Set<number>()
    let before: SignatureWord | undefined
    for (const word of described.group.words) {
      if (word.offset < bytes && word.offset % WORD_BYTES === 0) {
        const pointer = word.bytes === WORD_BYTES && leading.has(word.class) ? this.#pointerOf(word, group, batch, read()) : undefined
        const isPointer = pointer !== undefined && (word.class !== 'varying' || (pointer.isAddress && pointer.asked > 0))
        const evidence = isPointer ? pointer : this.#evidence(word, before, read)
        if (isPointer) pointers.push(pointer)
        if (isPointer && word.class === 'varying') disputed.add(seen.length)
        if (evidence !== undefined) seen.push(evidence)
      }
      before = word
    }
    return { seen, pointers, disputed, words: undefined }
  }

  #pointerOf({ offset }: SignatureWord, group: number, batch: LikeObjects, contents: Contents): Pointer {
    const pointer = pointerOf(offset, group, contents, this.objects)
    return pointer.kin[1] === 0 ? pointer : { ...pointer, module: this.#moduleBehind(offset, group, batch) }
  }

  /** The module in whose data the list ends that objects of a group are on: by one of their words, or by that of a neighbour which differs for being the last. */
  #moduleBehind(offset: number, group: number, { length, addresses }: LikeObjects): string | null {
    const objects = this.objects!
    if (length < LEAST_LISTED) return null
    const { memory } = this.system
    const { words, halves } = readContents(memory, addresses(), offset + WORD_BYTES, LOOKED_THROUGH)
    let strangers = 0
    for (let at = offset >>> 2; at < words.length; at += halves) {
      const object = objects.target(words[at], words[at + 1])
      let address = word64(words, at)
      if (object >= 0) {
        if (objects.group[object] === group || strangers++ >= MOST_STRANGERS) continue
        const next = memory.tryRead(objects.index.objects.address[object] + BigInt(offset), WORD_BYTES)
        if (typeof next === 'string') continue
        address = word64(wordsOf(next, memory.littleEndian), 0)
      }
      const module = this.system.symbols.at(address)?.module
      if (module != null) return module
    }
    return null
  }

  #evidence(word: SignatureWord, before: SignatureWord | undefined, read: () => Contents): WordEvidence | undefined {
    const { offset, value, symbol } = word
    switch (word.class) {
      case 'kernel text':
      case 'module text':
        return symbol === null ? this.#functions(offset, read()) : symbol.offset === 0 ? this.matcher.functionAt(offset, symbol.name, symbol.module) : { offset, kind: 'address' }
      case 'self pointer':
      case 'empty list head':
        return value === null ? undefined : { offset, kind: 'kin', target: Number(value) }
      case 'page structure pointer':
        return this.#page(offset, read())
      case 'vmalloc pointer':
      case 'kernel pointer':
        return { offset, kind: 'address' }
      case 'ascii':
        return { offset, kind: 'text', starts: before === undefined || !carriesText.has(before.class) }
      case 'small integer':
      case 'other':
      case 'error pointer':
        return word.bytes < WORD_BYTES ? undefined : { offset, kind: 'number' }
      default:
        return undefined
    }
  }

  /** Sees what is known now of what a word leads to; returns whether that has changed. */
  #follow(pointer: Pointer): boolean {
    const { targets, structs, offset, asked, module, kin: [target, times] } = pointer
    let changed = pointer.evidence === undefined
    targets.forEach((led, i) => {
      const struct = led.object >= 0 ? this.objects!.struct[led.object] : this.#staticAt(led)
      changed ||= struct !== structs[i]
      structs[i] = struct
    })
    if (!changed) return false
    let known = 0
    let pointees: readonly number[] | undefined
    let name: string | undefined
    for (let i = 0; i < targets.length; i++) {
      if (structs[i] === 0) continue
      const here = this.matcher.typesAt(structs[i], targets[i].inside)
      pointees = pointees === undefined ? here : common(here, pointees)
      if (targets[i].object < 0) name ??= this.system.symbols.at(addressOf(targets[i]))?.name
      known++
    }
    const isKin = asked > 0 && times >= asked * AGREEING && times > known
    pointer.evidence = isKin ? { offset, kind: 'kin', target, ...(module == null ? {} : { module }) }
      : pointees !== undefined && pointees.length > 0 && known >= asked * AGREEING ? { offset, kind: 'pointer', pointees, ...(name === undefined ? {} : { name }) }
        : { offset, kind: 'address' }
    return true
  }

  /** BTF id of what starts at an address in static data; 0 where nothing tells. */
  #staticAt(led: Target): number {
    return this.held.structAt(led.low, led.high) || (this.statics.at(addressOf(led))?.struct ?? 0)
  }

  /** A member that holds another function in each object is told by the prototype that these share. */
  #functions(offset: number, { rows, words, halves }: Contents): WordEvidence {
    let shared: Extract<WordEvidence, { kind: 'function' }> | undefined
    const names = new Set<string>()
    for (let i = 0, at = offset >>> 2; i < rows.length; i++, at += halves) {
      const symbol = this.system.symbols.at(word64(words, at))
      const found = symbol?.offset === 0 ? this.matcher.functionAt(offset, symbol.name, symbol.module) : undefined
      if (found?.kind !== 'function') return { offset, kind: 'address' }
      if (found.prototypes.length === 0) continue
      names.add(symbol!.name)
      shared = shared === undefined ? found : { ...shared, prototypes: common(shared.prototypes, found.prototypes), module: shared.module === found.module ? shared.module : null }
    }
    return shared === undefined || shared.prototypes.length === 0 ? { offset, kind: 'address' } : { ...shared, name: `${shared.name} and others`, isVaried: names.size >= MANY_FUNCTIONS }
  }

  /** Pointers to page structures lead to the start of one. */
  #page(offset: number, { rows, words, halves }: Contents): WordEvidence | undefined {
    const { kernel } = this.system
    let pages = 0
    for (let i = 0, at = offset >>> 2; i < rows.length; i++, at += halves) {
      const frame = kernel?.frameOfPageStruct(word64(words, at))
      if (frame !== undefined && kernel?.pageStructOf(frame) === word64(words, at)) pages++
    }
    return pages >= rows.length * AGREEING ? { offset, kind: 'pointer', pointees: this.#pages, name: 'a page structure' } : undefined
  }
}

function usedBytes({ rows, words, halves }: Contents): UsedBytes {
  const ends = Array.from(rows, (_, i) => {
    const own = words.subarray(i * halves, (i + 1) * halves)
    const last = own.findLastIndex((half) => half !== 0)
    return (Math.floor(last / 2) + 1) * WORD_BYTES
  })
  return { least: Math.min(...ends), most: Math.max(0, ...ends) }
}

/** What is in both lists, in the order of the first. */
function common(list: readonly number[], other: readonly number[]): readonly number[] {
  return list === other ? list : list.filter((one) => other.includes(one))
}

/** Bytes of all words that were looked at. */
function wholeWords({ group }: DescribedGroup): number {
  const last = group.words.at(-1)
  return last === undefined ? 0 : Math.floor((last.offset + last.bytes) / WORD_BYTES) * WORD_BYTES
}

/** Words that lead to something; where the objects disagree, all may be pointers, some into slabs and some into static data. */
const leading: ReadonlySet<WordClass> = new Set<WordClass>(['slab pointer', 'direct map pointer', 'kernel data', 'module data', 'varying'])
/** Text may go on behind these. */
const carriesText: ReadonlySet<WordClass> = new Set<WordClass>(['ascii', 'other', 'varying'])
