import type { StructCandidate, StructMatch, WordEvidence } from '../../type/structMatch.js'

/** What a match lets say of a group of objects. */
export interface Conclusion {
  readonly candidate: StructCandidate
  /** How many other structs explain the evidence as well: 0 for a type that is known. */
  readonly rivals: number
  /** Some of them. */
  readonly rivalTypes: readonly string[]
}

/**
 * So many bits no struct has by chance: 2^16 structs fit a slot, and half as much again is asked for. What fits as well is a candidate.
 */
export const SURE_BITS = 24
/** Of these, so many by functions and pointers to what is known: words that look alike for being an array are no independent evidence. */
const TOLD_BITS = 14
/** Less is no evidence at all, and so little a lead of the best over the next no difference. */
const LEAST_BITS = 8
const LEAD_BITS = 2
const CLEAR_LEAD_BITS = 5
/** Words that may not fit, of those that do: stale ones exist. */
const MOST_AGAINST = 1 / 6
const MOST_AGAINST_HOLDER = 1 / 2
/** Words that must fit where bits are fewer, unless objects hold many functions of one prototype in the same place. */
const LEAST_FITS = 3

/**
 * What a match proves. Either there is so much evidence that chance is ruled out; or one struct alone explains every word of the object,
 * and no other comes near; or pointers that are declared as to the struct lead to the object's start. Else nothing is said.
 */
export function conclude(words: readonly WordEvidence[], match: StructMatch): Conclusion | undefined {
  const best = match.candidates[0]
  if (best === undefined) return undefined
  const { fits, contradictions, bits } = best
  const told = best.evidence.filter((item) => item.fits && item.kind !== 'module' && item.kind !== 'cache')
  const isAhead = match.rivals === 0 && match.lead >= LEAD_BITS && bits >= LEAST_BITS
  const toldBits = independentBits(words, told)
  // Arrays of anything with a list head in it fit a struct with many list heads, but for some word.
  const forgiven = told.some(({ kind }) => kind === 'function' || kind === 'pointer' || kind === 'held') ? fits * MOST_AGAINST : 0
  if (bits >= SURE_BITS && toldBits >= (best.fills ? TOLD_BITS : 2 * TOLD_BITS) && contradictions <= forgiven) {
    return match.rivalsContainBest ? alone(best) : { candidate: best, rivals: match.rivals, rivalTypes: match.rivalTypes }
  }
  if (!isAhead || !best.fills) return undefined
  // A pointer declared as to the struct is right even where numbers look like addresses.
  if (told.some(({ exact }) => exact) && contradictions <= fits * MOST_AGAINST_HOLDER) return alone(best)
  if (contradictions > 0) return undefined
  const telling = told.some((item) => !weak.has(item.kind))
  // List heads, empty or among their own kind, are in thousands of structs: the next best must be far behind.
  const isClear = told.some(({ kind }) => kind === 'function' || kind === 'pointer') || match.lead >= CLEAR_LEAD_BITS
  const isVaried = words.some((word) => word.kind === 'function' && word.isVaried === true)
  if (isClear && (isVaried || told.length >= LEAST_FITS) && told.length === words.length) return alone(best)
  return (telling || told.length >= LEAST_FITS) && best.evidence.some(({ kind }) => kind === 'cache') ? alone(best) : undefined
}

/** The words of the objects themselves that tell the struct, other than by fitting almost anything. */
export function tellingWords({ candidate }: Conclusion): StructCandidate['evidence'] {
  return candidate.evidence.filter((item) => item.fits && !weak.has(item.kind) && !foreign.has(item.kind))
}

/** The words by which an object looks like the others of its struct. */
export function ownWords({ candidate }: Conclusion): StructCandidate['evidence'] {
  return candidate.evidence.filter(({ fits, kind }) => fits && !foreign.has(kind))
}

/** Whether the words that objects of a group share tell the struct, without what leads to some of them. */
export function tells(words: readonly WordEvidence[], told: Conclusion): boolean {
  return independentBits(words, tellingWords(told)) >= TOLD_BITS
}

/** Whether these of the words speak for the struct at all. */
export function speaksFor(words: readonly WordEvidence[], told: Conclusion): boolean {
  return independentBits(words, tellingWords(told)) >= LEAST_BITS
}

function alone(candidate: StructCandidate): Conclusion {
  return { candidate, rivals: 0, rivalTypes: [] }
}

/** What functions and pointers tell, the same one at many places counted as {@link SAME_TWICE}: it is an array, or chance. */
function independentBits(words: readonly WordEvidence[], told: StructCandidate['evidence']): number {
  const met = new Map<string, number>()
  let sum = 0
  for (const { kind, offset, bits } of told) {
    const word = weak.has(kind) ? undefined : words.find((one) => one.offset === offset && one.kind === kind)
    if (word === undefined) continue
    const subject = word.kind === 'kin' ? `${word.target}` : word.kind === 'pointer' ? word.pointees.join() : word.kind === 'function' ? word.name : word.kind === 'held' ? word.types.join() : ''
    const times = met.get(`${kind} ${subject}`) ?? 0
    met.set(`${kind} ${subject}`, times + 1)
    // The two words of a list head are one reason, and so is an array of them.
    const isOfArray = word.kind === 'kin' && met.has(`kin ${word.target - LIST_HEAD_BYTES}`)
    if (times < (kind === 'kin' ? 1 : SAME_TWICE) && !isOfArray) sum += bits
  }
  return sum
}

const SAME_TWICE = 2
const LIST_HEAD_BYTES = 16

/** What is no word of the object. */
const foreign: ReadonlySet<string> = new Set(['held', 'module', 'cache'])
/** Kinds that fit almost anything. */
const weak: ReadonlySet<string> = new Set(['address', 'number', 'text'])
