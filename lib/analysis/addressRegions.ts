import { readPointer } from '../memory/memory.js'
import type { SymbolTable } from '../symbol/symbolTable.js'
import type { System } from '../system/system.js'

/** What a stretch of kernel addresses is for. */
export type RegionKind = 'kernel image' | 'module memory' | 'direct map' | 'vmalloc' | 'page structures' | 'unused addresses'

/** A stretch of kernel addresses: `end` is one past the last. */
export interface AddressRegion {
  readonly kind: RegionKind
  readonly start: bigint
  readonly end: bigint
  /** How we know. */
  readonly basis: string
}

const MiB = 1n << 20n
const GiB = 1n << 30n
const TiB = 1n << 40n
const addressEnd = 1n << 64n

/** The lowest and highest known address of slab objects: they lie in the direct map. */
export interface Anchors {
  readonly low: bigint
  readonly high: bigint
}

/**
 * How a machine's kernel addresses are divided, as far as its evidence tells: from its symbols, from variables of the kernel that hold
 * the bases, from where its slab objects lie, and from the layouts that the kernel documents for each architecture
 * (Documentation/arch/x86/x86_64/mm.rst, Documentation/arch/arm64/memory.rst). Earlier regions of the list win over later ones.
 *
 * @example
 * const regions = addressRegions(system, { low: 0xffff80003a5b0000n, high: 0xffff80003ac5cf80n })
 * regions.find((region) => region.kind === 'direct map')?.basis
 */
export function addressRegions(system: System, anchors: Anchors | undefined): readonly AddressRegion[] {
  let known = kept.get(system)
  if (known === undefined) kept.set(system, (known = new Map<string, readonly AddressRegion[]>()))
  const key = anchors === undefined ? '' : `${anchors.low} ${anchors.high}`
  let regions = known.get(key)
  if (regions === undefined) known.set(key, (regions = regionsOf(system, anchors)))
  return regions
}

const kept = new WeakMap<System, Map<string, readonly AddressRegion[]>>()

function regionsOf(system: System, anchors: Anchors | undefined): AddressRegion[] {
  const regions = [...regionsOfSymbols(system.symbols)]
  const directMap = system.kernel?.directMap
  if (directMap !== undefined) regions.push({ kind: 'direct map', ...directMap, basis: "the dump's page tables and bases" })
  const architecture = system.architecture ?? architectureByAddresses(system.symbols, anchors)
  if (architecture === 'x86_64') regions.push(...x86Regions(system, anchors))
  else if (architecture === 'arm64') regions.push(...arm64Regions(system.symbols, anchors))
  return regions
}

/** What symbols tell, whatever the anchors. */
function regionsOfSymbols(symbols: SymbolTable): readonly AddressRegion[] {
  let regions = keptOfSymbols.get(symbols)
  if (regions === undefined) keptOfSymbols.set(symbols, (regions = [...imageRegions(symbols), ...moduleRegions(symbols)]))
  return regions
}

const keptOfSymbols = new WeakMap<SymbolTable, readonly AddressRegion[]>()

/** Where the text and data of the kernel lie: between its own boundary symbols, where the evidence shows them. */
function imageRegions(symbols: SymbolTable): AddressRegion[] {
  const start = first(symbols, '_text') ?? first(symbols, '_stext')
  const end = first(symbols, '_end') ?? first(symbols, '_edata')
  if (start === undefined || end === undefined || end <= start) return []
  return [{ kind: 'kernel image', start, end, basis: 'symbols _text and _end' }]
}

/** From the first to the last symbol of each module, in whole pages; a module whose parts lie far apart gives several regions. */
function moduleRegions(symbols: SymbolTable): AddressRegion[] {
  const farApart = 16n * MiB
  const stretches = new Map<string, { start: bigint; end: bigint }[]>()
  for (const { module, address } of symbols.all()) {
    if (module === null || address < kernelHalf) continue
    const own = stretches.get(module)
    const last = own?.at(-1)
    if (last !== undefined && address - last.end < farApart) last.end = address
    else if (own !== undefined) own.push({ start: address, end: address })
    else stretches.set(module, [{ start: address, end: address }])
  }
  const page = 0xfffn
  return [...stretches].flatMap(([module, own]) => own.map(({ start, end }): AddressRegion =>
    ({ kind: 'module memory', start: start & ~page, end: (end | page) + 1n, basis: `symbols of ${module}` })))
}

/** First address of the kernel's half on every 64-bit machine we know: x86-64 with five levels of page tables starts lowest. */
const kernelHalf = 0xff00000000000000n
/** Of arm64 with 52 bits of address. */
const arm64Half = 0xfff0000000000000n

const x86Image = 0xffffffff80000000n
const x86Hole = 0xffffffff00000000n
const x86ModulesEnd = 0xffffffffff000000n

/** With four and with five levels of page tables (Documentation/arch/x86/x86_64/mm.rst): starts, and one past the ends. */
const x86Layouts = [
  { directMap: [0xffff888000000000n, 0xffffc88000000000n], vmalloc: [0xffffc90000000000n, 0xffffe90000000000n], pageStructs: [0xffffea0000000000n, 0xffffeb0000000000n] },
  { directMap: [0xff11000000000000n, 0xff91000000000000n], vmalloc: [0xffa0000000000000n, 0xffd2000000000000n], pageStructs: [0xffd4000000000000n, 0xffd6000000000000n] }
] as const

/** x86-64 keeps kernel and modules in the last 2 GiB; the other bases are variables of the kernel, or moved by KASLR. */
function x86Regions(system: System, anchors: Anchors | undefined): AddressRegion[] {
  const { symbols } = system
  const regions: AddressRegion[] = []
  // The image may fill 512 MiB, or 1 GiB with KASLR; where the evidence shows symbols, they bound it better.
  const kernelEnd = first(symbols, '_end') ?? (symbols.all().some(({ address, module }) => module !== null && address < 0xffffffffc0000000n && address > x86Image)
    ? 0xffffffffa0000000n : 0xffffffffc0000000n)
  regions.push({ kind: 'kernel image', start: x86Image, end: kernelEnd, basis: 'the image area of x86-64' })
  regions.push({ kind: 'module memory', start: kernelEnd, end: x86ModulesEnd, basis: 'the module area of x86-64' })
  // Below the image nothing is mapped: numbers with their upper half set lie there, as capabilities do.
  regions.push({ kind: 'unused addresses', start: x86Hole, end: x86Image, basis: 'the hole below the image area of x86-64' })
  const directMap = variable(system, 'page_offset_base')
  const vmalloc = variable(system, 'vmalloc_base')
  const pageStructs = variable(system, 'vmemmap_base')
  if (directMap !== undefined && vmalloc !== undefined && pageStructs !== undefined) {
    const basis = 'page_offset_base, vmalloc_base and vmemmap_base'
    regions.push({ kind: 'direct map', start: directMap, end: vmalloc, basis })
    regions.push({ kind: 'vmalloc', start: vmalloc, end: pageStructs, basis })
    regions.push({ kind: 'page structures', start: pageStructs, end: pageStructs + TiB, basis })
  } else if (anchors !== undefined) {
    // Without KASLR of memory regions the documented bases hold, and slab objects lie behind the first of them.
    const layout = x86Layouts.find(({ directMap: [start] }) => anchors.low >= start && anchors.high < start + 4n * TiB)
    if (layout !== undefined) {
      const basis = 'the documented layout of x86-64'
      regions.push({ kind: 'direct map', start: layout.directMap[0], end: layout.directMap[1], basis })
      regions.push({ kind: 'vmalloc', start: layout.vmalloc[0], end: layout.vmalloc[1], basis })
      regions.push({ kind: 'page structures', start: layout.pageStructs[0], end: layout.pageStructs[1], basis })
    } else {
      regions.push(aroundAnchors(anchors))
    }
  }
  return regions
}

/** A pointer within 64 GiB of known slab objects points into the direct map as they do. */
function aroundAnchors(anchors: Anchors): AddressRegion {
  const start = anchors.low - 64n * GiB
  const end = anchors.high + 64n * GiB
  return { kind: 'direct map', start: start < kernelHalf ? kernelHalf : start, end: end > addressEnd ? addressEnd : end, basis: 'near slab objects' }
}

/**
 * arm64 splits the kernel's half in two: up to 5.3 kernel, modules and vmalloc below and the linear map above, from 5.4 on the other way
 * round. Where the slab objects lie tells which.
 */
function arm64Regions(symbols: SymbolTable, anchors: Anchors | undefined): AddressRegion[] {
  if (anchors === undefined) return []
  const { start, middle } = arm64Halves(anchors.low)
  const linearAbove = anchors.low >= middle
  const basis = 'the half of arm64 addresses in which the slab objects lie'
  const regions: AddressRegion[] = []
  const lower = linearAbove ? start : middle
  // Without KASLR the kernel follows 128 MiB of module area at the bottom of its half; a kernel symbol there says so.
  const imageStart = lower + 128n * MiB
  const imageEnd = imageStart + 64n * MiB
  const text = first(symbols, '_end') === undefined ? symbols.all().find(({ address, module }) => module === null && address >= imageStart && address < imageEnd) : undefined
  if (text !== undefined) {
    const seen = `${text.name} lies where a kernel without KASLR starts, 128 MiB into the kernel's half`
    regions.push({ kind: 'module memory', start: lower, end: imageStart, basis: seen })
    regions.push({ kind: 'kernel image', start: imageStart, end: imageEnd, basis: seen })
  }
  // struct page lies at the end of the lower half up to 5.3, near the end of all addresses since.
  const pageStructs = linearAbove ? { start: middle - 2n * TiB, end: middle } : { start: 0xfffffb0000000000n, end: 0xffffffffff000000n }
  regions.push({ kind: 'page structures', ...pageStructs, basis })
  if (linearAbove) {
    regions.push({ kind: 'direct map', start: middle, end: addressEnd, basis }, { kind: 'vmalloc', start, end: middle, basis })
  } else {
    regions.push({ kind: 'direct map', start, end: middle, basis }, { kind: 'vmalloc', start: middle, end: pageStructs.start, basis })
  }
  return regions
}

/** By virtual address bits (39, 42, 48; 52 only moves the start). */
function arm64Halves(address: bigint): { start: bigint; middle: bigint } {
  if (address >= 0xffffff8000000000n) return { start: 0xffffff8000000000n, middle: 0xffffffc000000000n }
  if (address >= 0xfffffc0000000000n) return { start: 0xfffffc0000000000n, middle: 0xfffffe0000000000n }
  if (address >= 0xffff000000000000n) return { start: 0xffff000000000000n, middle: 0xffff800000000000n }
  return { start: arm64Half, middle: 0xffff800000000000n }
}

/** What a transcript without a banner comes from: x86-64 alone has its text in the last 2 GiB. */
function architectureByAddresses(symbols: SymbolTable, anchors: Anchors | undefined): 'x86_64' | 'arm64' | null {
  const code = symbols.all().filter(({ address, type }) => address >= kernelHalf && /[tTwW?]/.test(type))
  if (code.some(({ address }) => address >= x86Image && address < x86ModulesEnd)) return 'x86_64'
  if (code.length > 0 && code.every(({ address }) => address < x86Image) && anchors !== undefined && anchors.low >= kernelHalf) return 'arm64'
  return null
}

function variable(system: System, name: string): bigint | undefined {
  const address = first(system.symbols, name)
  if (address === undefined) return undefined
  try {
    const value = readPointer(system.memory, address, name)
    return value >= kernelHalf ? value : undefined
  } catch {
    // The page of that variable is not in the evidence: the base stays unknown.
    return undefined
  }
}

function first(symbols: SymbolTable, name: string): bigint | undefined {
  return symbols.named(name).find(({ module }) => module === null)?.address
}
