import type { CanonicalTypes } from './canonical.js'
import { PointerMembers } from './pointerMembers.js'
import { lowerBound, type StructCatalog } from './structCatalog.js'
import { WordKind, type WordKinds } from './wordKinds.js'
import { fittingKey, numberKey, type WordEvidence } from './wordEvidence.js'

/** Lists of structs kept: a machine's objects need some thousands. */
const MOST_KEPT = 1 << 14

/**
 * Which structs of a catalog a word of an object fits, and which cannot have such a word there. Lists are positions in the catalog, ascending
 * and so in order of size; groups of objects ask alike, so they are kept.
 */
export class WordFits {
  readonly #fits = new Map<string | number, Uint32Array>()
  #functions: PointerMembers | undefined
  #data: PointerMembers | undefined
  #embedded: PointerMembers | undefined
  #texts: PointerMembers | undefined
  /** By offset in words: what each struct of the catalog may hold there. */
  readonly #kindsOf: (Uint8Array | undefined)[] = []

  constructor(readonly canonical: CanonicalTypes, readonly catalog: StructCatalog, readonly kinds: WordKinds) {}

  /** Function-pointer members of all structs. */
  get functions(): PointerMembers {
    return (this.#functions ??= PointerMembers.of(this.canonical, 'functions'))
  }

  /** Positions, below `considered`, of the structs that have a member for the word. */
  fitting(word: WordEvidence, considered: number): Uint32Array {
    const key = numberKey(word) ?? fittingKey(word)
    let found = this.#fits.get(key)
    if (found === undefined) {
      if (this.#fits.size >= MOST_KEPT) this.#fits.clear()
      this.#fits.set(key, (found = this.#find(word)))
    }
    return found.subarray(0, lowerBound(found, considered))
  }

  /**
   * Adds what a word says to the sums of structs at ascending positions: `gain` where one has a member for it, `loss` where one cannot have such
   * a word there. `fitting` is that of the word.
   */
  judge(word: WordEvidence, fitting: Uint32Array, positions: Uint32Array, sums: Float32Array, gain: number, loss: number): void {
    const { ids } = this.catalog
    const mask = fittingKinds(word)
    for (let i = 0, at = 0; i < positions.length; i++) {
      const index = positions[i]
      let fits: boolean
      // Long lists need not be gone through for what the member tells.
      if (mask !== 0) fits = (this.#kindsAt(ids[index], word.offset) & mask) !== 0
      else {
        while (at < fitting.length && fitting[at] < index) at++
        fits = fitting[at] === index
      }
      if (fits) sums[index] += gain
      else if (this.contradicts(word, ids[index])) sums[index] += loss
    }
  }

  /** Whether a struct has a member there that cannot hold such a word. Padding, unions with a fitting side, and what lies behind the struct can. */
  contradicts(word: WordEvidence, struct: number): boolean {
    if (word.kind === 'held') return true
    const kinds = this.#kindsAt(struct, word.offset)
    if (kinds === 0 || (kinds & bearingKinds(word)) !== 0) return false
    // What was allocated behind a struct may be led to by its pointers.
    return word.kind !== 'kin' || word.target < this.canonical.graph.sizeOrType(struct) || (kinds & WordKind.DATA) === 0
  }

  /** What the word of a struct at an offset may hold: bits of {@link WordKind}; 0 where nothing is there. */
  #kindsAt(struct: number, offset: number): number {
    const word = offset / this.canonical.graph.pointerBytes
    return word < this.kinds.length(struct) ? this.kinds.pool[this.kinds.start(struct) + word] : 0
  }

  /** Ascending. */
  #find(word: WordEvidence): Uint32Array {
    switch (word.kind) {
      case 'function':
        if (word.prototypes.length === 0) return this.#withKind(word)
        return this.#withMember(this.functions, word.prototypes, word.offset)
      case 'pointer':
        return this.#withMember(this.#dataPointers(), word.pointees, word.offset)
      case 'held':
        return this.#withMember(this.#embeddedStructs(), word.types, word.offset)
      case 'kin':
        return this.#withKin(word.offset, word.target)
      case 'address':
      case 'number':
        return this.#withKind(word)
      case 'text':
        return word.starts ? this.#withText(word.offset) : this.#withKind(word)
    }
  }

  #embeddedStructs(): PointerMembers {
    return (this.#embedded ??= PointerMembers.of(this.canonical, 'embedded'))
  }

  #withMember(members: PointerMembers, wanted: readonly number[], offset: number): Uint32Array {
    const found = new Set<number>()
    for (const type of wanted) {
      const [first, end] = members.rows(type)
      for (let row = first; row < end; row++) {
        const index = this.catalog.indexOf[members.structs[row]] - 1
        if (members.offsets[row] === offset && index >= 0) found.add(index)
      }
    }
    return Uint32Array.from(found).sort()
  }

  #withKind(word: WordEvidence): Uint32Array {
    const { offset } = word
    const { ids } = this.catalog
    const mask = fittingKinds(word)
    const at = offset / this.canonical.graph.pointerBytes
    const first = lowerBound(this.catalog.bytes, offset + 1)
    let of = this.#kindsOf[at]
    if (of === undefined) {
      of = this.#kindsOf[at] = new Uint8Array(ids.length)
      for (let index = first; index < ids.length; index++) of[index] = this.#kindsAt(ids[index], offset)
    }
    const found = new Uint32Array(ids.length - first)
    let count = 0
    for (let index = first; index < ids.length; index++) if ((of[index] & mask) !== 0) found[count++] = index
    return found.slice(0, count)
  }

  /** Structs in which an array of characters starts at `offset`: a string does not begin in the middle of one. */
  #withText(offset: number): Uint32Array {
    this.#texts ??= PointerMembers.of(this.canonical, 'text')
    return this.#withMember(this.#texts, this.#texts.pointees(), offset)
  }

  /**
   * Structs with a pointer at `offset` to a type that stands at their own `target`: list heads, parents, peers. And those that end there: the
   * pointer leads to what was allocated with them.
   */
  #withKin(offset: number, target: number): Uint32Array {
    const pointers = this.#dataPointers().at(offset)
    const places = this.#embeddedStructs().at(target)
    const found: number[] = []
    for (const struct of target === 0 ? [] : pointers.structs) {
      const index = this.catalog.indexOf[struct] - 1
      if (index >= 0 && this.catalog.bytes[index] === target) found.push(index)
    }
    // Both are in order of struct.
    for (let i = 0, first = 0; i < pointers.structs.length; i++) {
      const struct = pointers.structs[i]
      while (first < places.structs.length && places.structs[first] < struct) first++
      for (let place = first; place < places.structs.length && places.structs[place] === struct; place++) {
        if (places.pointees[place] !== pointers.pointees[i]) continue
        const index = this.catalog.indexOf[struct] - 1
        if (index >= 0) found.push(index)
        break
      }
    }
    // Copies of a struct are it, and need not stand beside it; one may have several such pointers in a union.
    return Uint32Array.from(new Set(found)).sort()
  }

  #dataPointers(): PointerMembers {
    return (this.#data ??= PointerMembers.of(this.canonical, 'data'))
  }
}

/** The kinds of members that a word fits which fits whatever is of a kind; 0 for one that asks for more. */
function fittingKinds(word: WordEvidence): number {
  switch (word.kind) {
    case 'address':
      return WordKind.DATA | WordKind.PLAIN_POINTER
    case 'number':
      return WordKind.WORD | WordKind.SMALL | WordKind.TEXT
    case 'text':
      return word.starts === true ? 0 : WordKind.TEXT
    case 'function':
      return word.prototypes.length === 0 ? WordKind.FUNCTION : 0
    default:
      return 0
  }
}

/** The kinds of members that may hold a word, whether it fits them or not. */
function bearingKinds(word: WordEvidence): number {
  switch (word.kind) {
    case 'function':
      // A function of another prototype than the member's is no more at home there than a number.
      return WordKind.PLAIN_POINTER | WordKind.WORD | (word.prototypes.length === 0 ? WordKind.FUNCTION : 0)
    case 'address':
      return WordKind.DATA | WordKind.PLAIN_POINTER | WordKind.WORD
    case 'number':
    case 'text':
      return WordKind.WORD | WordKind.SMALL | WordKind.TEXT
    default:
      return WordKind.PLAIN_POINTER | WordKind.WORD
  }
}
