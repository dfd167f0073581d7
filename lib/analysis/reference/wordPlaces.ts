import { FaultError } from '../../errors.js'
import type { KernelView } from '../../slab/kernelView.js'
import type { SlabObjects } from '../../slab/model.js'
import { allocatedIn } from '../../slab/slabRuns.js'
import { StructReader } from '../../slab/structReader.js'
import { FrameMap } from '../../memory/frameMap.js'
import { taskStacks, type TaskStack } from './stacks.js'

/** What kind of kernel memory a word lies in. */
export const placeKinds = ['object', 'data', 'stack', 'per-CPU', 'vmalloc', 'page'] as const
export type PlaceKind = (typeof placeKinds)[number]

/** Where a word of kernel memory outside of slabs lies, as a person would say it. */
export interface WordPlace {
  readonly kind: Exclude<PlaceKind, 'object'>
  /** Its address as the kernel uses it: of the image, a module, a stack; else in the direct map. */
  readonly address: bigint
  /** `testmod_live_sessions+0x0 [testmod]`, `stack of sh (pid 71)`, `runqueues+0x900 (CPU 1)`, `vmalloc area of fork_idle+0x.. `; null for a plain page. */
  readonly text: string | null
}

/** One stretch of virtual memory whose frames are known. */
interface Stretch {
  readonly start: bigint
  readonly describe: (address: bigint) => { kind: WordPlace['kind']; text: string | null }
}

/** Areas larger than this are not vmalloc's: damaged lists would make a scan endless. */
const LARGEST_AREA = 1n << 36n

/**
 * Names places in physical memory by what is mapped there: kernel image, modules, stacks, per-CPU areas, vmalloc areas.
 * Built once for a dump; a look-up costs no search.
 */
export class WordPlaces {
  readonly #view: KernelView
  readonly #stretches: Stretch[] = []
  readonly #stretchOf: FrameMap
  /** Distance in pages from a stretch's start, by frame. */
  readonly #pageOf: FrameMap

  constructor(view: KernelView, objects: SlabObjects) {
    this.#view = view
    this.#stretchOf = new FrameMap(view.physical.frames)
    this.#pageOf = new FrameMap(view.physical.frames)
    // Later stretches win where areas overlap: the more telling name comes last.
    this.#addVmalloc(objects)
    this.#addPerCpu()
    for (const { start, end } of view.image ?? []) this.#add(start, end, (address) => ({ kind: 'data', text: this.#symbolText(address) }))
    for (const { name, memory } of view.modules ?? []) {
      for (const { start, bytes } of memory) {
        this.#add(start, start + BigInt(bytes), (address) => ({ kind: 'data', text: this.#symbolText(address) ?? `[${name}]` }))
      }
    }
    for (const stack of taskStacks(view, objects)) this.#addStack(stack)
  }

  /** Names the place of a physical address. */
  at(physical: number): WordPlace {
    const { pageBytes } = this.#view
    const frame = Math.floor(physical / pageBytes)
    const stretch = this.#stretches[this.#stretchOf.get(frame)]
    if (stretch === undefined) return { kind: 'page', address: this.#view.virtualOf(physical), text: null }
    const address = stretch.start + BigInt(this.#pageOf.get(frame)) * BigInt(pageBytes) + BigInt(physical % pageBytes)
    return { address, ...stretch.describe(address) }
  }

  #add(start: bigint, end: bigint, describe: Stretch['describe']): void {
    const page = BigInt(this.#view.pageBytes)
    const first = start - (start % page)
    if (end - first > LARGEST_AREA) return
    const number = this.#stretches.push({ start: first, describe }) - 1
    for (let address = first, index = 0; address < end; address += page, index++) {
      const physical = this.#view.physicalOf(address)
      if (physical === undefined) continue
      const frame = Math.floor(physical / this.#view.pageBytes)
      this.#stretchOf.set(frame, number)
      this.#pageOf.set(frame, index)
    }
  }

  #symbolText(address: bigint): string | null {
    const hit = this.#view.symbols.at(address)
    return hit === undefined ? null : `${hit.name}+0x${hit.offset.toString(16)}${hit.module === null ? '' : ` [${hit.module}]`}`
  }

  #addStack({ start, end, comm, pid }: TaskStack): void {
    this.#add(start, end, () => ({ kind: 'stack', text: `stack of ${comm} (pid ${pid})` }))
  }

  /** The static part of each CPU's area, by its symbols. What is allocated behind it has no names. */
  #addPerCpu(): void {
    const { symbols } = this.#view
    const start = symbols.named('__per_cpu_start')[0]?.address
    const end = symbols.named('__per_cpu_end')[0]?.address
    if (start === undefined || end === undefined || end <= start) return
    for (const cpu of this.#view.cpus) {
      const area = this.#view.perCpu(start, cpu)
      this.#add(area, area + (end - start), (address) => {
        const symbol = this.#symbolText(BigInt.asUintN(64, address - area + start))
        return { kind: 'per-CPU', text: `${symbol ?? 'per-CPU area'} (CPU ${cpu})` }
      })
    }
  }

  #addVmalloc(objects: SlabObjects): void {
    const area = new StructReader(this.#view.memory, this.#view.types, 'vmap_area')
    const detail = new StructReader(this.#view.memory, this.#view.types, 'vm_struct')
    if (!area.has('vm') || !detail.exists) return
    for (const i of allocatedIn(objects, ({ name }) => name === 'vmap_area')) {
      try {
        const vm = area.pointer(objects.address[i], 'vm')
        const start = area.pointer(objects.address[i], 'va_start')
        // The pointer outlives its area; an area in use is named by its detail in return.
        if (vm < this.#view.directMap.start || detail.pointer(vm, 'addr') !== start) continue
        const caller = this.#symbolText(detail.pointer(vm, 'caller'))
        this.#add(start, start + BigInt(detail.number(vm, 'nr_pages') * this.#view.pageBytes), () =>
          ({ kind: 'vmalloc', text: `vmalloc area${caller === null ? '' : ` of ${caller}`}` }))
      } catch (error) {
        if (!(error instanceof FaultError)) throw error
      }
    }
  }
}
