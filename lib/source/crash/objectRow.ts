import { shownStates } from './crashTranscript.js'
import { readHexField, type HexField } from './hexDigits.js'

const blank = 0x20
const openBracket = 0x5b
const closeBracket = 0x5d
/** Addresses of 32-bit machines have so many digits. */
const leastDigits = 8

/** What stands beside an address: positions in `shownStates`, or `none` for a part of a slab that is no object. */
export const ObjectMark = {
  allocated: shownStates.indexOf('allocated'), free: shownStates.indexOf('free'), cpuCache: shownStates.indexOf('cpu cache'),
  sharedCache: shownStates.indexOf('shared cache'), none: shownStates.length
} as const

const cpuCache = /^\(cpu \d+ cache\)\s*$/
const sharedCache = /^\(shared cache\)\s*$/
const management = /^\((?:kmem_bufctl_t|slab_s|slab|unused part of slab|on-slab freelist)\)\s*$/

/** A row of an object list, to be filled again and again: `  [ADDRESS]`, `   ADDRESS`, `   ADDRESS  (cpu 1 cache)`. */
export class ObjectRow {
  /** Signed 32-bit halves of the address. */
  high = 0
  low = 0
  state: number = ObjectMark.free
  /** In brackets: allocated. */
  bracketed = false
  /** Behind blanks, as crash prints it. */
  indented = false
  readonly #field: HexField = { high: 0, low: 0, digits: 0 }

  /** False where it is none. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start
    while (at < end && bytes[at] === blank) at++
    this.indented = at > start
    this.bracketed = bytes[at] === openBracket
    if (this.bracketed) at++
    const field = this.#field
    readHexField(bytes, at, end, field)
    if (field.digits < leastDigits) return false
    at += field.digits
    if (this.bracketed && bytes[at++] !== closeBracket) return false
    while (at < end && bytes[at] === blank) at++
    this.high = field.high
    this.low = field.low
    this.state = this.bracketed ? ObjectMark.allocated : ObjectMark.free
    if (at >= end) return true
    const note = decoded(bytes, at, end)
    if (cpuCache.test(note)) this.state = ObjectMark.cpuCache
    else if (sharedCache.test(note)) this.state = ObjectMark.sharedCache
    else if (!this.bracketed && management.test(note)) this.state = ObjectMark.none
    else return false
    return true
  }
}

/** Bytes as text. */
export function decoded(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
}
