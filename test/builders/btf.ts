import { BtfKind, KIND_SHIFT } from '../../lib/source/btf.js'

export interface BtfLayout {
  readonly littleEndian?: boolean
  /** Bytes of the header: what lies behind the known fields is filled with 0xee. */
  readonly headerBytes?: number
  /** `struct btf_layout` by kind: bytes once, bytes for each element. Makes the header 32 bytes. */
  readonly layout?: Readonly<Record<number, readonly [once: number, each: number]>>
  /** For split BTF: what it continues. */
  readonly base?: BtfBuilder
}

export interface MemberOf {
  readonly name: string
  readonly type: number
  /** Bits from the start. */
  readonly at: number
  readonly bits?: number
}

/** Writes BTF, type by type; each method returns the id of what it added. */
export class BtfBuilder {
  readonly #words: number[] = []
  readonly #strings: number[] = []
  readonly #offsets = new Map<string, number>()
  readonly #base: BtfBuilder | undefined
  #next: number

  constructor(base?: BtfBuilder) {
    this.#base = base
    this.#next = base === undefined ? 1 : base.#next
    if (base === undefined) this.#strings.push(0)
  }

  /** The id that the next type gets: for a struct whose members point at itself. */
  get nextId(): number {
    return this.#next
  }

  get stringBytes(): number {
    return (this.#base?.stringBytes ?? 0) + this.#strings.length
  }

  /** Offset of a string, in the base where that has it. */
  string(text: string): number {
    if (text === '') return 0
    const known = this.#base?.known(text) ?? this.#offsets.get(text)
    if (known !== undefined) return known
    const offset = this.stringBytes
    this.#offsets.set(text, offset)
    this.#strings.push(...Buffer.from(text, 'latin1'), 0)
    return offset
  }

  known(text: string): number | undefined {
    return this.#base?.known(text) ?? this.#offsets.get(text)
  }

  /** A type of any kind, in words as they stand behind name and info. */
  add(kind: number, name: string, vlen: number, flag: boolean, ...rest: number[]): number {
    this.#words.push(this.string(name), (((flag ? 0x80 : 0) | kind) << KIND_SHIFT) | vlen, ...rest)
    return this.#next++
  }

  int(name: string, bytes: number, encoding = 0, bits = bytes * 8, offset = 0): number {
    return this.add(BtfKind.INT, name, 0, false, bytes, (encoding << 24) | (offset << 16) | bits)
  }

  pointer(type: number): number {
    return this.add(BtfKind.PTR, '', 0, false, type)
  }

  array(type: number, elements: number, index = 0): number {
    return this.add(BtfKind.ARRAY, '', 0, false, 0, type, index, elements)
  }

  struct(name: string, bytes: number, members: readonly MemberOf[], kind: number = BtfKind.STRUCT): number {
    const flag = members.some(({ bits }) => bits !== undefined)
    return this.add(kind, name, members.length, flag, bytes, ...members.flatMap(({ name, type, at, bits }) => [this.string(name), type, at | ((bits ?? 0) << 24)]))
  }

  union(name: string, bytes: number, members: readonly MemberOf[]): number {
    return this.struct(name, bytes, members, BtfKind.UNION)
  }

  enum(name: string, values: Readonly<Record<string, number>>, signed = false, bytes = 4): number {
    const list = Object.entries(values)
    return this.add(BtfKind.ENUM, name, list.length, signed, bytes, ...list.flatMap(([name, value]) => [this.string(name), value]))
  }

  enum64(name: string, values: Readonly<Record<string, bigint>>, signed = false): number {
    const list = Object.entries(values)
    const words = list.flatMap(([name, value]) => [this.string(name), Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n))])
    return this.add(BtfKind.ENUM64, name, list.length, signed, 8, ...words)
  }

  forward(name: string, union = false): number {
    return this.add(BtfKind.FWD, name, 0, union, 0)
  }

  typedef(name: string, type: number): number {
    return this.add(BtfKind.TYPEDEF, name, 0, false, type)
  }

  /** const, volatile, restrict or a type tag. */
  qualified(kind: number, type: number, name = ''): number {
    return this.add(kind, name, 0, false, type)
  }

  prototype(returns: number, ...parameters: (number | readonly [name: string, type: number])[]): number {
    const words = parameters.flatMap((parameter) => (typeof parameter === 'number' ? [0, parameter] : [this.string(parameter[0]), parameter[1]]))
    return this.add(BtfKind.FUNC_PROTO, '', parameters.length, false, returns, ...words)
  }

  function(name: string, prototype: number, linkage = 0): number {
    return this.add(BtfKind.FUNC, name, linkage, false, prototype)
  }

  bytes(options: BtfLayout = {}): Uint8Array {
    const littleEndian = options.littleEndian ?? true
    const layout = options.layout === undefined ? [] : Object.entries(options.layout)
    const layoutBytes = layout.length === 0 ? 0 : (Math.max(...layout.map(([kind]) => Number(kind))) + 1) * 4
    const header = options.headerBytes ?? (layoutBytes > 0 ? 32 : 24)
    const types = this.#words.length * 4
    const bytes = new Uint8Array(header + layoutBytes + types + this.#strings.length).fill(0xee, 24, header)
    const view = new DataView(bytes.buffer)
    view.setUint16(0, 0xeb9f, littleEndian)
    bytes[2] = 1
    const fields = [header, layoutBytes, types, layoutBytes + types, this.#strings.length]
    if (layoutBytes > 0) fields.push(0, layoutBytes)
    fields.forEach((value, i) => view.setUint32(4 + 4 * i, value, littleEndian))
    for (const [kind, [once, each]] of layout) bytes.set([once, each], header + Number(kind) * 4)
    this.#words.forEach((word, i) => view.setUint32(header + layoutBytes + 4 * i, word >>> 0, littleEndian))
    bytes.set(this.#strings, header + layoutBytes + types)
    return bytes
  }
}

/** A small kernel's types: integers, a list, a struct with every sort of member, functions. Ids by name. */
export function sampleTypes(): { btf: BtfBuilder; id: Record<string, number> } {
  const btf = new BtfBuilder()
  const id: Record<string, number> = {}
  id.int = btf.int('int', 4, 1)
  id.unsigned = btf.int('unsigned int', 4)
  id.long = btf.int('long unsigned int', 8)
  id.char = btf.int('char', 1, 1)
  id.bool = btf.int('_Bool', 1, 4)
  id.list = btf.struct('list_head', 16, [{ name: 'next', type: btf.nextId + 1, at: 0 }, { name: 'prev', type: btf.nextId + 1, at: 64 }])
  id.listPointer = btf.pointer(id.list)
  id.proto = btf.prototype(id.int, id.listPointer, id.long)
  id.functionPointer = btf.pointer(id.proto)
  id.state = btf.enum('state', { IDLE: 0, BUSY: 1, LOST: 5 })
  id.signedState = btf.enum('error', { OK: 0, BAD: -1 }, true)
  id.wide = btf.enum64('wide', { SMALL: 1n, HUGE: 1n << 40n })
  id.name = btf.array(id.char, 8)
  id.u64 = btf.typedef('u64', id.long)
  id.inner = btf.union('', 8, [{ name: 'number', type: id.u64, at: 0 }, { name: 'text', type: id.name, at: 0 }])
  id.values = btf.array(id.int, 4)
  id.tail = btf.array(id.list, 0)
  id.thing = btf.struct('thing', 64, [
    { name: 'list', type: id.list, at: 0 },
    { name: 'call', type: id.functionPointer, at: 128 },
    { name: '', type: id.inner, at: 192 },
    { name: 'flags', type: id.unsigned, at: 256, bits: 3 },
    { name: 'mode', type: id.unsigned, at: 259, bits: 5 },
    { name: 'ok', type: id.bool, at: 264 },
    { name: 'state', type: id.state, at: 288 },
    { name: 'name', type: id.name, at: 320 },
    { name: 'values', type: id.values, at: 384 },
    { name: 'tail', type: id.tail, at: 512 }
  ])
  id.call = btf.function('thing_call', id.proto)
  return { btf, id }
}
