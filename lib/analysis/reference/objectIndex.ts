import type { KernelView } from '../../slab/kernelView.js'
import { ALLOCATED, type SlabObjects } from '../../slab/model.js'
import { eachSlab } from '../../slab/slabRuns.js'
import { FrameMap } from '../../memory/frameMap.js'

/** No object. */
export const NOTHING = -1

/**
 * Which object of the slabs a word of memory points into. Words come as two 32-bit halves, so that a scan makes no bigint.
 * A pointer into the payload counts, its last byte included, wherever it points; one past the end does not, nor one into the red zone.
 */
export class ObjectIndex {
  /** Frame → position in `slabs` of {@link SlabObjects}. */
  readonly slabOf: FrameMap
  /** Physical address of each slab's first payload. */
  readonly #base: Float64Array
  readonly #first: Uint32Array
  readonly #slotBytes: Uint32Array
  readonly #payloadBytes: Uint32Array
  readonly pageShift: number
  /** The direct map's start, also as two words, and its length in units of 2^32. */
  readonly start: bigint
  readonly startLow: number
  readonly startHigh: number
  readonly spanHigh: number
  readonly startPhysical: number
  readonly endPhysical: number
  /** Pointers whose top byte is a tag (arm64's TBI, KASAN) are taken without it. */
  readonly tagged: boolean

  constructor(view: KernelView, readonly objects: SlabObjects) {
    const { start, end } = view.directMap
    this.start = start
    this.startLow = Number(start & 0xffffffffn)
    this.startHigh = Number(start >> 32n)
    this.spanHigh = Number((end - start) >> 32n) + 1
    this.startPhysical = view.physicalOf(start) ?? 0
    this.endPhysical = view.physical.frames * view.pageBytes
    this.pageShift = Math.log2(view.pageBytes)
    this.tagged = view.architecture === 'arm64'
    const { slabs, caches, cache, length, address } = objects
    const halves = new Uint32Array(address.buffer, address.byteOffset, 2 * length)
    this.slabOf = new FrameMap(view.physical.frames)
    this.#base = new Float64Array(slabs.length)
    this.#first = new Uint32Array(slabs.length + 1)
    this.#slotBytes = new Uint32Array(slabs.length)
    this.#payloadBytes = new Uint32Array(slabs.length)
    let next = 0
    eachSlab(objects, (position, first, end) => {
      this.#first.fill(first, next, position + 1)
      next = position + 1
      const { slotBytes, objectBytes } = caches[cache[first]]
      const base = (halves[2 * first + 1] - this.startHigh) * 2 ** 32 + (halves[2 * first] - this.startLow) + this.startPhysical
      this.#base[position] = base
      this.#slotBytes[position] = slotBytes ?? 0
      this.#payloadBytes[position] = objectBytes ?? slotBytes ?? 0
      const lastFrame = Math.floor((base + (end - first - 1) * this.#slotBytes[position] + this.#payloadBytes[position] - 1) / view.pageBytes)
      const firstFrame = Math.floor(base / view.pageBytes)
      this.slabOf.fill(firstFrame, lastFrame - firstFrame + 1, position)
    })
    this.#first.fill(length, next)
  }

  /** Position in `slabs` of the slab that has objects in a frame, or -1. */
  slabOfFrame(frame: number): number {
    return this.slabOf.get(frame)
  }

  /** A word's high half without its tag: bit 55 tells that it is the kernel's. */
  untagged(high: number): number {
    return this.tagged && (high & 0x00800000) !== 0 ? (high | 0xff000000) >>> 0 : high
  }

  /** Physical address behind a word if it lies in the direct map, or -1. */
  physicalOfWord(low: number, high: number): number {
    const distance = this.untagged(high) - this.startHigh
    if (distance < 0 || distance > this.spanHigh) return NOTHING
    const physical = distance * 2 ** 32 + (low - this.startLow) + this.startPhysical
    return physical >= 0 && physical < this.endPhysical ? physical : NOTHING
  }

  /** The object whose payload holds a physical address, whatever its state, or -1. */
  objectAt(physical: number): number {
    const slab = this.slabOf.get(physical < 2 ** 31 ? physical >>> this.pageShift : Math.floor(physical / 2 ** this.pageShift))
    if (slab < 0) return NOTHING
    const offset = physical - this.#base[slab]
    if (offset < 0) return NOTHING
    const slotBytes = this.#slotBytes[slab]
    const slot = Math.floor(offset / slotBytes)
    const object = this.#first[slab] + slot
    return object < this.#first[slab + 1] && offset - slot * slotBytes < this.#payloadBytes[slab] ? object : NOTHING
  }

  /** The allocated object that a word points into, or -1: free, cached and pending ones are nobody's target. */
  targetOf(low: number, high: number): number {
    const physical = this.physicalOfWord(low, high)
    if (physical < 0) return NOTHING
    const object = this.objectAt(physical)
    return object >= 0 && this.objects.state[object] === ALLOCATED ? object : NOTHING
  }

  /** Physical address of an object's payload. */
  physicalOfObject(object: number): number {
    const slab = this.objects.slab[object]
    return this.#base[slab] + (object - this.#first[slab]) * this.#slotBytes[slab]
  }

  payloadBytes(object: number): number {
    return this.#payloadBytes[this.objects.slab[object]]
  }

  /** First object of a slab, and one past its last. */
  range(slab: number): { readonly first: number; readonly end: number } {
    return { first: this.#first[slab], end: this.#first[slab + 1] }
  }

  slotBytes(slab: number): number {
    return this.#slotBytes[slab]
  }

  base(slab: number): number {
    return this.#base[slab]
  }
}
