import { hexDigits, noDigit, readHexField, type HexField } from './hexDigits.js'

const blank = 0x20
const colon = 0x3a

/** Digits of one value → bytes, and how many values stand in a full row: `rd -64`, `-32`, `-16`, `-8`. */
const valuesPerRow: Readonly<Record<number, number>> = { 16: 2, 8: 4, 4: 8, 2: 16 }

/** One row of `rd`, to be filled again and again. */
export class RdRow {
  /** Signed 32-bit halves of the address. */
  high = 0
  low = 0
  /** Columns of the address with the blanks before it: 16 on 64-bit machines, 8 on 32-bit ones. */
  addressWidth = 0
  /** Bytes of one value. */
  element = 0
  count = 0
  readonly highs = new Int32Array(16)
  readonly lows = new Int32Array(16)
  /** Where the ASCII column starts; -1 where there is none. */
  ascii = -1
  readonly #field: HexField = { high: 0, low: 0, digits: 0 }

  /** `rd -N` shows values in network byte order. */
  swap(): void {
    for (let i = 0; i < this.count; i++) {
      const low = this.lows[i]
      if (this.element === 2) this.lows[i] = (low & 0xff) << 8 | low >>> 8 & 0xff
      else if (this.element === 4) this.lows[i] = low << 24 | (low & 0xff00) << 8 | low >>> 8 & 0xff00 | low >>> 24
    }
  }

  /**
   * Reads a row of hexadecimal values: `ADDRESS:  VALUE VALUE   ASCII`. False for anything else; rows of symbols (`-s`) and decimal
   * values are read by {@link readSymbolicRow}. A value that the end of the text cut short is left out.
   */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start
    while (at < end && bytes[at] === blank) at++
    const field = this.#field
    readHexField(bytes, at, end, field)
    const { digits } = field
    at += digits
    if (digits === 0 || bytes[at] !== colon || bytes[at + 1] !== blank || bytes[at + 2] !== blank || at + 3 >= end) return false
    this.addressWidth = at - start
    this.high = field.high
    this.low = field.low
    at += 3
    readHexField(bytes, at, end, field)
    const width = field.digits
    const most = valuesPerRow[width]
    if (most === undefined) return false
    this.element = width / 2
    this.ascii = -1
    let count = 0
    while (true) {
      if (field.digits !== width || count === most) {
        // A shorter value is a cut one at the end of the line, and a symbol or a decimal number elsewhere.
        if (at + field.digits < end) return false
        break
      }
      this.highs[count] = field.high
      this.lows[count++] = field.low
      at += width
      if (at >= end) break
      if (bytes[at] !== blank) return false
      at++
      if (at >= end) break
      if (bytes[at] === blank) {
        while (at < end && bytes[at] === blank) at++
        if (at < end) this.ascii = at
        break
      }
      if (hexDigits[bytes[at]] === noDigit) return false
      readHexField(bytes, at, end, field)
    }
    this.count = count
    return count > 0
  }

  /**
   * What the ASCII column says of the byte order, which is the order in memory: 1 little-endian, -1 big-endian, 0 neither (a column of
   * dots, or the same both ways).
   */
  byteOrder(bytes: Uint8Array, end: number): number {
    if (this.ascii < 0 || this.element === 1 || end - this.ascii < this.element * this.count) return 0
    let little = true
    let big = true
    for (let i = 0; i < this.count; i++) {
      for (let byte = 0; byte < this.element; byte++) {
        const shown = bytes[this.ascii + i * this.element + byte]
        if (shown !== shownAs(this.#byte(i, byte))) little = false
        if (shown !== shownAs(this.#byte(i, this.element - 1 - byte))) big = false
      }
    }
    return little === big ? 0 : little ? 1 : -1
  }

  /** Byte `byte` of value i, the lowest first. */
  #byte(i: number, byte: number): number {
    return ((byte < 4 ? this.lows[i] : this.highs[i]) >>> ((byte & 3) * 8)) & 0xff
  }
}

/** crash prints 0x20 to 0x7e, and a dot for everything else. */
function shownAs(byte: number): number {
  return byte >= 0x20 && byte <= 0x7e ? byte : 0x2e
}

/** One value of a row of `rd -s`, `-S`, `-SS`, `-d` or `-D`. */
export type RowValue =
  | { readonly kind: 'value'; readonly value: bigint }
  /** A kernel address, printed as symbol or symbol+offset; its value is not shown. */
  | { readonly kind: 'symbol'; readonly name: string; readonly offset: number }
  /** A pointer into a slab cache; `-SS` shows its value. */
  | { readonly kind: 'cache'; readonly cache: string; readonly value: bigint | null }

export interface SymbolicRow {
  readonly address: bigint
  readonly addressWidth: number
  readonly element: number
  readonly values: readonly RowValue[]
}

const rowStart = /^( *[0-9a-f]{1,16}): {2}/i
const rowValue = /\s*(?:\[([0-9a-f]{8,16}):([^\]]*)\]|\[([^\]]*)\]|(\S+))/gy

/**
 * Reads a row of `rd -s`, `-S` or `-SS`, whose values are symbols and caches as well as hexadecimal numbers, or of `-d` and `-D`, whose
 * values are decimal. Undefined for anything else: symbols must stand in the columns that `rd -s` gives them, for `rd -a` prints
 * words too.
 *
 * @param decimalBytes bytes of one value of `rd -d`; undefined for other rows
 */
export function readSymbolicRow(line: string, decimalBytes?: number): SymbolicRow | undefined {
  const head = rowStart.exec(line)
  if (head === null) return undefined
  const values: RowValue[] = []
  let element = decimalBytes ?? 8
  let expected = head[0].length
  rowValue.lastIndex = head[0].length
  // Two values of 64 bits a row, four of 32: what follows is ASCII.
  const most = 16 / element
  for (let match = rowValue.exec(line); match !== null && values.length < most; match = rowValue.exec(line)) {
    const [whole, pointer, pointerCache, cache, token] = match
    const column = match.index + whole.length - whole.trimStart().length
    if (decimalBytes === undefined && column !== expected) break
    expected = Math.max(column + 16, match.index + whole.length) + 1
    if (pointer !== undefined) values.push({ kind: 'cache', cache: pointerCache, value: BigInt(`0x${pointer}`) })
    else if (cache !== undefined) values.push({ kind: 'cache', cache, value: null })
    else if (decimalBytes !== undefined) {
      if (!/^-?\d+$/.test(token)) break
      values.push({ kind: 'value', value: BigInt.asUintN(decimalBytes * 8, BigInt(token)) })
    } else if (/^(?:[0-9a-f]{16}|[0-9a-f]{8})$/i.test(token)) {
      if (values.length === 0) element = token.length / 2
      values.push({ kind: 'value', value: BigInt(`0x${token}`) })
    } else {
      const symbol = /^([A-Za-z_.$][\w.$]*)(?:\+(\d+|0x[0-9a-f]+))?$/.exec(token)
      if (symbol === null) break
      values.push({ kind: 'symbol', name: symbol[1], offset: symbol[2] === undefined ? 0 : Number(symbol[2]) })
    }
  }
  if (values.length === 0) return undefined
  return { address: BigInt(`0x${head[1].trim()}`), addressWidth: head[1].length, element, values }
}
