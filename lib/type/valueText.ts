import { faultWords, type FaultReason } from '../errors.js'
import { BtfKind } from '../source/btf.js'
import { Budget, DEEPEST_NESTING, MOST_STEPS } from './budget.js'
import { quotedText } from './cText.js'
import { enumIsSigned, enumText } from './enumText.js'
import { isComposite, rawMember } from './members.js'
import type { TypeGraph } from './typeGraph.js'

/** Bytes of a value as a dump holds them, with what is missing. */
export interface ValueImage {
  /** Where its first byte lies. */
  readonly address: bigint
  readonly bytes: Uint8Array
  /** Why the first missing byte in [offset, offset + length) is missing; undefined where all of them are there. */
  missing(offset: number, length: number): FaultReason | undefined
}

export interface ValueStyle {
  /** Elements of an array, and characters of a string, before `...`. Crash shows 256. */
  readonly elements?: number
  /** 16 writes integers as crash's `struct -x` does. */
  readonly radix?: 10 | 16
  /** `single_start`, `single_start+4`: what a pointer points at; undefined where nothing is known. */
  readonly symbol?: (address: bigint) => string | undefined
  /** What a `char *` points at; undefined where no string is wanted. */
  readonly string?: (address: bigint, limit: number) => FoundString | undefined
}

/** A string as far as it can be read. */
export interface FoundString {
  /** Up to its first NUL, to the limit, or to the first byte that is missing. */
  readonly bytes: Uint8Array
  /** Why it ends before its NUL, where a byte is missing. */
  readonly missing?: string
}

const INT_SIGNED = 1
const INT_BOOL = 4

/**
 * A value as crash's `struct` and gdb print it: members by name, pointers with `<symbol+offset>`, char arrays as strings,
 * enums by name. A part that cannot be read says so: `<its page was excluded from the dump>`.
 *
 * @param id any type of `graph`
 */
export function valueText(graph: TypeGraph, id: number, image: ValueImage, style: ValueStyle = {}): string {
  return new Writer(graph, image, style).value(id, 0, 0, 0)
}

/** One member of a value (not a whole struct) as {@link valueText} writes it. */
export function memberText(graph: TypeGraph, id: number, bitOffset: number, bits: number, image: ValueImage, style: ValueStyle = {}, depth = 0): string {
  return new Writer(graph, image, style).value(id, bitOffset, bits, depth)
}

/** An integer of up to 16 bytes, or a bit field, in the byte order of the graph. Undefined where a byte of it lies outside of the image. */
export function integerAt(graph: TypeGraph, bytes: Uint8Array, bitOffset: number, bits: number, signed: boolean): bigint | undefined {
  const first = Math.floor(bitOffset / 8)
  const last = Math.floor((bitOffset + bits - 1) / 8)
  if (last >= bytes.length) return undefined
  let word = 0n
  if (graph.littleEndian) for (let i = last; i >= first; i--) word = (word << 8n) | BigInt(bytes[i])
  else for (let i = first; i <= last; i++) word = (word << 8n) | BigInt(bytes[i])
  // Bits count from the least significant one on little-endian machines, from the most significant one on big-endian ones.
  const shift = graph.littleEndian ? bitOffset - first * 8 : (last + 1) * 8 - bitOffset - bits
  word >>= BigInt(shift)
  return signed ? BigInt.asIntN(bits, word) : BigInt.asUintN(bits, word)
}

class Writer {
  readonly #graph: TypeGraph
  readonly #image: ValueImage
  readonly #style: ValueStyle
  readonly #elements: number
  readonly #budget = new Budget(MOST_STEPS)

  constructor(graph: TypeGraph, image: ValueImage, style: ValueStyle) {
    this.#graph = graph
    this.#image = image
    this.#style = style
    this.#elements = style.elements ?? 256
  }

  value(id: number, bitOffset: number, bits: number, depth: number): string {
    const graph = this.#graph
    if (depth > DEEPEST_NESTING || !this.#budget.spend()) return '...'
    const target = graph.strip(id)
    if (isComposite(graph, target)) return this.#composite(target, bitOffset, depth)
    if (graph.kind(target) === BtfKind.ARRAY) return this.#array(target, bitOffset, depth)
    const bytes = graph.bytesOf(target)
    if (bytes === undefined) return '<incomplete type>'
    const width = bits > 0 ? bits : bytes * 8
    const first = Math.floor(bitOffset / 8)
    const missing = this.#image.missing(first, Math.ceil((bitOffset + width) / 8) - first)
    if (missing !== undefined) return `<${faultWords[missing]}>`
    switch (graph.kind(target)) {
      case BtfKind.PTR:
        return this.#pointer(graph.sizeOrType(target), this.#integer(bitOffset, width, false))
      case BtfKind.ENUM:
      case BtfKind.ENUM64: {
        const value = this.#integer(bitOffset, width, enumIsSigned(graph, target))
        return this.#style.radix === 16 ? this.#hex(value, width) : enumText(graph, target, value)
      }
      case BtfKind.FLOAT:
        return this.#float(first, bytes)
      default:
        return this.#int(target, bitOffset, width)
    }
  }

  #composite(struct: number, bitOffset: number, depth: number): string {
    const graph = this.#graph
    const vlen = graph.vlen(struct)
    if (vlen === 0) return '{<No data fields>}'
    const indent = '  '.repeat(depth + 1)
    const lines: string[] = []
    for (let i = 0; i < vlen && !this.#budget.isSpent; i++) {
      const member = rawMember(graph, struct, i)
      const name = graph.string(member.nameOffset)
      const text = this.value(member.type, bitOffset + member.bitOffset, member.bits, depth + 1)
      lines.push(`${indent}${name === '' ? '' : `${name} = `}${text}`)
    }
    return `{\n${lines.join(',\n')}\n${'  '.repeat(depth)}}`
  }

  #array(array: number, bitOffset: number, depth: number): string {
    const graph = this.#graph
    const body = graph.body(array)
    const element = graph.words[body]
    const elements = graph.words[body + 2]
    const bytes = graph.bytesOf(element)
    // A flexible array has no length: gdb shows where it starts.
    if (elements === 0 || bytes === undefined || bytes === 0) {
      return this.#pointer(element, this.#image.address + BigInt(Math.floor(bitOffset / 8)))
    }
    if (isText(graph, element) && this.#style.radix !== 16) return this.#text(Math.floor(bitOffset / 8), elements)
    const shown = Math.min(elements, this.#elements)
    const parts: string[] = []
    for (let i = 0; i < shown && !this.#budget.isSpent; i++) parts.push(this.value(element, bitOffset + i * bytes * 8, 0, depth + 1))
    return `{${parts.join(', ')}${shown < elements ? '...' : ''}}`
  }

  #text(first: number, length: number): string {
    const missing = this.#image.missing(first, length)
    if (missing !== undefined) return `<${faultWords[missing]}>`
    let bytes = this.#image.bytes.subarray(first, first + length)
    // gdb leaves out one NUL at the end of the array.
    if (bytes[length - 1] === 0) bytes = bytes.subarray(0, length - 1)
    // It counts runs of equal characters whole: the one that crosses the limit is still shown to its end.
    let shown = 0
    while (shown < bytes.length && shown < this.#elements) {
      const { [shown]: byte } = bytes
      while (shown < bytes.length && bytes[shown] === byte) shown++
    }
    return quotedText(bytes.subarray(0, shown), '"') + (shown < bytes.length ? '...' : '')
  }

  #pointer(pointee: number, address: bigint): string {
    const { symbol, string } = this.#style
    let text = `0x${address.toString(16)}`
    if (address === 0n) return text
    const name = symbol?.(address)
    if (name !== undefined) text += ` <${name}>`
    if (string !== undefined && isText(this.#graph, pointee)) {
      const found = string(address, this.#elements)
      if (found !== undefined && (found.bytes.length > 0 || found.missing === undefined)) {
        text += ` ${quotedText(found.bytes, '"')}${found.bytes.length >= this.#elements ? '...' : ''}`
      }
      if (found?.missing !== undefined) text += ` <${found.missing}>`
    }
    return text
  }

  #int(id: number, bitOffset: number, width: number): string {
    const graph = this.#graph
    const encoding = (graph.words[graph.body(id)] >>> 24) & 0xf
    const value = this.#integer(bitOffset, width, (encoding & INT_SIGNED) !== 0)
    if (this.#style.radix === 16) return this.#hex(value, width)
    if ((encoding & INT_BOOL) !== 0) return value === 0n ? 'false' : value === 1n ? 'true' : value.toString()
    if (graph.sizeOrType(id) === 1) return `${value} ${quotedText(Uint8Array.of(Number(BigInt.asUintN(8, value))), "'")}`
    return value.toString()
  }

  #float(first: number, bytes: number): string {
    const view = new DataView(this.#image.bytes.buffer, this.#image.bytes.byteOffset + first, bytes)
    if (bytes === 4) return String(view.getFloat32(0, this.#graph.littleEndian))
    if (bytes === 8) return String(view.getFloat64(0, this.#graph.littleEndian))
    return this.#hex(this.#integer(first * 8, bytes * 8, false), bytes * 8)
  }

  #integer(bitOffset: number, width: number, signed: boolean): bigint {
    return integerAt(this.#graph, this.#image.bytes, bitOffset, width, signed) ?? 0n
  }

  #hex(value: bigint, width: number): string {
    return `0x${BigInt.asUintN(width, value).toString(16)}`
  }
}

/** Whether gdb takes the type for characters: any integer of one byte that is no bool. */
function isText(graph: TypeGraph, id: number): boolean {
  const target = graph.strip(id)
  if (graph.kind(target) !== BtfKind.INT || graph.sizeOrType(target) !== 1) return false
  return (((graph.words[graph.body(target)] >>> 24) & 0xf) & INT_BOOL) === 0
}

/** Whether a pointer type is a `char *` of some sort. */
export function pointsAtText(graph: TypeGraph, pointer: number): boolean {
  return isText(graph, graph.sizeOrType(graph.strip(pointer)))
}
