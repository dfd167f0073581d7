import type { Memory } from '../memory/memory.js'
import { addressHalves } from '../util/addressHalves.js'
import { GrowingAddresses } from '../util/growing.js'
import { readObjects, type ObjectChunk } from './objectReader.js'
import type { SignatureOptions } from './signature.js'
import { LIST_HEAD, MISSING, OTHER, SELF } from './wordClass.js'
import type { WordEncoder } from './wordEncoder.js'
import type { WordRows } from './wordRows.js'

/** Objects looked at beforehand for values that many share. */
const sampleObjects = 512
/** A value is a constant of some kind of object when this share of the sample holds it at the same place. */
const constantShare = 0.005
/** Objects after which the number of rows can be foreseen. */
const enoughToForesee = 1 << 16
/** The most word codes the rows may hold; objects that differ more are compared over fewer bytes. */
const mostCells = 8_000_000

/** Of objects that were not read. */
export const NO_ROW = 0xffffffff

/** The row of each object; undefined where the objects differ so much that the rows would outgrow memory. */
export function readRows(
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
export function nameConstants(memory: Memory, encoder: WordEncoder, addresses: BigUint64Array, objectBytes: number): void {
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
