import type { SymbolHit } from '../symbol/symbolTable.js'
import { CodeCounter } from './codeCounter.js'
import { MISSING, OTHER, SMALL, SMALL_END, USER, VARYING, ZERO, wordClasses, type WordClass } from './wordClass.js'
import { FIRST_VALUE_CODE, type WordEncoder } from './wordEncoder.js'
import type { WordRows } from './wordRows.js'

/** One word of a group of objects. */
export interface SignatureWord {
  /** Bytes from the start of the object. */
  readonly offset: number
  /** A machine word; half of one where the objects agree on one half and not on the other, as on a magic number beside a counter. */
  readonly bytes: number
  /** Of all its objects, `varying` where fewer than nine in ten agree. */
  readonly class: WordClass
  /** The value that (nearly) all objects hold; for pointers to the object itself the offset in it. Null where it varies. */
  readonly value: bigint | null
  readonly symbol: SymbolHit | null
  /** Share of the objects in which the word was read that have this class, and this value where there is one. */
  readonly share: number
  /** Smallest and largest value among those of the class, where they vary and are numbers or addresses; else null. */
  readonly low: bigint | null
  readonly high: bigint | null
  /** Objects whose word the evidence does not hold. */
  readonly missing: number
}

/** A word is stable where this share of the objects agrees. */
const stableShare = 0.9

/** Emptied before each use. */
const sharedCounter = new CodeCounter()
const byClass = new Float64Array(wordClasses.length)

/** What the objects of some rows hold at a word; `objects` is how many these are. */
export function describeWord(
  encoder: WordEncoder, rows: WordRows, own: readonly number[], word: number, objects: number, wordBytes: number
): SignatureWord {
  const counter = sharedCounter
  counter.clear()
  for (const row of own) counter.add(rows.codes[row * rows.words + word], rows.objects[row])
  const missing = counter.count(MISSING)
  const read = objects - missing
  const offset = word * wordBytes
  if (read === 0) return { offset, bytes: wordBytes, class: 'missing', value: null, symbol: null, share: 0, low: null, high: null, missing }
  let code = MISSING
  let most = 0
  for (let i = 0; i < counter.length; i++) {
    const candidate = counter.code(i)
    const count = counter.count(candidate)
    if (candidate !== MISSING && (count > most || (count === most && before(encoder, candidate, code)))) {
      code = candidate
      most = count
    }
  }
  const isValue = code >= FIRST_VALUE_CODE || code === ZERO
  if (isValue && most >= read * stableShare) {
    return {
      offset, bytes: wordBytes, class: wordClasses[encoder.classOf(code)], value: encoder.valueOf(code)!, symbol: encoder.symbolOf(code) ?? null,
      share: most / read, low: null, high: null, missing
    }
  }
  byClass.fill(0)
  for (let i = 0; i < counter.length; i++) if (counter.code(i) !== MISSING) byClass[encoder.classOf(counter.code(i))] += counter.count(counter.code(i))
  let wordClass = 0
  for (let other = 1; other < byClass.length; other++) if (byClass[other] > byClass[wordClass]) wordClass = other
  const agree = byClass[wordClass] / read
  // Nullable fields: all others zero is no disagreement about the class.
  const nullable = wordClass !== ZERO && byClass[wordClass] + byClass[ZERO] >= read * stableShare && byClass[wordClass] > byClass[ZERO]
  const shown = agree >= stableShare || nullable ? wordClass : VARYING
  const { low, high } = range(encoder, rows, own, word, shown)
  const constant = low !== null && low === high && agree >= stableShare
  return {
    offset, bytes: wordBytes, class: wordClasses[shown], value: constant ? low : null, symbol: null, share: shown === VARYING ? 1 : agree,
    low: constant ? null : low, high: constant ? null : high, missing
  }
}

/** An order of codes that does not depend on when the encoder met them. */
function before(encoder: WordEncoder, a: number, b: number): boolean {
  const classes = encoder.classOf(a) - encoder.classOf(b)
  if (classes !== 0) return classes < 0
  const [x, y] = [encoder.valueOf(a) ?? -1n, encoder.valueOf(b) ?? -1n]
  return x < y
}

/** Smallest and largest value of the class among the group's rows; of all classes where it is `varying`. */
function range(encoder: WordEncoder, rows: WordRows, own: readonly number[], word: number, wordClass: number): { low: bigint | null; high: bigint | null } {
  let low: number | null = null
  let high: number | null = null
  let lowValue: bigint | null = null
  let highValue: bigint | null = null
  for (const row of own) {
    const cell = row * rows.words + word
    const code = rows.codes[cell]
    if (code === MISSING || (wordClass !== VARYING && encoder.classOf(code) !== wordClass)) continue
    const value = encoder.valueOf(code)
    if (value !== undefined) {
      if (lowValue === null || value < lowValue) lowValue = value
      if (highValue === null || value > highValue) highValue = value
      continue
    }
    if (low === null || rows.lowHigh[cell] < rows.lowHigh[low] || (rows.lowHigh[cell] === rows.lowHigh[low] && rows.lowLow[cell] < rows.lowLow[low])) low = cell
    if (high === null || rows.highHigh[cell] > rows.highHigh[high] || (rows.highHigh[cell] === rows.highHigh[high] && rows.highLow[cell] > rows.highLow[high])) high = cell
  }
  if (low !== null) {
    const least = (BigInt(rows.lowHigh[low]) << 32n) | BigInt(rows.lowLow[low])
    if (lowValue === null || least < lowValue) lowValue = least
  }
  if (high !== null) {
    const most = (BigInt(rows.highHigh[high]) << 32n) | BigInt(rows.highLow[high])
    if (highValue === null || most > highValue) highValue = most
  }
  return { low: lowValue, high: highValue }
}

const numbers: ReadonlySet<WordClass> = new Set<WordClass>(['small integer', 'other', 'user pointer', 'varying'])

/** The two halves of a word of numbers, where the objects agree on one of them, not zero, and not on the other; else undefined. */
export function describeHalves(encoder: WordEncoder, rows: WordRows, own: readonly number[], word: number, whole: SignatureWord): SignatureWord[] | undefined {
  if (whole.bytes !== 8 || whole.value !== null || !numbers.has(whole.class)) return undefined
  let anyLow = 0
  let anyHigh = 0
  let allLow = -1
  let allHigh = -1
  for (const row of own) {
    const cell = row * rows.words + word
    const code = rows.codes[cell]
    if (code === MISSING) continue
    const wordClass = encoder.classOf(code)
    // Pointers among them: these are no numbers.
    if (wordClass !== SMALL && wordClass !== OTHER && wordClass !== USER) return undefined
    const value = encoder.valueOf(code)
    anyLow |= value === undefined ? rows.anyLow[cell] : Number(value & 0xffffffffn) | 0
    anyHigh |= value === undefined ? rows.anyHigh[cell] : Number(value >> 32n) | 0
    allLow &= value === undefined ? rows.allLow[cell] : Number(value & 0xffffffffn) | 0
    allHigh &= value === undefined ? rows.allHigh[cell] : Number(value >> 32n) | 0
  }
  const lowAgrees = anyLow === allLow
  const highAgrees = anyHigh === allHigh
  if (lowAgrees === highAgrees || (lowAgrees ? allLow : allHigh) === 0) return undefined
  const { low: least, high: most } = range(encoder, rows, own, word, VARYING)
  const half = (offset: number, agrees: boolean, value: number, low: bigint, high: bigint): SignatureWord => ({
    offset, bytes: 4, class: (agrees ? BigInt(value >>> 0) : high) < BigInt(SMALL_END) ? 'small integer' : 'other', value: agrees ? BigInt(value >>> 0) : null,
    symbol: null, share: 1, low: agrees ? null : low, high: agrees ? null : high, missing: whole.missing
  })
  const [first, second] = encoder.littleEndian ? [0, 4] : [4, 0]
  // Where one half agrees, the order of the words is the order of the other half.
  const halves = [
    half(whole.offset + first, lowAgrees, allLow, least! & 0xffffffffn, most! & 0xffffffffn),
    half(whole.offset + second, highAgrees, allHigh, least! >> 32n, most! >> 32n)
  ]
  return halves.sort((a, b) => a.offset - b.offset)
}

/**
 * How many bytes the kind explains: to the place that best divides words on which the objects agree from words on which they do not.
 * Zeros count for neither side, for memory is often zero without anybody having written it; objects of zeros alone are theirs to the end.
 */
export function reachOf(words: readonly SignatureWord[], leastBytes: number, objectBytes: number): number {
  if (words.every((word) => word.class === 'zero')) return objectBytes
  let best = 0
  let bestBalance = 0
  let balance = 0
  for (const word of words) {
    if (word.class === 'missing') continue
    if (word.class === 'varying') balance--
    else if (word.class !== 'zero') balance++
    if (word.class !== 'zero' && balance > bestBalance) {
      bestBalance = balance
      best = word.offset + word.bytes
    }
  }
  return Math.min(objectBytes, Math.max(best, leastBytes))
}
