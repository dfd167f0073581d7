import type { Memory, PhysicalMemory } from './memory.js'

/**
 * A structure that every per-CPU area holds once and that is known by its looks: it points at itself, and names its CPU
 * (`hrtimer_bases`, whose clocks each point back at it).
 */
export interface PerCpuLandmark {
  /** Bytes from the start of the area; undefined where the evidence does not tell. */
  readonly offset: number | undefined
  /** Bytes from the structure's start to the words that hold its own address. */
  readonly selfPointers: readonly number[]
  /** Bytes to the number of the CPU, 32 bits. */
  readonly cpuNumber: number
}

/** Where to look, and by what a per-CPU area is known. */
export interface PerCpuClues {
  readonly memory: Memory
  readonly physical: PhysicalMemory
  /** Direct-map address of a physical address: areas are allocated early, so they lie in the direct map. */
  readonly virtualOf: (physical: number) => bigint
  readonly landmark: PerCpuLandmark
  /** Bytes from the start of the area to the offset that belongs to the CPU, where the architecture keeps it (x86-64 `this_cpu_off`). */
  readonly ownOffset: number | undefined
  /** Stretches of the kernel image in order, for the table of all offsets. */
  readonly image: readonly { readonly start: bigint; readonly end: bigint }[]
}

/** Per-CPU areas that were found without symbols. */
export interface FoundPerCpu {
  /** What a per-CPU address of the kernel (a symbol, an allocated pointer) is offset by, by CPU number. */
  readonly offsets: ReadonlyMap<number, bigint>
  /** Address of the section's first variable as symbols and pointers have it: 0, or in the kernel image. Undefined where it can't be told. */
  readonly base: bigint | undefined
}

/** Linux NR_CPUS is at most this. */
const mostCpus = 8192
/** Cache lines, to which the landmark is aligned. */
const alignment = 64
/** Per-CPU sections are smaller: a few hundred kilobytes. */
const mostSectionBytes = 1n << 24n
const pieceBytes = 1 << 20

/**
 * Finds the per-CPU areas of a kernel that shows no data symbols (CONFIG_KALLSYMS_ALL=n), by a structure that each of them holds. What
 * remains is how addresses are counted: from 0, or from the section's place in the kernel image. x86-64 keeps each CPU's offset in its
 * area; elsewhere the kernel's table of all offsets is looked for, by the distances between the areas.
 * Undefined where no area is found, or the counting can't be told.
 */
export function findPerCpu(clues: PerCpuClues): FoundPerCpu | undefined {
  const { landmark, image } = clues
  const places = landmark.offset === undefined ? landmarksAnywhere(clues) : landmarksAt(clues, landmark.offset)
  if (places.size === 0) return undefined
  const starts = landmark.offset === undefined ? undefined : new Map([...places].map(([cpu, place]) => [cpu, place - BigInt(landmark.offset!)]))
  const own = starts && baseByOwnOffset(clues, starts)
  if (starts !== undefined && own !== undefined) return { base: own, offsets: offsetsFrom(starts, own) }
  if (image.length === 0) return undefined
  // The section itself may be gone: it lies among memory that is freed after boot.
  const isImage = (address: bigint): boolean => address >= image[0].start && address < image[image.length - 1].end
  if (starts !== undefined) {
    const base = distanceInTable(clues, starts, (distance) => distance === 0n || isImage(distance))
    return base === undefined ? undefined : { base, offsets: offsetsFrom(starts, base) }
  }
  const distance = distanceInTable(clues, places, (one) => one < mostSectionBytes || isImage(one))
  return distance === undefined ? undefined : { base: undefined, offsets: offsetsFrom(places, distance) }
}

function offsetsFrom(places: ReadonlyMap<number, bigint>, base: bigint): Map<number, bigint> {
  return new Map([...places].map(([cpu, place]) => [cpu, BigInt.asUintN(64, place - base)]))
}

/** The landmark of each CPU, where its place in a page is known. Looked for from the top of memory down, where the kernel allocates. */
function landmarksAt(clues: PerCpuClues, offset: number): Map<number, bigint> {
  const { physical, virtualOf, landmark, memory } = clues
  const { pageBytes } = physical
  const places = new Map<number, bigint>()
  const at = offset + landmark.selfPointers[0]
  const pages = Math.floor(at / pageBytes)
  const inPage = at % pageBytes
  for (const frame of framesDown(physical)) {
    if (frame < pages) continue
    const page = physical.peek ? physical.peek(frame) : physical.page(frame)
    if (typeof page === 'string') continue
    // Most pages are told apart by the upper half alone, without a bigint.
    const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
    if (view.getUint32(inPage + (memory.littleEndian ? 4 : 0), memory.littleEndian) < 0x80000000) continue
    addLandmark(clues, virtualOf((frame - pages) * pageBytes) + BigInt(offset), places)
  }
  return sorted(places)
}

/** The same where BTF does not describe per-CPU variables: any cache line may start it. */
function landmarksAnywhere(clues: PerCpuClues): Map<number, bigint> {
  const { physical, virtualOf, landmark, memory } = clues
  const { pageBytes } = physical
  const places = new Map<number, bigint>()
  const [self] = landmark.selfPointers
  const little = memory.littleEndian
  for (const frame of framesDown(physical)) {
    const page = physical.peek ? physical.peek(frame) : physical.page(frame)
    if (typeof page === 'string') continue
    const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
    const address = virtualOf(frame * pageBytes)
    const high = Number(address >> 32n)
    const low = Number(address & 0xffffffffn)
    const likely: number[] = []
    for (let at = 0; at < pageBytes; at += alignment) {
      const word = at + self
      // Where the pointer lies on the next page, it has to be read.
      if (word + 8 > pageBytes || (view.getUint32(word + (little ? 0 : 4), little) === low + at && view.getUint32(word + (little ? 4 : 0), little) === high)) likely.push(at)
    }
    for (const at of likely) addLandmark(clues, address + BigInt(at), places)
  }
  return sorted(places)
}

function addLandmark({ memory, landmark }: PerCpuClues, place: bigint, places: Map<number, bigint>): void {
  for (const at of landmark.selfPointers) if (wordAt(memory, place + BigInt(at)) !== place) return
  const bytes = memory.tryRead(place + BigInt(landmark.cpuNumber), 4)
  if (typeof bytes === 'string') return
  const cpu = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, memory.littleEndian)
  if (cpu < mostCpus && !places.has(cpu)) places.set(cpu, place)
}

function* framesDown(physical: PhysicalMemory): Iterable<number> {
  for (const { start, end } of [...physical.presentRuns()].reverse()) for (let frame = end - 1; frame >= start; frame--) yield frame
}

function sorted(places: ReadonlyMap<number, bigint>): Map<number, bigint> {
  return new Map([...places].sort((a, b) => a[0] - b[0]))
}

function baseByOwnOffset({ memory, ownOffset }: PerCpuClues, starts: ReadonlyMap<number, bigint>): bigint | undefined {
  if (ownOffset === undefined) return undefined
  const bases = new Set<bigint>()
  for (const start of starts.values()) {
    const own = wordAt(memory, start + BigInt(ownOffset))
    if (own !== undefined) bases.add(BigInt.asUintN(64, start - own))
  }
  return bases.size === 1 ? [...bases][0] : undefined
}

/**
 * The distance of the places from the offsets that the kernel's data holds side by side, as `__per_cpu_offset` does. With one CPU any
 * page-aligned word would do, so only the one distance that fits anywhere is an answer.
 */
function distanceInTable({ memory, physical, image }: PerCpuClues, places: ReadonlyMap<number, bigint>, fits: (distance: bigint) => boolean): bigint | undefined {
  const cpus = [...places.keys()]
  const first = places.get(cpus[0])!
  const distances = new Set<bigint>()
  const tableBytes = (cpus[cpus.length - 1] - cpus[0] + 1) * 8
  for (const { start, end } of image) {
    for (let at = start; at < end; at += BigInt(pieceBytes)) {
      // Pieces overlap by a table, which may lie across their border.
      const bytes = readWithHoles(memory, at, Math.min(Number(end - at), pieceBytes + tableBytes - 8), physical.pageBytes)
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      const little = memory.littleEndian
      for (let word = 0; word + 8 <= bytes.length; word += 8) {
        const low = view.getUint32(word + (little ? 0 : 4), little)
        // Areas and sections start at a page.
        if ((low & (physical.pageBytes - 1)) !== 0 || (low === 0 && view.getUint32(word + (little ? 4 : 0), little) === 0)) continue
        const distance = BigInt.asUintN(64, first - view.getBigUint64(word, little))
        if (!fits(distance)) continue
        const agrees = cpus.every((cpu) => {
          const place = word + (cpu - cpus[0]) * 8
          return place + 8 <= bytes.length && BigInt.asUintN(64, places.get(cpu)! - view.getBigUint64(place, little)) === distance
        })
        if (agrees) distances.add(distance)
      }
    }
  }
  return distances.size === 1 ? [...distances][0] : undefined
}

/** Bytes of a range, zeros where pages are missing. */
function readWithHoles(memory: Memory, address: bigint, bytes: number, pageBytes: number): Uint8Array {
  const out = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += pageBytes) {
    const page = memory.tryRead(address + BigInt(at), Math.min(pageBytes, bytes - at))
    if (typeof page !== 'string') out.set(page, at)
  }
  return out
}

function wordAt(memory: Memory, address: bigint): bigint | undefined {
  const bytes = memory.tryRead(address, 8)
  return typeof bytes === 'string' ? undefined : new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, memory.littleEndian)
}
