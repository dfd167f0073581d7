import type { BtfTypes } from './btfTypes.js'
import { CanonicalTypes } from './canonical.js'
import { membersAt, startsWith } from './memberAt.js'
import { WordReason, type MatchEvidence, type MatchOptions, type StructCandidate, type StructMatch, type UsedBytes } from './matchEvidence.js'
import { addPrior, endsOf, gainOf, ranked, SAME_BITS, sizeBits, usedBits } from './matchSums.js'
import { Prototypes } from './prototype.js'
import { includes, lowerBound, StructCatalog } from './structCatalog.js'
import { isTelling, type WordEvidence } from './wordEvidence.js'
import { WordFits } from './wordFits.js'
import { WordKinds } from './wordKinds.js'

export type { MatchEvidence, MatchOptions, StructCandidate, StructMatch, UsedBytes, WordEvidence }

/** What a word that contradicts its member takes off: stale and half-initialised words exist, so it does not exclude. */
const CONTRADICTION_BITS = -8
/** What a pointer that is declared as to the struct itself tells more than one to a struct that it starts with. */
const EXACT_BITS = 2
/** How often an object that points at a module's function is of a type the module's own BTF declares: a prior, not a measurement. */
const OWN_TYPE = 0.75
/** How often an object of a cache is of a struct that the cache is named after, where there is one: a prior, not a measurement. */
const NAMED_TYPE = 0.9
/** Shifts have room below this in a combined key. */
const SHIFTS = 0x10000
/** Who is so many bits behind by what tells most is not helped by addresses and numbers that fit. */
const HOPELESS_BITS = 24
const DEFAULT_LIMIT = 16
const NAMED_RIVALS = 4

/**
 * Finds the structs that an object's words fit: the prototypes of the functions it points at against the function-pointer members
 * of every struct, embedded ones at any depth; pointers against member types, its own and those that lead to it; what cannot be in a
 * member against it. Each piece of evidence counts by how few structs share it, so generic callbacks (work, timer, RCU) weigh little
 * by themselves.
 *
 * Made once for a machine (the first match takes some 50 ms, others a fraction of one).
 *
 * @example
 * const matcher = new StructMatcher(types)
 * matcher.match([matcher.functionAt(0, 'single_start'), matcher.functionAt(8, 'single_stop')], { slotBytes: 32 }).candidates[0].type
 * // 'struct seq_operations'
 */
export class StructMatcher {
  readonly canonical: CanonicalTypes
  readonly prototypes: Prototypes
  readonly #types: BtfTypes
  readonly #kinds: WordKinds
  #fits: WordFits | undefined
  #bits = new Float32Array(0)
  #gathered = new Uint32Array(0)
  #isGathered = new Uint8Array(0)
  readonly #functions = new Map<string, WordEvidence>()
  /** By type of a struct and offset in it. */
  readonly #typesAt = new Map<number, readonly number[]>()

  constructor(types: BtfTypes) {
    this.#types = types
    this.canonical = new CanonicalTypes(types.graph)
    this.prototypes = new Prototypes(this.canonical)
    this.#kinds = new WordKinds(types.graph)
  }

  /** Evidence that the word at `offset` points at a function of that name; `module` as in {@link Prototypes.ofFunction}. */
  functionAt(offset: number, name: string, module?: string | null): WordEvidence {
    const key = [offset, module === null, module, name].join(' ')
    let known = this.#functions.get(key)
    if (known === undefined) {
      const prototypes = this.prototypes.ofFunction(name, module).map(({ prototype }) => prototype)
      this.#functions.set(key, (known = { offset, kind: 'function', prototypes, name, module }))
    }
    return known
  }

  /** Evidence that the word at `offset` points `inside` bytes into an object of a known struct. */
  pointerAt(offset: number, struct: number, inside = 0): WordEvidence {
    return { offset, kind: 'pointer', pointees: this.typesAt(struct, inside) }
  }

  /** The types of everything that starts at an offset of a struct: what a pointer to that place may be declared to point at. */
  typesAt(struct: number, offset: number): readonly number[] {
    const key = struct * SHIFTS + offset
    let known = this.#typesAt.get(key)
    if (known === undefined) {
      const found = new Set<number>()
      if (offset === 0) found.add(this.canonical.of(struct))
      for (const { type } of membersAt(this.#types.graph, struct, offset)) found.add(this.canonical.of(type))
      this.#typesAt.set(key, (known = [...found]))
    }
    return known
  }

  /** The structs of at most `slotBytes` in which a type stands at an offset. */
  structsWith(offset: number, type: number, slotBytes: number): number[] {
    const fits = this.#wordFits()
    const found = fits.fitting({ offset, kind: 'held', types: [this.canonical.of(type)] }, fits.catalog.upTo(slotBytes))
    return Array.from(found, (index) => fits.catalog.ids[index])
  }

  /** What each word of a struct may hold: bits of {@link WordKind}. */
  wordKinds(struct: number): Uint8Array {
    return this.#kinds.of(struct)
  }

  /** The structs an object with this evidence may be, ranked. */
  match(evidence: readonly WordEvidence[], options: MatchOptions): StructMatch {
    const fits = this.#wordFits()
    const { catalog } = fits
    const considered = catalog.upTo(options.slotBytes)
    const modules = new Set<string>()
    for (const word of evidence) if ('module' in word && word.module != null) modules.add(word.module)
    const named = Uint32Array.from((options.named ?? []).flatMap((id) => (catalog.indexOf[id] > 0 ? [catalog.indexOf[id] - 1] : []))).sort()
    const fitting = evidence.map((word) => fits.fitting(word, considered))
    const alive = this.#alive(evidence, fitting, named.subarray(0, lowerBound(named, considered)), considered)
    const bits = this.#bits
    const ends = endsOf(evidence)
    const smallest = options.smallestBytes ?? 0
    for (let i = 0; i < alive.length; i++) {
      const bytes = catalog.bytes[alive[i]]
      bits[alive[i]] = catalog.fills(alive[i], smallest) || ends.has(bytes) ? 0 : sizeBits(bytes, smallest)
      if (options.used !== undefined) bits[alive[i]] += usedBits(bytes, catalog.endsOpen(alive[i]), options.used)
    }
    evidence.forEach((word, i) => {
      fits.judge(word, fitting[i], alive, bits, gainOf(considered, fitting[i].length), CONTRADICTION_BITS)
      if (word.kind !== 'held' || word.offset !== 0) return
      for (let at = 0; at < alive.length; at++) if (this.#isExact(word, catalog.ids[alive[at]])) bits[alive[at]] += EXACT_BITS
    })
    for (const module of modules) addPrior(bits, alive, catalog.ofModule(module), OWN_TYPE, considered)
    addPrior(bits, alive, named, NAMED_TYPE, considered)
    const limit = options.limit ?? DEFAULT_LIMIT
    const order = ranked(alive, bits, limit)
    const best = order.length === 0 ? 0 : bits[order[0]]
    let rivals = 0
    for (let i = 1; i < order.length && bits[order[i]] > best - SAME_BITS; i++) rivals++
    const sums = order.slice(0, limit).map((index) => bits[index])
    const candidates = order.slice(0, sums.length).map((index, i) => {
      const id = catalog.ids[index]
      const reasons = evidence.map((word, at) => this.#explain(word, fitting[at], id, 0, considered))
      return this.#candidate(id, 0, [...reasons, ...this.#priors(id, modules, named, considered)], sums[i], options, ends)
    })
    const rivalTypes = order.slice(1, 1 + Math.min(rivals, NAMED_RIVALS)).map((index) => catalog.nameOf(catalog.ids[index]))
    const rivalsContainBest = rivals > 0 && order.slice(1, 1 + rivals).every((index) => startsWith(this.#types.graph, catalog.ids[index], catalog.ids[order[0]]))
    return { candidates, rivals, rivalTypes, rivalsContainBest, lead: order.length > 1 ? best - bits[order[1]] : Infinity, considered }
  }

  /**
   * The structs that may lie somewhere inside an object, behind a header or among others: by its function pointers alone.
   * For objects that {@link match} does not explain.
   */
  matchInside(evidence: readonly WordEvidence[], options: MatchOptions): StructMatch {
    const fits = this.#wordFits()
    const { catalog, functions } = fits
    const considered = catalog.upTo(options.slotBytes)
    const { pointerBytes } = this.#types.graph
    const places = considered * Math.max(1, options.slotBytes / pointerBytes)
    const sums = new Map<number, number>()
    const words = evidence.filter((word) => word.kind === 'function')
    for (const word of words) {
      const at = new Set<number>()
      for (const prototype of word.prototypes) {
        const [first, end] = functions.rows(prototype)
        for (let row = first; row < end; row++) {
          const index = catalog.indexOf[functions.structs[row]] - 1
          const shift = word.offset - functions.offsets[row]
          if (index < 0 || index >= considered || shift < 0 || shift % pointerBytes !== 0 || shift + catalog.bytes[index] > options.slotBytes) continue
          at.add(index * SHIFTS + shift)
        }
      }
      const bits = gainOf(places, at.size)
      for (const key of at) sums.set(key, (sums.get(key) ?? 0) + bits)
    }
    const order = [...sums].sort(([a, x], [b, y]) => y - x || a - b)
    const best = order[0]?.[1] ?? 0
    const rivals = Math.max(0, order.filter(([, bits]) => bits > best - SAME_BITS).length - 1)
    const candidates = order.slice(0, options.limit ?? DEFAULT_LIMIT).map(([key, bits]) => {
      const shift = key % SHIFTS
      const id = catalog.ids[(key - shift) / SHIFTS]
      const reasons = words.map((word) => {
        const moved = { ...word, offset: word.offset - shift }
        return this.#explain(word, moved.offset < 0 ? new Uint32Array(0) : fits.fitting(moved, considered), id, shift, considered)
      })
      return this.#candidate(id, shift, reasons, bits, options)
    })
    const rivalTypes = order.slice(1, 1 + Math.min(rivals, NAMED_RIVALS)).map(([key]) => catalog.nameOf(catalog.ids[Math.floor(key / SHIFTS)]))
    return { candidates, rivals, rivalTypes, rivalsContainBest: false, lead: order.length > 1 ? best - order[1][1] : Infinity, considered }
  }

  /**
   * The structs that are worth a look, ascending: those that telling words fit, less those that fit so few of them that no other word would
   * make up for it; and those that the cache is named after, or behind whose end the object points, for what they say nothing of cannot speak
   * against them.
   */
  #alive(evidence: readonly WordEvidence[], fitting: readonly Uint32Array[], named: Uint32Array, considered: number): Uint32Array {
    if (this.#bits.length < considered) {
      this.#bits = new Float32Array(this.#wordFits().catalog.ids.length)
      this.#gathered = new Uint32Array(this.#bits.length)
      this.#isGathered = new Uint8Array(this.#bits.length)
    }
    const bits = this.#bits
    const told = evidence.some(isTelling) ? fitting.filter((_, i) => isTelling(evidence[i])) : named.length > 0 ? [] : fitting
    for (const list of told) for (let i = 0; i < list.length; i++) bits[list[i]] = 0
    let most = 0
    for (const list of told) {
      const gain = gainOf(considered, list.length)
      for (let i = 0; i < list.length; i++) most = Math.max(most, (bits[list[i]] += gain))
    }
    const { bytes } = this.#wordFits().catalog
    const found = this.#gathered
    const isGathered = this.#isGathered
    let count = 0
    const add = (index: number): void => {
      if (isGathered[index] === 1) return
      isGathered[index] = 1
      found[count++] = index
    }
    for (const list of told) for (let i = 0; i < list.length; i++) if (bits[list[i]] >= most - HOPELESS_BITS) add(list[i])
    named.forEach(add)
    evidence.forEach((word, i) => {
      if (word.kind === 'kin') for (const index of fitting[i]) if (bytes[index] === word.target) add(index)
    })
    for (let i = 0; i < count; i++) isGathered[found[i]] = 0
    return found.slice(0, count).sort()
  }

  /** Whether pointers that lead to where the struct starts are declared as to the struct. */
  #isExact(word: WordEvidence, struct: number): boolean {
    return word.kind === 'held' && word.types.includes(this.canonical.of(struct))
  }

  #wordFits(): WordFits {
    return (this.#fits ??= new WordFits(this.canonical, new StructCatalog(this.#types, this.canonical), this.#kinds))
  }

  #candidate(id: number, shift: number, reasons: readonly (MatchEvidence | undefined)[], bits: number, options: MatchOptions, ends: ReadonlySet<number> = new Set()): StructCandidate {
    const { graph } = this.#types
    const { catalog } = this.#wordFits()
    const evidence = reasons.filter((reason) => reason !== undefined)
    return {
      id,
      type: catalog.nameOf(id),
      module: graph.moduleOf(id),
      bytes: graph.sizeOrType(id),
      fills: catalog.fills(catalog.indexOf[id] - 1, (options.smallestBytes ?? 0) - shift) || ends.has(graph.sizeOrType(id)),
      shift,
      bits,
      fits: evidence.filter(({ fits }) => fits).length,
      contradictions: evidence.filter(({ fits }) => !fits).length,
      evidence
    }
  }

  /** What speaks for a struct beside the object's words: its module's functions are in them, its name is the cache's. */
  #priors(id: number, modules: ReadonlySet<string>, named: Uint32Array, considered: number): MatchEvidence[] {
    const { catalog } = this.#wordFits()
    const found: MatchEvidence[] = []
    const add = (kind: 'module' | 'cache', structs: number, share: number, text: string): void => {
      found.push({ offset: 0, kind, member: '', fits: true, exact: false, structs, bits: Math.log2(share * considered / structs), text })
    }
    for (const module of modules) {
      const own = catalog.ofModule(module)
      if (includes(own, catalog.indexOf[id] - 1)) add('module', lowerBound(own, considered), OWN_TYPE, `declared by ${module}, to which the object points`)
    }
    if (includes(named, catalog.indexOf[id] - 1)) add('cache', named.length, NAMED_TYPE, 'the cache has a name of it')
    return found
  }

  /** What a word says of a struct; undefined where it says nothing. */
  #explain(word: WordEvidence, fitting: Uint32Array, struct: number, shift: number, considered: number): MatchEvidence | undefined {
    const { graph } = this.#types
    const fits = this.#wordFits()
    const offset = word.offset - shift
    const isFit = includes(fitting, fits.catalog.indexOf[struct] - 1)
    if (offset < 0 || (!isFit && offset >= graph.sizeOrType(struct))) return undefined
    if (!isFit && !fits.contradicts({ ...word, offset }, struct)) return undefined
    return new WordReason(graph, word, struct, shift, isFit, isFit && offset === 0 && this.#isExact(word, struct), fitting.length, isFit ? gainOf(considered, fitting.length) : CONTRADICTION_BITS)
  }
}
