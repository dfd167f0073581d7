import type { Memory, PhysicalMemory } from './memory.js'

/** Where to look, and by what a per-CPU area is known. Offsets are from the start of an area. */
export interface PerCpuClues {
  readonly memory: Memory
  readonly physical: PhysicalMemory
  /** Direct-map address of a physical address: areas are allocated early, so they lie in the direct map. */
  readonly virtualOf: (physical: number) => bigint
  /** A word that holds its own address, less `pointsAt`: a structure that points at itself (`hrtimer_bases.clock_base[0].cpu_base`). */
  readonly selfPointer: { readonly at: number; readonly pointsAt: number }
  /** The number of the CPU, 32 bits (`hrtimer_bases.cpu`). */
  readonly cpuNumber: number
  /** The offset that belongs to the CPU, where the architecture keeps it (x86-64 `this_cpu_off`). */
  readonly ownOffset: number | undefined
  /** Stretches of the kernel image in order, for the table of all offsets. */
  readonly image: readonly { readonly start: bigint; readonly end: bigint }[]
}

/** Per-CPU areas that were found without symbols. */
export interface FoundPerCpu {
  /** What a per-CPU address of the kernel (a symbol, an allocated pointer) is offset by, by CPU number. */
  readonly offsets: ReadonlyMap<number, bigint>
  /** Address of the section's first variable as symbols and pointers have it: 0, or in the kernel image. */
  readonly base: bigint
}

/** Linux NR_CPUS is at most this. */
const mostCpus = 8192

/**
 * Finds the per-CPU areas of a kernel that shows no data symbols (CONFIG_KALLSYMS_ALL=n). Areas start at a page, and in each a structure
 * of known place points at itself and names its CPU. What remains is how addresses are counted: from 0, or from the section's place
 * in the kernel image. x86-64 keeps each CPU's offset in its area; elsewhere the kernel's table of all offsets is looked for, by the
 * distances between the areas. Undefined where no area is found, or the counting can't be told.
 */
export function findPerCpu(clues: PerCpuClues): FoundPerCpu | undefined {
  const areas = findAreas(clues)
  if (areas.size === 0) return undefined
  const base = baseByOwnOffset(clues, areas) ?? baseByTable(clues, areas)
  if (base === undefined) return undefined
  return { base, offsets: new Map([...areas].map(([cpu, area]) => [cpu, BigInt.asUintN(64, area - base)])) }
}

/** Start of each CPU's area. Looked for from the top of memory down, where the kernel allocates them. */
function findAreas(clues: PerCpuClues): Map<number, bigint> {
  const { memory, physical, selfPointer, cpuNumber, virtualOf } = clues
  const { pageBytes } = physical
  const areas = new Map<number, bigint>()
  const pages = Math.floor(selfPointer.at / pageBytes)
  const offset = selfPointer.at % pageBytes
  for (const { start, end } of [...physical.presentRuns()].reverse()) {
    for (let frame = end - 1; frame >= start; frame--) {
      const page = physical.peek ? physical.peek(frame) : physical.page(frame)
      if (typeof page === 'string' || frame < pages) continue
      const area = virtualOf((frame - pages) * pageBytes)
      const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
      // Most pages are told apart by the upper half alone, without a bigint.
      if (view.getUint32(offset + (memory.littleEndian ? 4 : 0), memory.littleEndian) < 0x80000000) continue
      if (view.getBigUint64(offset, memory.littleEndian) !== area + BigInt(selfPointer.pointsAt)) continue
      const cpu = numberAt(memory, area + BigInt(cpuNumber))
      if (cpu !== undefined && cpu < mostCpus && !areas.has(cpu)) areas.set(cpu, area)
    }
  }
  return new Map([...areas].sort((a, b) => a[0] - b[0]))
}

function baseByOwnOffset({ memory, ownOffset }: PerCpuClues, areas: ReadonlyMap<number, bigint>): bigint | undefined {
  if (ownOffset === undefined) return undefined
  const bases = new Set<bigint>()
  for (const area of areas.values()) {
    const own = memory.tryRead(area + BigInt(ownOffset), 8)
    if (typeof own === 'string') continue
    bases.add(BigInt.asUintN(64, area - new DataView(own.buffer, own.byteOffset, 8).getBigUint64(0, memory.littleEndian)))
  }
  return bases.size === 1 ? [...bases][0] : undefined
}

const pieceBytes = 1 << 20

/** The base for which the kernel's data holds the offsets of all areas side by side, as `__per_cpu_offset` does. */
function baseByTable({ memory, physical, image }: PerCpuClues, areas: ReadonlyMap<number, bigint>): bigint | undefined {
  if (image.length === 0) return undefined
  const cpus = [...areas.keys()]
  const first = areas.get(cpus[0])!
  const bases = new Map<bigint, number>()
  // The section itself may be gone: it lies among memory that is freed after boot.
  const isImage = (address: bigint): boolean => address >= image[0].start && address < image[image.length - 1].end
  const tableBytes = (cpus[cpus.length - 1] - cpus[0] + 1) * 8
  for (const { start, end } of image) {
    for (let at = start; at < end; at += BigInt(pieceBytes)) {
      // Pieces overlap by a table, which may lie across their border.
      const bytes = readWithHoles(memory, at, Math.min(Number(end - at), pieceBytes + tableBytes - 8), physical.pageBytes)
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      for (let word = 0; word + 8 <= bytes.length; word += 8) {
        // Areas and sections start at a page.
        if ((view.getUint32(word + (memory.littleEndian ? 0 : 4), memory.littleEndian) & (physical.pageBytes - 1)) !== 0) continue
        const base = BigInt.asUintN(64, first - view.getBigUint64(word, memory.littleEndian))
        if (base !== 0n && !isImage(base)) continue
        const agrees = cpus.every((cpu) => {
          const place = word + (cpu - cpus[0]) * 8
          return place + 8 <= bytes.length && BigInt.asUintN(64, areas.get(cpu)! - view.getBigUint64(place, memory.littleEndian)) === base
        })
        if (agrees) bases.set(base, (bases.get(base) ?? 0) + 1)
      }
    }
  }
  // With one CPU any page-aligned distance would do: only one candidate is an answer.
  return bases.size === 1 ? [...bases.keys()][0] : undefined
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

function numberAt(memory: Memory, address: bigint): number | undefined {
  const bytes = memory.tryRead(address, 4)
  return typeof bytes === 'string' ? undefined : new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, memory.littleEndian)
}
