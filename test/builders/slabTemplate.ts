import { FreePointer } from '../../lib/slab/slub/freePointer.js'
import type { KmemCache } from '../../lib/slab/kmemCache.js'
import type { VmcoreSystem } from '../../lib/system/vmcoreSystem.js'

const PAGE = 4096
const STRUCT = 64
const COMPOUND_HEAD = 8
/** Page structures of one page. */
export const PER_STRETCH = PAGE / STRUCT

/** A full slab of a dump, to be copied. */
export class SlabTemplate {
  readonly pages: number
  readonly objects: number
  readonly record: KmemCache
  readonly #structs: Buffer
  readonly #data: Buffer
  readonly #freelistAt: number
  readonly #inUseAt: number
  readonly #pointer: FreePointer
  readonly #virtual: (frame: number) => bigint

  constructor(system: VmcoreSystem, readonly name: string) {
    const { kernel, slabs } = system
    const { table } = slabs
    const cache = table.caches.findIndex((one) => one.name === name)
    slabs.settle(cache)
    const slab = [...table.ofCache(cache)].find((row) => table.allocated(row) === table.objects[row] && table.inUse[row] === table.objects[row] &&
      table.guarded[row] === 0 && table.missingPages[row] === 0 && table.ownerCpu[row] < 0)
    if (slab === undefined) throw new Error(`no full slab of ${name}`)
    this.record = table.caches[cache]
    this.pages = table.pages[slab]
    this.objects = table.objects[slab]
    const frames = Array.from({ length: this.pages }, (_, i) => table.frame[slab] + i)
    this.#structs = Buffer.concat(frames.map((frame) => kernel.memory.tryRead(kernel.pageStructOf(frame)!, STRUCT) as Uint8Array))
    this.#data = Buffer.concat(frames.map((frame) => Buffer.from(kernel.physical.page(frame) as Uint8Array)))
    this.#freelistAt = kernel.types.member('slab', 'freelist')!.offset
    this.#inUseAt = kernel.types.member('slab', 'inuse')!.offset
    this.#pointer = new FreePointer(this.record, 'swapped', false)
    this.#virtual = (frame) => kernel.virtualOf(frame * PAGE)
  }

  /** Free objects of a half-empty copy: every other one. */
  get half(): number {
    return Math.floor(this.objects / 2)
  }

  /** The page structures of a stretch full of copies; `firstStruct` is where they lie. */
  structs(firstFrame: number, firstStruct: bigint, halfEmpty: boolean): Buffer {
    const page = Buffer.concat(Array.from({ length: PER_STRETCH / this.pages }, () => this.#structs))
    for (let head = 0; head < PER_STRETCH; head += this.pages) {
      for (let tail = 1; tail < this.pages; tail++) page.writeBigUInt64LE((firstStruct + BigInt(head * STRUCT)) | 1n, (head + tail) * STRUCT + COMPOUND_HEAD)
      if (!halfEmpty) continue
      page.writeBigUInt64LE(this.#object(firstFrame + head, 0), head * STRUCT + this.#freelistAt)
      page.writeUInt16LE(this.objects - this.half, head * STRUCT + this.#inUseAt)
    }
    return page
  }

  /** What the pages of a full copy hold. */
  contents(): Buffer[] {
    return this.#cut(this.#data)
  }

  /** What the pages of a half-empty copy hold: its free list runs through its objects. */
  halfEmpty(frame: number): Buffer[] {
    const bytes = Buffer.from(this.#data)
    for (let free = 0; free < this.half; free++) {
      const next = free + 1 < this.half ? this.#object(frame, 2 * (free + 1)) : 0n
      const place = this.#object(frame, 2 * free) + BigInt(this.record.freePointerOffset)
      // Hiding a pointer twice shows it.
      this.#pointer.decode(low(next), high(next), low(place), high(place))
      const at = Number(place - this.#virtual(frame))
      bytes.writeUInt32LE(this.#pointer.low >>> 0, at)
      bytes.writeUInt32LE(this.#pointer.high >>> 0, at + 4)
    }
    return this.#cut(bytes)
  }

  #object(frame: number, slot: number): bigint {
    return this.#virtual(frame) + BigInt(slot * this.record.slotBytes + this.record.payloadOffset)
  }

  #cut(bytes: Buffer): Buffer[] {
    return Array.from({ length: this.pages }, (_, i) => bytes.subarray(i * PAGE, (i + 1) * PAGE))
  }
}

function low(word: bigint): number {
  return Number(word & 0xffffffffn)
}

function high(word: bigint): number {
  return Number(word >> 32n)
}
