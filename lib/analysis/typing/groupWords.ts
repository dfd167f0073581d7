import type { System } from '../../system/system.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import type { StructMatcher, WordEvidence } from '../../type/structMatch.js'
import type { SignatureWord } from '../signature.js'
import type { DescribedGroup } from '../signatures.js'
import type { WordClass } from '../wordClass.js'
import { readContents, type Contents } from './groupContents.js'
import type { ObjectTypes } from './objectTypes.js'
import type { StaticTypes } from './staticTypes.js'

const WORD_BYTES = 8
/** Objects of a group whose pointers are followed, spread evenly. */
const SAMPLE = 8
/** Part of the sampled pointers that must lead to the same. */
const AGREEING = 0.5

/** What was seen of a group: evidence, or the offset of a pointer into slabs; and the sample, where it was needed. */
interface GroupView {
  readonly words: readonly (WordEvidence | number)[]
  readonly contents: Contents | undefined
}

/** What the words of groups of objects say of the struct in them, given what is known of other objects. */
export class GroupWords {
  readonly #pages: readonly number[]
  readonly #groups = new Map<number, GroupView>()

  constructor(
    readonly system: System, readonly types: BtfTypes, readonly matcher: StructMatcher, readonly statics: StaticTypes,
    /** Undefined where the evidence does not hold the machine's objects: pointers then lead to nothing known. */
    readonly objects: ObjectTypes | undefined
  ) {
    // A page structure is what several structs lie over.
    this.#pages = ['page', 'folio', 'slab'].flatMap((name) => {
      const id = types.find(`struct ${name}`)
      return id === undefined ? [] : [matcher.canonical.of(id)]
    })
  }

  /** Words that are zero, missing or differ in kind say nothing. */
  of(described: DescribedGroup, group: number): WordEvidence[] {
    let known = this.#groups.get(group)
    if (known === undefined) this.#groups.set(group, (known = this.#look(described)))
    const { words, contents } = known
    return words.flatMap((word) => (typeof word === 'number' ? this.#pointer(word, group, contents!) : word))
  }

  /** What the words say whatever is known of other objects; the offsets of those that point at some. */
  #look(described: DescribedGroup): GroupView {
    const { bytes } = described.reach
    let contents: Contents | undefined
    const read = (): Contents => (contents ??= readContents(this.system.memory, described.signatures.addressesOf(described.group), wholeWords(described), SAMPLE))
    const words: (WordEvidence | number)[] = []
    let before: SignatureWord | undefined
    for (const word of described.group.words) {
      if (word.offset < bytes && word.offset % WORD_BYTES === 0) {
        const evidence = word.class === 'slab pointer' || word.class === 'direct map pointer' ? word.offset : this.#evidence(word, before, read)
        if (typeof evidence === 'number') read()
        if (evidence !== undefined) words.push(evidence)
      }
      before = word
    }
    return { words, contents }
  }

  #evidence(word: SignatureWord, before: SignatureWord | undefined, read: () => Contents): WordEvidence | undefined {
    const { offset, value, symbol } = word
    switch (word.class) {
      case 'kernel text':
      case 'module text':
        if (symbol === null || symbol.offset !== 0) return { offset, kind: 'address' }
        return this.matcher.functionAt(offset, symbol.name, symbol.module)
      case 'self pointer':
      case 'empty list head':
        return value === null ? undefined : { offset, kind: 'kin', target: Number(value) }
      case 'kernel data':
      case 'module data':
        return this.#data(offset, read())
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

  /** Where pointers into slabs lead: to others of this group, or to structs that are known. */
  #pointer(offset: number, group: number, { rows, words, halves }: Contents): WordEvidence {
    const { objects, matcher } = this
    if (objects === undefined) return { offset, kind: 'address' }
    const kin = new Map<number, number>()
    let asked = 0
    let known = 0
    let pointees: Set<number> | undefined
    for (let i = 0, at = offset >>> 2; i < rows.length; i++, at += halves) {
      if ((words[at] | words[at + 1]) === 0) continue
      asked++
      const object = objects.target(words[at], words[at + 1])
      if (object < 0) continue
      const inside = objects.offsetIn(object, words[at], words[at + 1])
      // Its own group proves nothing of itself, whatever it was taken for.
      if (objects.group[object] === group) kin.set(inside, (kin.get(inside) ?? 0) + 1)
      else if (objects.struct[object] > 0) {
        const here = matcher.typesAt(objects.struct[object], inside)
        pointees = new Set(pointees === undefined ? here : here.filter((type) => pointees!.has(type)))
        known++
      }
    }
    const [target, times] = [...kin].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0])
    if (asked > 0 && times >= asked * AGREEING && times > known) return { offset, kind: 'kin', target }
    if (pointees !== undefined && pointees.size > 0 && known >= asked * AGREEING) return { offset, kind: 'pointer', pointees: [...pointees] }
    return { offset, kind: 'address' }
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

  /** Tables of functions and the like, to which objects point by their start. */
  #data(offset: number, { rows, words, halves }: Contents): WordEvidence {
    let asked = 0
    let known = 0
    let name: string | undefined
    let pointees: Set<number> | undefined
    for (let i = 0, at = offset >>> 2; i < rows.length; i++, at += halves) {
      if ((words[at] | words[at + 1]) === 0) continue
      asked++
      const hit = this.system.symbols.at(word64(words, at))
      const struct = hit?.offset === 0 ? this.statics.at(hit) : 0
      if (struct === 0) continue
      name ??= hit!.name
      const here = this.matcher.typesAt(struct, 0)
      pointees = new Set(pointees === undefined ? here : here.filter((type) => pointees!.has(type)))
      known++
    }
    if (pointees === undefined || pointees.size === 0 || known < asked * AGREEING) return { offset, kind: 'address' }
    return { offset, kind: 'pointer', pointees: [...pointees], name: name! }
  }
}

function word64(words: Uint32Array, at: number): bigint {
  return (BigInt(words[at + 1]) << 32n) | BigInt(words[at])
}

/** Bytes of all words that were looked at. */
function wholeWords({ group }: DescribedGroup): number {
  const last = group.words.at(-1)
  return last === undefined ? 0 : Math.floor((last.offset + last.bytes) / WORD_BYTES) * WORD_BYTES
}

/** Text may go on behind these. */
const carriesText: ReadonlySet<WordClass> = new Set<WordClass>(['ascii', 'other', 'varying'])
