import { FormatError } from '../errors.js'
import type { Vmcoreinfo } from '../source/vmcoreinfo.js'
import type { Warnings } from '../warnings.js'
import { Arm64PageWalk } from './arch/arm64.js'
import { UNMAPPED, type PageWalk } from './arch/pageWalk.js'
import { startKernelMap, X86PageWalk } from './arch/x86_64.js'
import { findBanner } from './findBanner.js'
import type { PhysicalMemory } from './memory.js'
import { VirtualMemory, type LinearWindow } from './virtualMemory.js'

/** A dump's kernel addresses: what translates them, and how far it could be verified. */
export interface AddressSpace {
  readonly architecture: 'x86_64' | 'arm64'
  readonly walk: PageWalk
  readonly memory: VirtualMemory
  /** Where the kernel image lies; its end is a bound, not the image's own. */
  readonly image: LinearWindow | undefined
}

/** What the dump file itself tells, besides its pages. */
export interface AddressSpaceFacts {
  readonly physical: PhysicalMemory
  readonly littleEndian: boolean
  /** `uname -m`; null where nothing tells. */
  readonly machine: string | null
  readonly vmcoreinfo: Vmcoreinfo | undefined
  /** Control registers by QEMU, for dumps without VMCOREINFO. */
  readonly qemuCpus: readonly { readonly registers: Readonly<Record<string, bigint>> }[]
  /** Name of the file, for errors. */
  readonly source: string
}

/** Kernel images are smaller. Linux arch/x86/include/asm/page_64_types.h allows x86-64 512 MiB, 1 GiB with KASLR. */
const mostImageBytes = 1n << 30n
/** Images start at a multiple of this on both architectures: 2 MiB. */
const imageAlignment = 1n << 21n

/**
 * Finds the kernel's page tables through VMCOREINFO, or on x86-64 through the control registers that QEMU noted, and verifies them on
 * the kernel image. Where the physical place that VMCOREINFO tells is wrong or missing, the image is searched for.
 *
 * @throws FormatError where the machine is no x86-64 or arm64, or nothing tells where its page tables are.
 */
export function findAddressSpace(facts: AddressSpaceFacts, warnings: Warnings): AddressSpace {
  const architecture = architectureOf(facts)
  const { vmcoreinfo, source } = facts
  const stext = vmcoreinfo?.symbol('_stext')
  const root = rootTable(vmcoreinfo)
  if (vmcoreinfo === undefined || stext === undefined || root === undefined) {
    const walk = architecture === 'x86_64' ? walkFromQemu(facts) : undefined
    if (walk !== undefined) {
      const image = mappedImage(walk)
      return { architecture, walk, image, memory: new VirtualMemory(facts.physical, walk, { image }) }
    }
    throw new FormatError('no way to the kernel\'s page tables', {
      source,
      found: vmcoreinfo === undefined ? 'no VMCOREINFO' : 'VMCOREINFO without SYMBOL(swapper_pg_dir) and SYMBOL(_stext)',
      expected: architecture === 'x86_64' ? 'VMCOREINFO, or the CPU states of a QEMU dump' : 'VMCOREINFO'
    })
  }
  const told = architecture === 'x86_64' ? x86ImageDistance(vmcoreinfo) : vmcoreinfo.number('kimage_voffset')
  let doubted: AddressSpace | undefined
  for (const distance of imageDistances(facts, told)) {
    const place = BigInt.asUintN(64, root - distance)
    if (place > BigInt(Number.MAX_SAFE_INTEGER)) continue
    for (const walk of walks(architecture, facts, vmcoreinfo, Number(place))) {
      const expected = Number(BigInt.asUintN(64, stext - distance))
      const found = walk.physical(walk.canonicalHigh(Number(stext >> 32n)), Number(stext & 0xffffffffn))
      if (found !== expected && (found === UNMAPPED || found >= 0)) continue
      const image = imageWindow(stext, distance)
      const space = { architecture, walk, image, memory: new VirtualMemory(facts.physical, walk, { littleEndian: facts.littleEndian, image }) }
      if (found === expected) {
        if (distance !== told && told !== undefined) warnings.add(`VMCOREINFO tells a wrong physical place of the kernel; found it at 0x${expected.toString(16)}`)
        return space
      }
      // Its page tables are not in the file: nothing contradicts, nothing confirms.
      doubted ??= space
    }
  }
  if (doubted !== undefined) {
    warnings.add('the kernel\'s page tables are not in the dump: only what lies at a constant distance from its physical address can be read')
    return doubted
  }
  throw new FormatError('page tables that do not map the kernel', {
    source, found: `swapper_pg_dir ${root.toString(16)}`, expected: `a table that maps _stext ${stext.toString(16)}`
  })
}

function architectureOf({ machine, vmcoreinfo, source }: AddressSpaceFacts): 'x86_64' | 'arm64' {
  // Only arm64 and RISC-V write VA_BITS, only arm64 with kimage_voffset.
  if (vmcoreinfo?.number('kimage_voffset') !== undefined) return 'arm64'
  if (machine === 'x86_64') return 'x86_64'
  if (machine === 'aarch64' || machine === 'arm64') return 'arm64'
  const root = rootTable(vmcoreinfo)
  if (machine === null && root !== undefined && root >= startKernelMap) return 'x86_64'
  throw new FormatError('a machine whose memory slablab does not translate', {
    source, found: machine ?? 'none named', expected: 'x86_64 or aarch64'
  })
}

/** Address of the kernel's top page table. */
function rootTable(vmcoreinfo: Vmcoreinfo | undefined): bigint | undefined {
  return vmcoreinfo?.symbol('swapper_pg_dir') ?? vmcoreinfo?.symbol('init_top_pgt') ?? vmcoreinfo?.symbol('init_level4_pgt')
}

/** Distance from physical to virtual addresses of the x86-64 kernel image. */
function x86ImageDistance(vmcoreinfo: Vmcoreinfo): bigint | undefined {
  const physBase = vmcoreinfo.number('phys_base')
  return physBase === undefined ? undefined : startKernelMap - physBase
}

/** First what VMCOREINFO tells, then, where that fails, the places of pages that hold the kernel's uname. */
function* imageDistances({ physical, vmcoreinfo }: AddressSpaceFacts, told: bigint | undefined): Iterable<bigint> {
  if (told !== undefined) yield told
  const name = vmcoreinfo?.symbol('init_uts_ns')
  if (vmcoreinfo === undefined || name === undefined) return
  const release = vmcoreinfo.value('OSRELEASE')
  for (const place of findBanner(physical, name + BigInt(vmcoreinfo.offset('uts_namespace.name') ?? 0), release)) {
    yield name + BigInt(vmcoreinfo.offset('uts_namespace.name') ?? 0) - BigInt(place)
  }
}

function* walks(architecture: 'x86_64' | 'arm64', { physical, littleEndian }: AddressSpaceFacts, vmcoreinfo: Vmcoreinfo, root: number): Iterable<PageWalk> {
  if (architecture === 'x86_64') {
    const smeMask = BigInt.asUintN(64, vmcoreinfo.number('sme_mask') ?? 0n)
    const five = vmcoreinfo.number('pgtable_l5_enabled')
    if (five !== 1n) yield new X86PageWalk(physical, { root, levels: 4, smeMask })
    if (five !== 0n) yield new X86PageWalk(physical, { root, levels: 5, smeMask })
    return
  }
  const pageShift = Math.log2(physical.pageBytes)
  const configured = Number(vmcoreinfo.number('VA_BITS') ?? 48n)
  const t1sz = vmcoreinfo.number('TCR_EL1_T1SZ')
  const inUse = t1sz === undefined ? configured : 64 - Number(t1sz)
  // 64K tables keep the shape of VA_BITS and let the hardware start further in; others are folded to the bits in use.
  const widths = pageShift === 16 ? [configured, inUse] : [inUse, configured]
  for (const vaBits of new Set(widths)) {
    if (vaBits < 36 || vaBits > 52) continue
    yield new Arm64PageWalk(physical, { root, pageShift, vaBits, lpa2: vaBits > 48 && pageShift !== 16, littleEndian })
  }
}

function imageWindow(stext: bigint, distance: bigint): LinearWindow {
  const start = stext - (stext % imageAlignment)
  const top = (1n << 64n) - 1n
  const end = start + mostImageBytes
  return { start, end: end > top ? top : end, physical: Number(BigInt.asUintN(64, start - distance)) }
}

/** Where page tables map the x86-64 kernel image: nothing else is mapped in front of it. */
function mappedImage(walk: PageWalk): LinearWindow | undefined {
  for (const { address, physical } of walk.mappings(64, { start: startKernelMap, end: startKernelMap + mostImageBytes })) {
    return { start: address, end: startKernelMap + mostImageBytes, physical }
  }
  return undefined
}

/** Bit 12 of CR4: 57-bit addresses. */
const CR4_LA57 = 1n << 12n
/** With page table isolation the user's copy of the top table lies 4096 bytes behind the kernel's. */
const PTI_USER_TABLE = 1n << 12n

/** Page tables by a CPU's control registers: every process maps the kernel. */
function walkFromQemu({ physical, qemuCpus }: AddressSpaceFacts): PageWalk | undefined {
  let best: { walk: PageWalk; bytes: number } | undefined
  for (const { registers } of qemuCpus) {
    if (registers.cr3 === undefined || registers.cr3 === 0n) continue
    const root = registers.cr3 & 0x000ffffffffff000n
    const levels = ((registers.cr4 ?? 0n) & CR4_LA57) === 0n ? 4 : 5
    for (const table of new Set([root & ~PTI_USER_TABLE, root])) {
      const walk = new X86PageWalk(physical, { root: Number(table), levels, smeMask: 0n })
      // The user's copy maps next to nothing of the kernel.
      let bytes = 0
      for (const mapping of walk.mappings(64)) bytes += mapping.bytes
      if (bytes > 0 && (best === undefined || bytes > best.bytes)) best = { walk, bytes }
    }
  }
  return best?.walk
}
