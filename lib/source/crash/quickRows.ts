import { hexPairs } from './hexDigits.js'
import type { WordStore } from './wordStore.js'

const lineFeed = 0x0a
const carriageReturn = 0x0d
const blank = 0x20
const colon = 0x3a
const openBracket = 0x5b
const closeBracket = 0x5d
/** No row of `rd -64` is longer: 16 digits, colon, two values, 16 characters, line end. */
const longestWords = 73
/** `  [ADDRESS]` and a line end. */
const longestObject = 22

/** How far a quick reader got: how many rows, and where the first other line begins. */
export interface QuickRows {
  rows: number
  end: number
}

/**
 * Reads rows of two 64-bit values in the exact form that crash gives them, of kernel addresses, as long as there are any and they lie
 * within `bytes`. Everything else is left to the careful way.
 *
 * @param view over the same bytes
 * @param line number of the line before `start`
 */
export function readQuickWords(bytes: Uint8Array, view: DataView, start: number, result: QuickRows, words: WordStore, line: number): void {
  const pairs = hexPairs
  const last = bytes.length - longestWords
  let p = start
  let rows = 0
  while (p <= last) {
    if (bytes[p + 16] !== colon || bytes[p + 17] !== blank || bytes[p + 18] !== blank || bytes[p + 35] !== blank) break
    if (bytes[p + 52] !== blank) break
    // 16 characters of ASCII behind three blanks; with `rd -x` nothing but the blank.
    let end = bytes[p + 53] === blank && bytes[p + 54] === blank ? p + 71 : p + 53
    if (bytes[end] === carriageReturn) end++
    if (bytes[end] !== lineFeed) break
    const a0 = pairs[view.getUint16(p, true)], a1 = pairs[view.getUint16(p + 2, true)]
    const a2 = pairs[view.getUint16(p + 4, true)], a3 = pairs[view.getUint16(p + 6, true)]
    const b0 = pairs[view.getUint16(p + 8, true)], b1 = pairs[view.getUint16(p + 10, true)]
    const b2 = pairs[view.getUint16(p + 12, true)], b3 = pairs[view.getUint16(p + 14, true)]
    const c0 = pairs[view.getUint16(p + 19, true)], c1 = pairs[view.getUint16(p + 21, true)]
    const c2 = pairs[view.getUint16(p + 23, true)], c3 = pairs[view.getUint16(p + 25, true)]
    const d0 = pairs[view.getUint16(p + 27, true)], d1 = pairs[view.getUint16(p + 29, true)]
    const d2 = pairs[view.getUint16(p + 31, true)], d3 = pairs[view.getUint16(p + 33, true)]
    const e0 = pairs[view.getUint16(p + 36, true)], e1 = pairs[view.getUint16(p + 38, true)]
    const e2 = pairs[view.getUint16(p + 40, true)], e3 = pairs[view.getUint16(p + 42, true)]
    const f0 = pairs[view.getUint16(p + 44, true)], f1 = pairs[view.getUint16(p + 46, true)]
    const f2 = pairs[view.getUint16(p + 48, true)], f3 = pairs[view.getUint16(p + 50, true)]
    const all = a0 | a1 | a2 | a3 | b0 | b1 | b2 | b3 | c0 | c1 | c2 | c3 | d0 | d1 | d2 | d3 | e0 | e1 | e2 | e3 | f0 | f1 | f2 | f3
    // Negative: not all were digits. The highest bit of a kernel address is set: others (physical, user) are not for here.
    if (all < 0 || a0 < 0x80) break
    rows++
    words.addPair(
      a0 << 24 | a1 << 16 | a2 << 8 | a3, b0 << 24 | b1 << 16 | b2 << 8 | b3, c0 << 24 | c1 << 16 | c2 << 8 | c3,
      d0 << 24 | d1 << 16 | d2 << 8 | d3, e0 << 24 | e1 << 16 | e2 << 8 | e3, f0 << 24 | f1 << 16 | f2 << 8 | f3, line + rows)
    p = end + 1
  }
  result.rows = rows
  result.end = p
}

/** Reads rows of allocated objects (`  [ADDRESS]`) as {@link readQuickWords} does rows of memory. */
export function readQuickObjects(
  bytes: Uint8Array, view: DataView, start: number, result: QuickRows, add: (high: number, low: number) => void
): void {
  const pairs = hexPairs
  const last = bytes.length - longestObject
  let p = start
  let rows = 0
  while (p <= last) {
    if (bytes[p] !== blank || bytes[p + 1] !== blank || bytes[p + 2] !== openBracket || bytes[p + 19] !== closeBracket) break
    const end = bytes[p + 20] === carriageReturn ? p + 21 : p + 20
    if (bytes[end] !== lineFeed) break
    const a0 = pairs[view.getUint16(p + 3, true)], a1 = pairs[view.getUint16(p + 5, true)]
    const a2 = pairs[view.getUint16(p + 7, true)], a3 = pairs[view.getUint16(p + 9, true)]
    const b0 = pairs[view.getUint16(p + 11, true)], b1 = pairs[view.getUint16(p + 13, true)]
    const b2 = pairs[view.getUint16(p + 15, true)], b3 = pairs[view.getUint16(p + 17, true)]
    if ((a0 | a1 | a2 | a3 | b0 | b1 | b2 | b3) < 0) break
    rows++
    add(a0 << 24 | a1 << 16 | a2 << 8 | a3, b0 << 24 | b1 << 16 | b2 << 8 | b3)
    p = end + 1
  }
  result.rows = rows
  result.end = p
}
