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

/** A word of a group that points into slabs: what it says depends on what is known of the objects it leads to. */
interface SlabPointer {
  readonly offset: number
  /** Sampled objects whose word is not zero. */
  readonly asked: number
  /** Objects of other groups that these words lead to, and how far into them. */
  readonly targets: readonly number[]
  readonly insides: readonly number[]
  /** The place in objects of its own group that most words lead to, and how many do. */
  readonly kin: readonly [target: number, times: number]
  /** The structs of the targets when they were last looked at, and what the word said then. */
  readonly structs: number[]
  evidence: WordEvidence | undefined
}

/** What was seen of a group: evidence, and pointers into slabs. */
interface GroupView {
  readonly seen: readonly (WordEvidence | SlabPointer)[]
  readonly pointers: readonly SlabPointer[]
  words: readonly WordEvidence[] | undefined
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

  /** Words that are zero, missing or differ in kind say nothing. The list is the same one as long as they say the same. */
  of(described: DescribedGroup, group: number): readonly WordEvidence[] {
    let view = this.#groups.get(group)
    if (view === undefined) this.#groups.set(group, (view = this.#look(described, group)))
    let changed = false
    for (const pointer of view.pointers) changed = this.#follow(pointer) || changed
    if (view.words === undefined || changed) view.words = view.seen.map((word) => ('structs' in word ? word.evidence! : word))
    return view.words
  }

  /** What the words say whatever is known of other objects, and where those lead that point at some. */
  #look(described: DescribedGroup, group: number): GroupView {
    const { bytes } = described.reach
    let contents: Contents | undefined
    const read = (): Contents => (contents ??= readContents(this.system.memory, described.signatures.addressesOf(described.group), wholeWords(described), SAMPLE))
    const seen: (WordEvidence | SlabPointer)[] = []
    const pointers: SlabPointer[] = []
    let before: SignatureWord | undefined
    for (const word of described.group.words) {
      if (word.offset < bytes && word.offset % WORD_BYTES === 0) {
        if (word.class !== 'slab pointer' && word.class !== 'direct map pointer') {
          const evidence = this.#evidence(word, before, read)
          if (evidence !== undefined) seen.push(evidence)
        } else if (this.objects === undefined) seen.push({ offset: word.offset, kind: 'address' })
        else {
          const pointer = slabPointer(word.offset, group, read(), this.objects)
          seen.push(pointer)
          pointers.push(pointer)
        }
      }
      before = word
    }
    return { seen, pointers, words: undefined }
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

  /** Sees what is known now of the objects that a word leads to; returns whether that has changed. */
  #follow(pointer: SlabPointer): boolean {
    const { targets, insides, structs, offset, asked, kin: [target, times] } = pointer
    let changed = pointer.evidence === undefined
    for (let i = 0; i < targets.length; i++) {
      const struct = this.objects!.struct[targets[i]]
      changed ||= struct !== structs[i]
      structs[i] = struct
    }
    if (!changed) return false
    let known = 0
    let pointees: readonly number[] | undefined
    for (let i = 0; i < targets.length; i++) {
      if (structs[i] === 0) continue
      const here = this.matcher.typesAt(structs[i], insides[i])
      pointees = pointees === undefined ? here : common(here, pointees)
      known++
    }
    const isKin = asked > 0 && times >= asked * AGREEING && times > known
    pointer.evidence = isKin ? { offset, kind: 'kin', target }
      : pointees !== undefined && pointees.length > 0 && known >= asked * AGREEING ? { offset, kind: 'pointer', pointees } : { offset, kind: 'address' }
    return true
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
    let pointees: readonly number[] | undefined
    for (let i = 0, at = offset >>> 2; i < rows.length; i++, at += halves) {
      if ((words[at] | words[at + 1]) === 0) continue
      asked++
      const found = this.statics.at(word64(words, at))
      if (found === undefined) continue
      name ??= found.name
      const here = this.matcher.typesAt(found.struct, 0)
      pointees = pointees === undefined ? here : common(here, pointees)
      known++
    }
    if (pointees === undefined || pointees.length === 0 || known < asked * AGREEING) return { offset, kind: 'address' }
    return { offset, kind: 'pointer', pointees, name: name! }
  }
}

/** Where the words at an offset lead that point into slabs: to others of this group, or elsewhere. Its own group proves nothing of itself. */
function slabPointer(offset: number, group: number, { rows, words, halves }: Contents, objects: ObjectTypes): SlabPointer {
  const kin = new Map<number, number>()
  const targets: number[] = []
  const insides: number[] = []
  let asked = 0
  for (let i = 0, at = offset >>> 2; i < rows.length; i++, at += halves) {
    if ((words[at] | words[at + 1]) === 0) continue
    asked++
    const object = objects.target(words[at], words[at + 1])
    if (object < 0) continue
    const inside = objects.offsetIn(object, words[at], words[at + 1])
    if (objects.group[object] === group) kin.set(inside, (kin.get(inside) ?? 0) + 1)
    else {
      targets.push(object)
      insides.push(inside)
    }
  }
  const [target, times] = [...kin].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0])
  return { offset, asked, targets, insides, kin: [target, times], structs: [], evidence: undefined }
}

/** What is in both lists, in the order of the first. */
function common(list: readonly number[], other: readonly number[]): readonly number[] {
  return list === other ? list : list.filter((one) => other.includes(one))
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
