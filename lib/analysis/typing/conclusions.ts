import type { SlabCache } from '../../slab/model.js'
import type { System } from '../../system/system.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { isComposite, rawMember } from '../../type/members.js'
import type { MatchOptions, StructCandidate, StructMatcher, UsedBytes, WordEvidence } from '../../type/structMatch.js'
import type { TypeGraph } from '../../type/typeGraph.js'
import { isTelling, wordKey } from '../../type/wordEvidence.js'
import { kmallocSize, leastObjectBytes } from '../kmallocFamily.js'
import { structsOfCache } from './cacheStructs.js'
import { links } from './links.js'
import { conclude, tellingWords, type Conclusion } from './conclude.js'

/** Caches of one kind are padded to a cache line. */
const PADDING = 63

/** What words say of an object in a cache. Objects ask alike: answers are kept. */
export class Conclusions {
  readonly #kept = new Map<string, Conclusion | undefined>()
  readonly #leasts = new Map<SlabCache, number>()

  constructor(readonly system: System, readonly types: BtfTypes, readonly matcher: StructMatcher) {}

  /** `used` says how far objects are in use whose words are not all among these. */
  of(cache: SlabCache, words: readonly WordEvidence[], used?: UsedBytes): Conclusion | undefined {
    const { named } = structsOfCache(this.system, cache, this.types)
    if (!words.some(isTelling) && named.length === 0) return undefined
    const key = [cache.name, used?.least, used?.most, ...words.map(wordKey)].join('; ')
    if (this.#kept.has(key)) return this.#kept.get(key)
    const options = this.#options(cache, named, used)
    const told = options === undefined ? undefined : conclude(words, this.matcher.match(words, options)) ?? this.#inside(words, options)
    const found = told && this.#orItsStart(told, words, cache)
    this.#kept.set(key, found)
    return found
  }

  /**
   * A struct that is told only by words of a smaller one that it starts with may as well be the smaller one with something behind it: a name,
   * say. Where pointers lead to the smaller one it is a rival; where neither fills the slot nothing speaks for the larger one.
   */
  #orItsStart(told: Conclusion, words: readonly WordEvidence[], cache: SlabCache): Conclusion {
    const { candidate, rivals } = told
    const { graph } = this.types
    const { canonical } = this.matcher
    const holders = words.flatMap((word) => (word.kind === 'held' && word.offset === 0 ? word.types : []))
    if (candidate.shift !== 0 || rivals > 0 || (holders.length === 0 && candidate.fills) || holders.includes(canonical.of(candidate.id))) return told
    const last = Math.max(0, ...tellingWords(told).map(({ offset }) => offset))
    for (let start = candidate.id; graph.vlen(start) > 0;) {
      start = graph.strip(rawMember(graph, start, 0).type)
      if (!isComposite(graph, start) || graph.sizeOrType(start) <= last || graph.sizeOrType(start) >= this.leastBytes(cache)) break
      if (graph.name(start) === '' || links.has(graph.name(start))) continue
      if (holders.includes(canonical.of(start))) return { ...told, rivals: 1, rivalTypes: [`struct ${graph.name(start)}`] }
      if (!candidate.fills) return { ...told, candidate: startOf(candidate, start, graph) }
    }
    return told
  }

  /** The smallest size that needs a slot of this cache; 1 where that is not known. */
  leastBytes(cache: SlabCache): number {
    let least = this.#leasts.get(cache)
    if (least === undefined) this.#leasts.set(cache, (least = leastObjectBytes(cache, this.system.caches(), true) ?? 1))
    return least
  }

  #options(cache: SlabCache, named: readonly number[], used: UsedBytes | undefined): MatchOptions | undefined {
    const slotBytes = cache.objectBytes ?? cache.slotBytes
    if (slotBytes === null) return undefined
    const least = this.leastBytes(cache)
    return { slotBytes, limit: 1, named, ...(used === undefined ? {} : { used }), smallestBytes: isGeneral(cache) ? least : Math.max(1, least - PADDING) }
  }

  /** A struct behind a header, or among others, by several functions that stand side by side in no other. */
  #inside(words: readonly WordEvidence[], options: MatchOptions): Conclusion | undefined {
    if (words.filter(({ kind }) => kind === 'function').length < 2) return undefined
    const match = this.matcher.matchInside(words, options)
    const [best] = match.candidates
    return best !== undefined && match.rivals === 0 && best.fits > 1 ? conclude(words, match) : undefined
  }
}

/** What a candidate's evidence says of the struct that it starts with. */
function startOf(candidate: StructCandidate, start: number, graph: TypeGraph): StructCandidate {
  const bytes = graph.sizeOrType(start)
  return { ...candidate, id: start, type: `struct ${graph.name(start)}`, module: graph.moduleOf(start), bytes, evidence: candidate.evidence.filter(({ offset }) => offset < bytes) }
}

export function isGeneral(cache: SlabCache | null): boolean {
  return cache !== null && kmallocSize(cache.name) !== undefined
}
