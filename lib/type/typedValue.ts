import type { FaultReason } from '../errors.js'
import { BtfKind } from '../source/btf.js'
import { Budget, DEEPEST_NESTING, MOST_STEPS } from './budget.js'
import { hex } from '../util/hex.js'
import { declarator } from './declarator.js'
import { enumIsSigned, enumText } from './enumText.js'
import { isLeaf } from './layout.js'
import { findMember, isComposite, rawMember } from './members.js'
import type { TypeGraph } from './typeGraph.js'
import { integerAt, memberText, pointsAtText, type ValueImage, type ValueStyle } from './valueText.js'

/** One member of a value, not further divided: a number, a pointer, an enum, a string or an array of these. */
export interface ValueMember {
  /** From the outermost struct: `list.next`, `node[1].nr`. */
  readonly member: string
  /** Bytes from the start of the value. */
  readonly offset: number
  readonly bytes: number
  readonly type: string
  /** For a bit field its first bit from the start of the value, and its width. */
  readonly bitOffset: number | null
  readonly bits: number | null
  /** As C writes it, pointers as addresses; null where the evidence does not hold it. */
  readonly value: string | null
  /** What a pointer points at; null for anything else. */
  readonly symbol: string | null
  /** Text that a `char *` points at, up to its end; null for anything else. */
  readonly string: string | null
  /** Why there is no value. */
  readonly missing: FaultReason | null
}

/** Rows of one value at most: a struct of arrays of structs can have millions. */
const MOST_ROWS = 20_000
const INT_SIGNED = 1
const INT_BOOL = 4

/** How node's console and a notebook ask a value to show itself. */
const inspect = Symbol.for('nodejs.util.inspect.custom')
const display = Symbol.for('Jupyter.display')

/**
 * A value of a C type as read from a machine's memory. Prints itself as crash's `struct` does; members are at hand by path.
 *
 * @example
 * const value = dump.read('seq_operations', '0xffff8e89812d1ec0')
 * String(value)      // struct seq_operations {\n  start = 0xffffffffa217b370 <single_start>,\n …
 * value.get('start') // 0xffffffffa217b370n
 */
export class TypedValue {
  readonly #graph: TypeGraph
  readonly #id: number
  readonly #image: ValueImage
  readonly #style: ValueStyle
  readonly #path: string

  /** @param path the member of type `id` that is meant, or empty for all of it */
  constructor(graph: TypeGraph, id: number, image: ValueImage, style: ValueStyle = {}, path = '') {
    this.#graph = graph
    this.#id = id
    this.#image = image
    this.#style = style
    this.#path = path
  }

  /** Of the value's first byte. */
  get address(): bigint {
    return this.#image.address
  }

  /** `struct seq_operations`. */
  get type(): string {
    return declarator(this.#graph, this.#id)
  }

  get bytes(): number {
    return this.#image.bytes.length
  }

  /** As crash's `struct TYPE ADDRESS` prints it; `  member = value,` for members picked by path. */
  get text(): string {
    const target = this.#graph.strip(this.#id)
    if (this.#path !== '') {
      return this.#path.split(',').map((path) => {
        const found = findMember(this.#graph, this.#id, path)
        if (found === undefined) return ''
        const text = memberText(this.#graph, found.type, found.bitOffset, found.bits, this.#image, this.#style, 1)
        return `  ${path} = ${text},`
      }).join('\n')
    }
    const text = memberText(this.#graph, this.#id, 0, 0, this.#image, this.#style)
    return isComposite(this.#graph, target) ? `${this.type} ${text}` : text
  }

  toString(): string {
    return this.text
  }

  [inspect](): string {
    return this.text
  }

  [display](): Record<string, string> {
    return { 'text/plain': this.text }
  }

  toJSON(): { type: string; address: string; bytes: number; members: ValueMember[] } {
    return { type: this.type, address: hex(this.address), bytes: this.bytes, members: this.members() }
  }

  /**
   * A member by path: integers and pointers as bigint, enums by name, bools as such, char arrays as text up to the first NUL.
   * Undefined where the type has no such member, or it is none of these; null where the evidence does not hold its bytes.
   */
  get(path: string): bigint | string | boolean | null | undefined {
    const found = findMember(this.#graph, this.#id, path)
    if (found === undefined) return undefined
    return this.#plain(found.type, found.bitOffset, found.bits)
  }

  /** All members at any depth that are not divided further. */
  members(): ValueMember[] {
    const rows: ValueMember[] = []
    const budget = new Budget(MOST_STEPS)
    if (this.#path === '') this.#collect(rows, this.#id, '', 0, 0, 0, budget)
    for (const path of this.#path === '' ? [] : this.#path.split(',')) {
      const found = findMember(this.#graph, this.#id, path)
      if (found !== undefined) this.#collect(rows, found.type, path, found.bitOffset, found.bits, 0, budget)
    }
    return rows
  }

  #collect(rows: ValueMember[], id: number, path: string, bitOffset: number, bits: number, depth: number, budget: Budget): void {
    const graph = this.#graph
    const target = graph.strip(id)
    if (rows.length >= MOST_ROWS || depth > DEEPEST_NESTING || !budget.spend()) return
    if (isComposite(graph, target)) {
      for (let i = 0, vlen = graph.vlen(target); i < vlen && !budget.isSpent; i++) {
        const member = rawMember(graph, target, i)
        const name = graph.string(member.nameOffset)
        const inner = name === '' || path === '' ? path + name : `${path}.${name}`
        this.#collect(rows, member.type, inner, bitOffset + member.bitOffset, member.bits, depth + 1, budget)
      }
      return
    }
    if (graph.kind(target) === BtfKind.ARRAY && !isLeaf(graph, target)) {
      const element = graph.words[graph.body(target)]
      const bytes = graph.bytesOf(element) ?? 0
      const elements = Math.min(graph.words[graph.body(target) + 2], this.#style.elements ?? 256)
      for (let i = 0; i < elements && !budget.isSpent; i++) this.#collect(rows, element, `${path}[${i}]`, bitOffset + i * bytes * 8, 0, depth + 1, budget)
      return
    }
    rows.push(this.#row(id, path, bitOffset, bits))
  }

  #row(id: number, path: string, bitOffset: number, bits: number): ValueMember {
    const graph = this.#graph
    const offset = Math.floor(bitOffset / 8)
    const bytes = graph.bytesOf(id) ?? 0
    const target = graph.strip(id)
    const missing = this.#image.missing(offset, Math.max(1, bits > 0 ? Math.ceil((bitOffset % 8 + bits) / 8) : bytes)) ?? null
    const row = { member: path, offset, bytes, type: declarator(graph, id), bitOffset: bits > 0 ? bitOffset : null, bits: bits > 0 ? bits : null, missing }
    if (missing !== null) return { ...row, value: null, symbol: null, string: null }
    if (graph.kind(target) !== BtfKind.PTR) {
      return { ...row, value: memberText(graph, id, bitOffset, bits, this.#image, this.#style), symbol: null, string: null }
    }
    const address = this.#plain(id, bitOffset, bits)
    if (typeof address !== 'bigint') return { ...row, value: null, symbol: null, string: null, missing: 'absent' }
    const text = address === 0n || !pointsAtText(graph, target) ? undefined : this.#style.string?.(address, this.#style.elements ?? 256)
    return {
      ...row,
      value: hex(address),
      symbol: address === 0n ? null : this.#style.symbol?.(address) ?? null,
      string: text === undefined || (text.bytes.length === 0 && text.missing !== undefined) ? null : Buffer.from(text.bytes).toString('latin1')
    }
  }

  #plain(id: number, bitOffset: number, bits: number): bigint | string | boolean | null | undefined {
    const graph = this.#graph
    const target = graph.strip(id)
    const kind = graph.kind(target)
    const bytes = graph.bytesOf(target)
    if (bytes === undefined || isComposite(graph, target)) return undefined
    const width = bits > 0 ? bits : bytes * 8
    const first = Math.floor(bitOffset / 8)
    if (this.#image.missing(first, Math.max(1, Math.ceil((bitOffset + width) / 8) - first)) !== undefined) return null
    if (kind === BtfKind.ARRAY) {
      const element = graph.strip(graph.words[graph.body(target)])
      if (graph.kind(element) !== BtfKind.INT || graph.sizeOrType(element) !== 1) return undefined
      const text = this.#image.bytes.subarray(first, first + bytes)
      const end = text.indexOf(0)
      return Buffer.from(end < 0 ? text : text.subarray(0, end)).toString('latin1')
    }
    if (kind === BtfKind.FLOAT) return undefined
    const encoding = kind === BtfKind.INT ? graph.words[graph.body(target)] >>> 24 : 0
    const isEnum = kind === BtfKind.ENUM || kind === BtfKind.ENUM64
    const value = integerAt(graph, this.#image.bytes, bitOffset, width, isEnum ? enumIsSigned(graph, target) : (encoding & INT_SIGNED) !== 0)
    if (value === undefined) return null
    if (isEnum) return enumText(graph, target, value)
    return (encoding & INT_BOOL) !== 0 ? value !== 0n : value
  }
}
