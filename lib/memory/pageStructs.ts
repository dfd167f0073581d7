import type { Vmcoreinfo } from '../source/vmcoreinfo.js'
import type { Warnings } from '../warnings.js'
import { readU64, type Memory } from './memory.js'

/** Struct pages that lie side by side: frame `start` has its `struct page` at `address`, the next one `pageStructBytes` further. */
export interface PageStructRun {
  readonly start: number
  readonly end: number
  readonly address: bigint
}

export interface PageStructFacts {
  readonly memory: Memory
  readonly vmcoreinfo: Vmcoreinfo
  readonly pageBytes: number
  readonly pageStructBytes: number
  /** One past the highest frame of the dump: page structures further on describe no memory. */
  readonly frames: number
  /** The kernel's own symbol, for kernels whose VMCOREINFO lacks it. */
  readonly symbol: (name: string) => bigint | undefined
  /** Bytes of a struct, and the offset of its member, from VMCOREINFO or types. */
  readonly sizeOf: (struct: string) => number | undefined
  readonly offset: (struct: string, member: string) => number | undefined
}

/** Low bits of `mem_section.section_mem_map` (Linux include/linux/mmzone.h): the pointer is aligned far beyond them. */
const SECTION_HAS_MEM_MAP = 0x2n
const SECTION_FLAGS = 0x3fn
/** More sections than 64-bit machines have: 52 bits of physical address in sections of 128 MiB. */
const mostSections = 1 << 25
/** A section takes at least one page structure; the largest ones are of 1 GiB. */
const defaultSectionBits: Readonly<Record<number, number>> = { 12: 27, 14: 27, 16: 29 }

/**
 * Where the page structures of all frames lie: through the table of memory sections where the kernel has one (SPARSEMEM, with a virtual
 * memory map or without), else through its nodes (FLATMEM, DISCONTIGMEM). Empty where nothing tells.
 */
export function readPageStructRuns(facts: PageStructFacts, warnings: Warnings): PageStructRun[] {
  const { vmcoreinfo } = facts
  // SPARSEMEM kernels have mem_section; on some of them VMCOREINFO shows a mem_map as well, which is then unused.
  if (sectionTable(facts) !== undefined) {
    const runs = sectionRuns(facts, warnings)
    if (runs.length > 0) return runs
  }
  const map = vmcoreinfo.symbol('vmemmap') ?? arm64Map(facts)
  if (map !== undefined) return [{ start: 0, end: facts.frames, address: map }]
  return nodeRuns(facts)
}

/** arm64 tells where the virtual memory map starts, which describes memory from PHYS_OFFSET on. */
function arm64Map({ vmcoreinfo, pageBytes, pageStructBytes }: PageStructFacts): bigint | undefined {
  const start = vmcoreinfo.number('VMEMMAP_START')
  const offset = vmcoreinfo.number('PHYS_OFFSET')
  if (start === undefined || offset === undefined) return undefined
  return BigInt.asUintN(64, start - offset / BigInt(pageBytes) * BigInt(pageStructBytes))
}

function sectionTable({ vmcoreinfo, symbol }: PageStructFacts): bigint | undefined {
  return vmcoreinfo.symbol('mem_section') ?? symbol('mem_section')
}

/** What `SYMBOL(mem_section)` can mean. Kernels do not tell which. */
const readings = ['roots', 'pointer', 'flat'] as const

function sectionRuns(facts: PageStructFacts, warnings: Warnings): PageStructRun[] {
  for (const reading of readings) {
    const runs = sectionRunsAs(facts, reading, warnings)
    if (runs.length > 0) return runs
  }
  warnings.add('no memory section of the dump has page structures')
  return []
}

/**
 * `roots`: the symbol is an array of pointers to pages of sections (SPARSEMEM_EXTREME); `pointer`: it is a pointer to that array (some
 * kernels around 4.15); `flat`: it is the array of sections itself.
 */
function sectionRunsAs(facts: PageStructFacts, reading: (typeof readings)[number], warnings: Warnings): PageStructRun[] {
  const { memory, vmcoreinfo, pageBytes, pageStructBytes, frames, sizeOf, offset } = facts
  const sectionBytes = sizeOf('mem_section') ?? 16
  const mapOffset = offset('mem_section', 'section_mem_map') ?? 0
  const sectionBits = Number(vmcoreinfo.number('SECTION_SIZE_BITS') ?? defaultSectionBits[Math.log2(pageBytes)])
  const framesPerSection = 2 ** sectionBits / pageBytes
  const length = vmcoreinfo.length('mem_section') ?? Infinity
  let table = sectionTable(facts)!
  if (!(framesPerSection >= 1) || sectionBytes < 8 || mapOffset + 8 > sectionBytes) return []
  const perRoot = reading === 'flat' ? 1 : Math.max(1, Math.floor(pageBytes / sectionBytes))
  const sections = Math.min(length * perRoot, Math.ceil(frames / framesPerSection), mostSections)
  if (reading === 'pointer') {
    const pointer = memory.tryRead(table, 8)
    if (typeof pointer === 'string') return []
    table = readU64(memory, table)
  }
  const runs: PageStructRun[] = []
  let missing = 0
  for (let first = 0; first < sections; first += perRoot) {
    let root = table + BigInt(first * sectionBytes)
    if (reading !== 'flat') {
      const pointer = memory.tryRead(table + BigInt(first / perRoot * 8), 8)
      if (typeof pointer === 'string') {
        missing++
        continue
      }
      root = wordAt(pointer, 0, memory.littleEndian)
      if (root === 0n) continue
    }
    const count = Math.min(perRoot, sections - first)
    const bytes = memory.tryRead(root, count * sectionBytes)
    if (typeof bytes === 'string') {
      missing++
      continue
    }
    for (let i = 0; i < count; i++) {
      const map = wordAt(bytes, i * sectionBytes + mapOffset, memory.littleEndian)
      if ((map & SECTION_HAS_MEM_MAP) === 0n) continue
      const start = (first + i) * framesPerSection
      // The kernel keeps the pointer less the section's first frame, so that adding a frame number does.
      const address = BigInt.asUintN(64, (map & ~SECTION_FLAGS) + BigInt(start) * BigInt(pageStructBytes))
      if (address >> 63n === 0n || address % 8n !== 0n) continue
      append(runs, { start, end: Math.min(start + framesPerSection, frames), address }, pageStructBytes)
    }
  }
  const readable = runs.filter(({ address }) => typeof memory.tryRead(address, 8) !== 'string')
  // Under a wrong reading the words are no page structures.
  if (readable.length * 2 < runs.length || readable.length === 0) return []
  if (missing > 0) warnings.add(`${missing} pages of memory sections are not in the dump: frames are missing from every list`)
  return runs
}

/** DISCONTIGMEM and FLATMEM: each node has its array of page structures. */
function nodeRuns({ memory, vmcoreinfo, frames, symbol, offset }: PageStructFacts): PageStructRun[] {
  const runs: PageStructRun[] = []
  const mapAt = offset('pglist_data', 'node_mem_map')
  const startAt = offset('pglist_data', 'node_start_pfn')
  const spannedAt = offset('pglist_data', 'node_spanned_pages')
  if (mapAt !== undefined && startAt !== undefined && spannedAt !== undefined) {
    const word = (address: bigint): bigint | undefined => {
      const bytes = memory.tryRead(address, 8)
      return typeof bytes === 'string' ? undefined : wordAt(bytes, 0, memory.littleEndian)
    }
    const nodes: bigint[] = []
    const pointers = vmcoreinfo.symbol('node_data') ?? symbol('node_data')
    for (let node = 0; pointers !== undefined && node < Math.min(vmcoreinfo.length('node_data') ?? 1, 1024); node++) {
      nodes.push(word(pointers + BigInt(node * 8)) ?? 0n)
    }
    const only = vmcoreinfo.symbol('contig_page_data') ?? symbol('contig_page_data')
    if (only !== undefined) nodes.push(only)
    for (const node of nodes) {
      if (node === 0n) continue
      const address = word(node + BigInt(mapAt))
      const start = word(node + BigInt(startAt))
      const spanned = word(node + BigInt(spannedAt))
      if (address === undefined || start === undefined || spanned === undefined || address >> 63n === 0n || start >= BigInt(frames)) continue
      runs.push({ start: Number(start), end: Math.min(Number(start + spanned), frames), address })
    }
    if (runs.length > 0) return runs.sort((a, b) => a.start - b.start)
  }
  const variable = vmcoreinfo.symbol('mem_map') ?? symbol('mem_map')
  const map = variable === undefined ? undefined : memory.tryRead(variable, 8)
  if (map === undefined || typeof map === 'string') return []
  const address = wordAt(map, 0, memory.littleEndian)
  return address === 0n ? [] : [{ start: 0, end: frames, address }]
}

function append(runs: PageStructRun[], run: PageStructRun, pageStructBytes: number): void {
  if (run.end <= run.start) return
  const last = runs.at(-1)
  const follows = last !== undefined && last.end === run.start &&
    last.address + BigInt(last.end - last.start) * BigInt(pageStructBytes) === run.address
  if (follows) runs[runs.length - 1] = { start: last.start, end: run.end, address: last.address }
  else runs.push(run)
}

function wordAt(bytes: Uint8Array, at: number, littleEndian: boolean): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(at, littleEndian)
}
