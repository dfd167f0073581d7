import type { Memory } from '../memory/memory.js'
import type { SymbolHit } from '../symbol/symbolTable.js'
import { addressesAt, addressHalves } from '../util/addressHalves.js'
import { GrowingAddresses } from '../util/growing.js'
import { CodeCounter } from './codeCounter.js'
import { distinctSorted, readObjects, type ObjectChunk } from './objectReader.js'
import { groupRows } from './signatureTree.js'
import { LIST_HEAD, MISSING, OTHER, SELF, SMALL, SMALL_END, USER, VARYING, ZERO, wordClasses, type WordClass } from './wordClass.js'
import { FIRST_VALUE_CODE, WordEncoder } from './wordEncoder.js'
import { WordRows } from './wordRows.js'
import { unlikeRows } from './unlikeRows.js'

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

/** Objects of one kind, by what they hold. */
export interface SignatureGroup {
  readonly objects: number
  /** Address of the first object with the most frequent contents. */
  readonly example: bigint
  /** Every word that was looked at, stale ones included. */
  readonly words: readonly SignatureWord[]
  /**
   * Bytes from the start of the object that its kind explains by the words alone: behind lie words that differ from object to object in kind,
   * or zeros. `sure` says whether the objects were enough to tell.
   */
  readonly reach: { readonly bytes: number; readonly sure: boolean }
}

/** Objects divided by what they hold. */
export interface Signatures {
  /** Largest first. */
  readonly groups: readonly SignatureGroup[]
  /** Objects asked for, each address once. */
  readonly objects: number
  /** Of these, the ones of which the evidence holds at least one word. */
  readonly readObjects: number
  /** Addresses of a group's objects, ascending. */
  addressesOf(group: SignatureGroup): BigUint64Array
  /** Of these, the ones that differ from their group in more than a quarter of the given words: what a group says holds for most of its objects. */
  unlike(group: SignatureGroup, words: readonly SignatureWord[]): BigUint64Array
}

export interface SignatureOptions {
  /** Bytes of each object to look at, from its start: at most its payload. */
  readonly objectBytes: number
  /** Bytes that the smallest object of the cache can have; 0 where unknown. */
  readonly leastBytes?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, objects: number) => void
}

/** Fewer objects may agree on stale words by chance. */
const enoughToTell = 16
/** A word is stable where this share of the objects agrees. */
const stableShare = 0.9
/** Objects looked at beforehand for values that many share. */
const sampleObjects = 512
/** A value is a constant of some kind of object when this share of the sample holds it at the same place. */
const constantShare = 0.005
/** Objects after which the number of rows can be foreseen. */
const enoughToForesee = 1 << 16
/** The most word codes the rows may hold; objects that differ more are compared over fewer bytes. */
const mostCells = 8_000_000

/**
 * Divides objects into groups by what they hold: by class of word, and by value where it discriminates. Addresses may come in any order and
 * more than once; the result is the same. Words that the evidence does not hold are counted, and never taken for zero.
 *
 * @example
 * const { groups } = signaturesOf(memory, encoder, addresses, { objectBytes: 128 })
 * groups[0].words[0].symbol?.name // 'single_start'
 */
export function signaturesOf(memory: Memory, encoder: WordEncoder, addresses: BigUint64Array, options: SignatureOptions): Signatures {
  const distinct = distinctSorted(addresses)
  const wordBytes = memory.pointerBytes
  let objectBytes = Math.max(wordBytes, options.objectBytes - (options.objectBytes % wordBytes))
  nameConstants(memory, encoder, distinct, objectBytes)
  for (;;) {
    const rows = new WordRows(objectBytes / wordBytes)
    const rowOf = readRows(memory, encoder, distinct, objectBytes, rows, options)
    if (rowOf === undefined) {
      objectBytes = Math.max(wordBytes, Math.ceil(objectBytes / 2 / wordBytes) * wordBytes)
      continue
    }
    return describe(encoder, distinct, rows, rowOf, Math.ceil((options.leastBytes ?? 0) / wordBytes), wordBytes)
  }
}

const NO_ROW = 0xffffffff

/** The row of each object; undefined where the objects differ so much that the rows would outgrow memory. */
function readRows(
  memory: Memory, encoder: WordEncoder, addresses: BigUint64Array, objectBytes: number, rows: WordRows, options: SignatureOptions
): Uint32Array | undefined {
  const rowOf = new Uint32Array(addresses.length).fill(NO_ROW)
  const codes = new Uint16Array(rows.words)
  const mostRows = Math.max(1024, Math.floor(mostCells / rows.words))
  for (const chunk of readObjects(memory, addresses, objectBytes)) {
    options.signal?.throwIfAborted()
    addChunk(encoder, addresses, chunk, objectBytes, rows, rowOf, codes)
    options.onProgress?.(chunk.start + chunk.count, addresses.length)
    if (rows.words === 1) continue
    // Where the first objects already differ so much that all of them would not fit, there is no need to meet all of them.
    const met = chunk.start + chunk.count
    if (rows.length > mostRows || (met >= enoughToForesee && (rows.length / met) * addresses.length > mostRows && rows.length * 2 > met)) return undefined
  }
  return rowOf
}

function addChunk(
  encoder: WordEncoder, addresses: BigUint64Array, chunk: ObjectChunk, objectBytes: number, rows: WordRows, rowOf: Uint32Array, codes: Uint16Array
): void {
  const { words, whole, partly, start, count } = chunk
  const perObject = rows.words * 2
  const wordBytes = objectBytes / rows.words
  const halves = new Int32Array(addresses.buffer, addresses.byteOffset, addresses.length * 2)
  // The row of the object before, while its words mean the same in any object: no pointers to itself.
  let last = NO_ROW
  let lastAt = 0
  for (let i = 0; i < count; i++) {
    const at = i * perObject
    const held = whole[i] === 1 ? undefined : partly.get(i)
    if (whole[i] === 0 && held === undefined) continue
    if (last !== NO_ROW && held === undefined && sameWords(words, at, lastAt, perObject)) {
      rows.objects[last]++
      rowOf[start + i] = last
      continue
    }
    const objectLow = halves[(start + i) * 2]
    const objectHigh = halves[(start + i) * 2 + 1]
    let ofItself = false
    for (let word = 0; word < rows.words; word++) {
      if (held !== undefined && held[word] === 0) {
        codes[word] = MISSING
        continue
      }
      const place = at + word * 2
      const hasNext = word + 1 < rows.words && (held === undefined || held[word + 1] === 1)
      const code = encoder.encode(
        words[place + 1], words[place], objectHigh, objectLow, objectBytes, word * wordBytes,
        hasNext ? words[place + 3] : 0, hasNext ? words[place + 2] : 0
      )
      codes[word] = code
      const wordClass = encoder.classOf(code)
      if (wordClass === SELF || wordClass === LIST_HEAD) ofItself = true
    }
    const row = rows.add(codes, words, at, start + i)
    rowOf[start + i] = row
    last = ofItself || held !== undefined ? NO_ROW : row
    lastAt = at
  }
}

function sameWords(words: Int32Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (words[a + i] !== words[b + i]) return false
  return true
}

/**
 * Gives large numbers that many objects share at the same place (magic numbers, flags) codes of their own. Judged by a sample that is
 * spread evenly over the objects in address order.
 */
function nameConstants(memory: Memory, encoder: WordEncoder, addresses: BigUint64Array, objectBytes: number): void {
  const step = Math.max(1, Math.floor(addresses.length / sampleObjects))
  const sample = addresses.length <= sampleObjects ? addresses
    : BigUint64Array.from({ length: Math.floor(addresses.length / step) }, (_, i) => addresses[i * step])
  const wordsPerObject = objectBytes / memory.pointerBytes
  const halves = new Int32Array(sample.buffer, sample.byteOffset, sample.length * 2)
  const met = Array.from({ length: wordsPerObject }, () => new GrowingAddresses())
  for (const { start, count, words, whole } of readObjects(memory, sample, objectBytes)) {
    for (let i = 0; i < count; i++) {
      if (whole[i] === 0) continue
      for (let word = 0; word < wordsPerObject; word++) {
        const place = (i * wordsPerObject + word) * 2
        const object = (start + i) * 2
        const code = encoder.encode(words[place + 1], words[place], halves[object + 1], halves[object], objectBytes, 0, 0, 0)
        if (code === OTHER) met[word].push(words[place + 1], words[place])
      }
    }
  }
  const least = Math.max(3, Math.ceil(sample.length * constantShare))
  for (const ofWord of met) if (ofWord.length >= least) addFrequent(encoder, ofWord.taken().sort(), least)
}

/** Makes constants of values that come at least `least` times; these are sorted. */
function addFrequent(encoder: WordEncoder, values: BigUint64Array, least: number): void {
  const halves = addressHalves(values)
  for (let start = 0, end = 0; start < halves.length; start = end) {
    while (end < halves.length && halves[end] === halves[start] && halves[end + 1] === halves[start + 1]) end += 2
    if (end - start >= 2 * least) encoder.addConstant(halves[start + 1], halves[start])
  }
}

function describe(
  encoder: WordEncoder, addresses: BigUint64Array, rows: WordRows, rowOf: Uint32Array, leastWords: number, wordBytes: number
): Signatures {
  const { groupOfRow, groups } = groupRows({
    length: rows.length, words: rows.words, codes: rows.codes, objects: rows.objects, classOf: (code) => encoder.classOf(code)
  }, leastWords)
  const members: number[][] = Array.from({ length: groups }, () => [])
  for (let row = 0; row < rows.length; row++) members[groupOfRow[row]].push(row)
  const described = members.map((own): SignatureGroup => new RowGroup(encoder, addresses, rows, own, leastWords, wordBytes))
  const numberOf = new Map<SignatureGroup, number>(described.map((group, number) => [group, number]))
  let membership: Membership | undefined
  const objectsOf = (number: number): Uint32Array => {
    membership ??= membersByGroup(rowOf, groupOfRow, groups)
    return membership.objects.subarray(membership.starts[number], membership.starts[number + 1])
  }
  return {
    groups: described.toSorted((a, b) => b.objects - a.objects || (a.example < b.example ? -1 : 1)),
    objects: addresses.length,
    readObjects: described.reduce((sum, { objects }) => sum + objects, 0),
    addressesOf: (group) => addressesAt(addresses, objectsOf(numberOf.get(group)!)),
    unlike(group, words) {
      const number = numberOf.get(group)!
      const unlike = unlikeRows(encoder, rows, members[number], words, wordBytes)
      return addressesAt(addresses, unlike.size === 0 ? new Uint32Array(0) : objectsOf(number).filter((object) => unlike.has(rowOf[object])))
    }
  }
}

/** Positions of each group's objects, ascending: group g's are from `starts[g]` to `starts[g + 1]`. */
interface Membership {
  readonly starts: Uint32Array
  readonly objects: Uint32Array
}

function membersByGroup(rowOf: Uint32Array, groupOfRow: Uint32Array, groups: number): Membership {
  const starts = new Uint32Array(groups + 1)
  for (const row of rowOf) if (row !== NO_ROW) starts[groupOfRow[row] + 1]++
  for (let group = 0; group < groups; group++) starts[group + 1] += starts[group]
  const next = starts.slice()
  const objects = new Uint32Array(starts[groups])
  for (let i = 0; i < rowOf.length; i++) if (rowOf[i] !== NO_ROW) objects[next[groupOfRow[rowOf[i]]]++] = i
  return { starts, objects }
}

/** Emptied before each use. */
const sharedCounter = new CodeCounter()

/** A group whose words are described when somebody asks: a dump has thousands of groups, and few are looked at. */
class RowGroup implements SignatureGroup {
  readonly objects: number
  readonly example: bigint
  readonly #encoder: WordEncoder
  readonly #rows: WordRows
  readonly #own: readonly number[]
  readonly #leastWords: number
  readonly #wordBytes: number
  #words: readonly SignatureWord[] | undefined

  constructor(encoder: WordEncoder, addresses: BigUint64Array, rows: WordRows, own: readonly number[], leastWords: number, wordBytes: number) {
    this.#encoder = encoder
    this.#rows = rows
    this.#own = own
    this.#leastWords = leastWords
    this.#wordBytes = wordBytes
    let objects = 0
    let typical = own[0]
    for (const row of own) {
      objects += rows.objects[row]
      if (rows.objects[row] > rows.objects[typical] || (rows.objects[row] === rows.objects[typical] && rows.first[row] < rows.first[typical])) typical = row
    }
    this.objects = objects
    this.example = addresses[rows.first[typical]]
  }

  get words(): readonly SignatureWord[] {
    if (this.#words === undefined) {
      const words: SignatureWord[] = []
      for (let word = 0; word < this.#rows.words; word++) {
        const described = describeWord(this.#encoder, this.#rows, this.#own, word, this.objects, this.#wordBytes)
        words.push(...(describeHalves(this.#encoder, this.#rows, this.#own, word, described) ?? [described]))
      }
      this.#words = words
    }
    return this.#words
  }

  get reach(): { readonly bytes: number; readonly sure: boolean } {
    const wordBytes = this.#wordBytes
    return { bytes: reachOf(this.words, this.#leastWords * wordBytes, this.#rows.words * wordBytes), sure: this.objects >= enoughToTell }
  }
}

function describeWord(
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
  const byClass = new Float64Array(wordClasses.length)
  for (let i = 0; i < counter.length; i++) if (counter.code(i) !== MISSING) byClass[encoder.classOf(counter.code(i))] += counter.count(counter.code(i))
  const wordClass = byClass.indexOf(Math.max(...byClass))
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
function describeHalves(encoder: WordEncoder, rows: WordRows, own: readonly number[], word: number, whole: SignatureWord): SignatureWord[] | undefined {
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
function reachOf(words: readonly SignatureWord[], leastBytes: number, objectBytes: number): number {
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
