import type { FaultReason } from '../../lib/errors.js'
import type { Memory, PhysicalMemory } from '../../lib/memory/memory.js'
import type { KernelView } from '../../lib/slab/kernelView.js'
import { parseVmcoreinfo } from '../../lib/source/vmcoreinfo.js'
import { SymbolTable } from '../../lib/symbol/symbolTable.js'
import type { TypeTable } from '../../lib/type/typeTable.js'
import { Warnings } from '../../lib/warnings.js'
import { structTypes, type TypesSpec } from './structTypes.js'

export const DIRECT_MAP = 0xffff888000000000n
export const VMEMMAP = 0xffffea0000000000n
const PAGE_STRUCT_BYTES = 64
const PER_CPU_BYTES = 0x4000

export interface MiniKernelOptions {
  readonly types: TypesSpec
  readonly vmcoreinfo?: string
  readonly architecture?: KernelView['architecture']
  readonly pageBytes?: number
  readonly frames?: number
  readonly cpus?: readonly number[]
}

/** A kernel's memory that a test writes down piece by piece: pages with their page structures, per-CPU areas, structs by member name. */
export class MiniKernel {
  readonly types: TypeTable
  readonly pageBytes: number
  readonly frames: number
  readonly cpus: readonly number[]
  readonly warnings = new Warnings()
  /** Frames the dump left out. */
  readonly dropped = new Set<number>()
  /** Frames whose page structures the dump left out. */
  readonly droppedPageStructs = new Set<number>()
  readonly #options: MiniKernelOptions
  readonly #ram: Uint8Array
  readonly #vmemmap: Uint8Array
  readonly #symbols = new Map<string, bigint>()
  #nextFrame = 1
  #dataAt = 0n
  #dataEnd = 0n
  readonly #perCpuBase: bigint
  #perCpuAt = 0x100n

  constructor(options: MiniKernelOptions) {
    this.#options = options
    this.types = structTypes(options.types)
    this.pageBytes = options.pageBytes ?? 4096
    this.frames = options.frames ?? 512
    this.cpus = options.cpus ?? [0, 1]
    this.#ram = new Uint8Array(this.frames * this.pageBytes)
    this.#vmemmap = new Uint8Array(this.frames * PAGE_STRUCT_BYTES)
    this.#perCpuBase = this.virtual(this.pages(Math.ceil((this.cpus.length * PER_CPU_BYTES) / this.pageBytes)))
  }

  virtual(frame: number): bigint {
    return DIRECT_MAP + BigInt(frame * this.pageBytes)
  }

  pageStruct(frame: number): bigint {
    return VMEMMAP + BigInt(frame * PAGE_STRUCT_BYTES)
  }

  frameOf(address: bigint): number {
    return Math.floor(Number(address - DIRECT_MAP) / this.pageBytes)
  }

  /** The first of `count` new frames, aligned as the buddy allocator aligns them. */
  pages(count: number): number {
    const order = 2 ** Math.ceil(Math.log2(count))
    const first = Math.ceil(this.#nextFrame / order) * order
    this.#nextFrame = first + count
    if (this.#nextFrame > this.frames) throw new RangeError(`more than ${this.frames} frames`)
    return first
  }

  /** Zeroed memory of no slab. */
  alloc(bytes: number): bigint {
    const size = BigInt(Math.ceil(bytes / 64) * 64)
    if (this.#dataAt + size > this.#dataEnd) {
      const pages = Math.ceil(Number(size) / this.pageBytes)
      this.#dataAt = this.virtual(this.pages(pages))
      this.#dataEnd = this.#dataAt + BigInt(pages * this.pageBytes)
    }
    this.#dataAt += size
    return this.#dataAt - size
  }

  /** A per-CPU pointer; {@link perCpu} is where a CPU has its own. */
  allocPerCpu(bytes: number): bigint {
    const at = this.#perCpuAt
    this.#perCpuAt += BigInt(Math.ceil(bytes / 16) * 16)
    if (this.#perCpuAt > BigInt(PER_CPU_BYTES)) throw new RangeError('more per-CPU memory than a test needs')
    return at
  }

  perCpu(pointer: bigint, cpu: number): bigint {
    return this.#perCpuBase + pointer + BigInt(this.cpus.indexOf(cpu) * PER_CPU_BYTES)
  }

  write(address: bigint, value: bigint | number, bytes = 8): this {
    const { memory, at } = this.#place(address)
    for (let i = 0; i < bytes; i++) memory[at + i] = Number((BigInt.asUintN(64, BigInt(value)) >> BigInt(8 * i)) & 0xffn)
    return this
  }

  writeText(address: bigint, text: string): this {
    const { memory, at } = this.#place(address)
    memory.set(Buffer.from(`${text}\0`, 'latin1'), at)
    return this
  }

  read(address: bigint): bigint {
    const { memory, at } = this.#place(address)
    return new DataView(memory.buffer).getBigUint64(at, true)
  }

  /** Writes members of a struct by name. */
  set(struct: string, address: bigint, members: Readonly<Record<string, bigint | number>>): this {
    for (const [path, value] of Object.entries(members)) {
      const place = this.types.member(struct, path)
      if (place === undefined) throw new TypeError(`no ${struct}.${path}`)
      if (place.bits === null) {
        this.write(address + BigInt(place.offset), value, Math.min(place.bytes ?? 8, 8))
        continue
      }
      const shift = BigInt(place.bitOffset! & 7)
      const mask = ((1n << BigInt(place.bits)) - 1n) << shift
      const word = address + BigInt(place.bitOffset! >>> 3)
      const { memory, at } = this.#place(word)
      for (let i = 0; i < 4; i++) {
        const part = Number((mask >> BigInt(8 * i)) & 0xffn)
        memory[at + i] = (memory[at + i] & ~part) | Number(((BigInt(value) << shift) >> BigInt(8 * i)) & BigInt(part))
      }
    }
    return this
  }

  /** Address of a member. */
  at(struct: string, address: bigint, path: string): bigint {
    const place = this.types.member(struct, path)
    if (place === undefined) throw new TypeError(`no ${struct}.${path}`)
    return address + BigInt(place.offset)
  }

  symbol(name: string, address: bigint): bigint {
    this.#symbols.set(name, address)
    return address
  }

  /** Links nodes (addresses of `list_head`s) into the list of `head`. */
  list(head: bigint, nodes: readonly bigint[]): void {
    const ring = [head, ...nodes]
    ring.forEach((node, i) => {
      this.write(node, ring[(i + 1) % ring.length])
      this.write(node + 8n, ring[(i + ring.length - 1) % ring.length])
    })
  }

  view(): KernelView {
    const { pageBytes, frames } = this
    const page = (frame: number): Uint8Array | FaultReason => {
      if (frame < 0 || frame >= frames) return 'absent'
      return this.dropped.has(frame) ? 'excluded' : this.#ram.subarray(frame * pageBytes, (frame + 1) * pageBytes)
    }
    const physical: PhysicalMemory = {
      pageBytes, frames, page, has: (frame) => frame >= 0 && frame < frames && !this.dropped.has(frame), presentRuns: () => [{ start: 0, end: frames }]
    }
    return {
      architecture: this.#options.architecture ?? 'x86_64',
      pageBytes,
      memory: this.#memory(),
      physical,
      symbols: new SymbolTable([...this.#symbols].map(([name, address]) => ({ address, name, type: 't', module: null }))),
      types: this.types,
      vmcoreinfo: parseVmcoreinfo(this.#options.vmcoreinfo ?? ''),
      warnings: this.warnings,
      symbol: (name) => this.#symbols.get(name),
      physicalOf: (address) => (address >= DIRECT_MAP && address < this.virtual(frames) ? Number(address - DIRECT_MAP) : undefined),
      virtualOf: (address) => DIRECT_MAP + BigInt(address),
      directMap: { start: DIRECT_MAP, end: this.virtual(frames) },
      pageStructBytes: PAGE_STRUCT_BYTES,
      pageStructRuns: () => [{ start: 0, end: frames, address: VMEMMAP }],
      pageStructOf: (frame) => (frame < frames ? this.pageStruct(frame) : undefined),
      frameOfPageStruct: (address) => (address >= VMEMMAP && address < this.pageStruct(frames) ? Number(address - VMEMMAP) >>> 6 : undefined),
      cpus: this.cpus,
      perCpu: (address, cpu) => this.perCpu(address, cpu)
    }
  }

  #memory(): Memory {
    const tryRead = (address: bigint, bytes: number): Uint8Array | FaultReason => {
      const found = this.#find(address)
      if (found === undefined || found.at + bytes > found.memory.length) return 'unmapped'
      const unit = found.memory === this.#ram ? this.pageBytes : PAGE_STRUCT_BYTES
      const missing = found.memory === this.#ram ? this.dropped : this.droppedPageStructs
      for (let part = Math.floor(found.at / unit); part * unit < found.at + bytes; part++) if (missing.has(part)) return 'excluded'
      return found.memory.subarray(found.at, found.at + bytes)
    }
    return {
      littleEndian: true, pointerBytes: 8, tryRead,
      readMany(addresses, bytes, out, present) {
        addresses.forEach((address, i) => {
          const found = tryRead(address, bytes)
          present[i] = typeof found === 'string' ? 0 : 1
          out.fill(0, i * bytes, (i + 1) * bytes)
          if (typeof found !== 'string') out.set(found, i * bytes)
        })
      }
    }
  }

  #place(address: bigint): { memory: Uint8Array; at: number } {
    const found = this.#find(address)
    if (found === undefined) throw new RangeError(`no memory at ${address.toString(16)}`)
    return found
  }

  #find(address: bigint): { memory: Uint8Array; at: number } | undefined {
    if (address >= DIRECT_MAP && address < this.virtual(this.frames)) return { memory: this.#ram, at: Number(address - DIRECT_MAP) }
    if (address >= VMEMMAP && address < this.pageStruct(this.frames)) return { memory: this.#vmemmap, at: Number(address - VMEMMAP) }
    return undefined
  }
}
