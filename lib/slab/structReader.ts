import { FaultError, MissingSymbolError } from '../errors.js'
import type { Memory } from '../memory/memory.js'
import type { MemberPlace, TypeTable } from '../type/typeTable.js'

/**
 * Reads members of one struct by name, wherever this kernel keeps them. Each place is looked up once.
 *
 * @example
 * const cache = new StructReader(view.memory, view.types, 'kmem_cache')
 * cache.has('cpu_sheaves') && cache.pointer(address, 'cpu_sheaves')
 */
export class StructReader {
  readonly #places = new Map<string, MemberPlace | undefined>()
  #loaded: { readonly address: bigint; readonly bytes: DataView } | undefined

  constructor(readonly memory: Memory, readonly types: TypeTable, readonly name: string) {}

  /** Whether this kernel has the struct at all. */
  get exists(): boolean {
    return this.types.sizeOf(this.name) !== undefined
  }

  /** Bytes of the struct. @throws MissingSymbolError */
  get bytes(): number {
    const bytes = this.types.sizeOf(this.name)
    if (bytes === undefined) throw new MissingSymbolError(`struct ${this.name}`, this.types.length === 0 ? 'this evidence holds no types (no BTF); --btf FILE gives some' : 'no such type')
    return bytes
  }

  find(path: string): MemberPlace | undefined {
    if (!this.#places.has(path)) this.#places.set(path, this.types.member(this.name, path))
    return this.#places.get(path)
  }

  has(path: string): boolean {
    return this.find(path) !== undefined
  }

  /** The first of several spellings that this kernel has: members get renamed. */
  spelled(...paths: string[]): string | undefined {
    return paths.find((path) => this.has(path))
  }

  /** Bytes from the struct's start. @throws MissingSymbolError */
  offset(path: string): number {
    return this.#place(path).offset
  }

  /** A pointer or any 64-bit word. @throws FaultError, MissingSymbolError */
  pointer(address: bigint, path: string): bigint {
    const { offset } = this.#place(path)
    return this.#view(address, offset, 8, path).getBigUint64(0, this.memory.littleEndian)
  }

  /** An unsigned number of the member's own size, bit fields included. Beyond 2^53 it is rounded. @throws FaultError, MissingSymbolError */
  number(address: bigint, path: string): number {
    const place = this.#place(path)
    if (place.bits != null && place.bitOffset != null) {
      const first = place.bitOffset >>> 3
      const bytes = ((place.bitOffset & 7) + place.bits + 7) >>> 3
      const view = this.#view(address, first, bytes, path)
      let word = 0n
      for (let i = bytes - 1; i >= 0; i--) word = (word << 8n) | BigInt(view.getUint8(i))
      return Number((word >> BigInt(place.bitOffset & 7)) & ((1n << BigInt(place.bits)) - 1n))
    }
    const bytes = place.bytes ?? 8
    const view = this.#view(address, place.offset, bytes > 8 ? 8 : bytes, path)
    if (bytes === 1) return view.getUint8(0)
    if (bytes === 2) return view.getUint16(0, this.memory.littleEndian)
    if (bytes === 4) return view.getUint32(0, this.memory.littleEndian)
    return Number(view.getBigUint64(0, this.memory.littleEndian))
  }

  #place(path: string): MemberPlace {
    const place = this.find(path)
    if (place === undefined) throw new MissingSymbolError(`${this.name}.${path}`, 'no such member')
    return place
  }

  /**
   * Reads the first `bytes` of the struct at `address` at once: members there are then read from them, until another struct is loaded.
   * Worth it for many members of many structs. What is not readable as a whole is read member by member as ever.
   */
  load(address: bigint, bytes: number): void {
    const found = this.memory.tryRead(address, bytes)
    this.#loaded = typeof found === 'string' ? undefined : { address, bytes: new DataView(found.slice().buffer) }
  }

  #view(address: bigint, offset: number, bytes: number, path: string): DataView {
    if (this.#loaded?.address === address && offset + bytes <= this.#loaded.bytes.byteLength) {
      return new DataView(this.#loaded.bytes.buffer, offset, bytes)
    }
    const at = BigInt.asUintN(64, address + BigInt(offset))
    const found = this.memory.tryRead(at, bytes)
    if (typeof found === 'string') throw new FaultError(at, found, `${this.name}.${path}`)
    return new DataView(found.buffer, found.byteOffset, bytes)
  }
}
