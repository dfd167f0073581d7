import { describe, expect, test } from 'vitest'
import { findAddressSpace, type AddressSpaceFacts } from '../../lib/memory/addressSpace.js'
import { parseVmcoreinfo } from '../../lib/source/vmcoreinfo.js'
import { Warnings } from '../../lib/warnings.js'
import { arm64Shape, PageTables, x86Shape, type TableShape } from '../builders/pageTables.js'
import { SparseMemory } from '../builders/sparseMemory.js'

const MiB2 = 2 ** 21
const release = '6.1.0-test'

interface Machine {
  readonly physical: SparseMemory
  readonly tables: PageTables
  readonly facts: AddressSpaceFacts
}

/** A machine whose image of 4 MiB starts at `stext`, `image` in physical memory, with its tables and uname inside. */
function machine(shape: TableShape, stext: bigint, image: number, info: string, machineName: string | null): Machine {
  const physical = new SparseMemory(2 ** shape.pageShift)
  const root = image + MiB2
  const tables = new PageTables(physical, shape, root)
  for (let at = 0; at < 2 * MiB2; at += 2 ** shape.pageShift) tables.map(stext + BigInt(at), image + at)
  physical.frame(image / physical.pageBytes).fill(0x90)
  physical.write(image + 0x40, Buffer.from('Linux\0', 'latin1'))
  physical.write(image + 0x40 + 130, Buffer.from(`${release}\0`, 'latin1'))
  const text = `OSRELEASE=${release}\nSYMBOL(_stext)=${stext.toString(16)}\nSYMBOL(swapper_pg_dir)=${(stext + BigInt(MiB2)).toString(16)}
SYMBOL(init_uts_ns)=${(stext + 0x40n).toString(16)}\nOFFSET(uts_namespace.name)=0\n${info}`
  return { physical, tables, facts: { physical, littleEndian: true, machine: machineName, vmcoreinfo: parseVmcoreinfo(text), qemuCpus: [], source: 'vmcore' } }
}

const x86 = (info: string, image = 0x2000000, stext = 0xffffffff81000000n, levels: 4 | 5 = 4, mask = 0n): Machine =>
  machine(x86Shape(levels, mask), stext, image, info, 'x86_64')

describe('x86-64', () => {
  test('with KASLR the image may lie below its link address: phys_base is negative', () => {
    const warnings = new Warnings()
    const stext = 0xffffffffa1e00000n
    const { facts } = x86(`NUMBER(phys_base)=${0x2000000 - 0x21e00000}\n`, 0x2000000, stext)
    const space = findAddressSpace(facts, warnings)
    expect(space.architecture).toBe('x86_64')
    expect(space.memory.translate(stext + 0x1234n)).toBe(0x2001234)
    expect(warnings.list()).toEqual([])
  })

  test('five levels where VMCOREINFO says so, and where it is silent', () => {
    for (const says of ['NUMBER(pgtable_l5_enabled)=1\n', '']) {
      const { facts } = x86(`NUMBER(phys_base)=${0x1000000}\n${says}`, 0x2000000, 0xffffffff81000000n, 5)
      expect(findAddressSpace(facts, new Warnings()).memory.translate(0xffffffff81000010n)).toBe(0x2000010)
    }
  })

  test('memory encryption', () => {
    const mask = 1n << 51n
    const { facts } = x86(`NUMBER(phys_base)=${0x1000000}\nNUMBER(sme_mask)=${mask}\n`, 0x2000000, 0xffffffff81000000n, 4, mask)
    expect(findAddressSpace(facts, new Warnings()).memory.translate(0xffffffff81000010n)).toBe(0x2000010)
  })

  test.each([['wrong', 'NUMBER(phys_base)=4096\n'], ['missing', '']])('a phys_base that is %s is found by the kernel\'s uname', (_, info) => {
    const warnings = new Warnings()
    const { facts } = x86(info)
    expect(findAddressSpace(facts, warnings).memory.translate(0xffffffff81000010n)).toBe(0x2000010)
    expect(warnings.list().map(({ message }) => message)).toEqual(info === '' ? [] : ['VMCOREINFO tells a wrong physical place of the kernel; found it at 0x2000000'])
  })

  test('page tables that were left out of the dump: the image is still readable', () => {
    const { physical, facts, tables } = x86(`NUMBER(phys_base)=${0x1000000}\n`)
    for (let level = 1; level <= 4; level++) physical.faults.set(Math.floor(tables.entry(0xffffffff81000000n, level) / 4096), 'excluded')
    const warnings = new Warnings()
    const space = findAddressSpace(facts, warnings)
    expect(space.memory.tryRead(0xffffffff81000000n, 1)).toEqual(new Uint8Array([0x90]))
    expect(space.memory.tryRead(0xffff888000000000n, 1)).toBe('excluded')
    expect(warnings.list()[0].message).toBe('the kernel\'s page tables are not in the dump: only what lies at a constant distance from its physical address can be read')
  })

  test('page tables that map something else are refused', () => {
    const { facts } = x86('NUMBER(phys_base)=0\n')
    const other = new SparseMemory()
    other.frame(0x1000)
    expect(() => findAddressSpace({ ...facts, physical: other }, new Warnings())).not.toThrow()
    for (let frame = 0; frame < 0x2000; frame++) other.frame(frame)
    expect(() => findAddressSpace({ ...facts, physical: other }, new Warnings()))
      .toThrow('vmcore: page tables that do not map the kernel: found swapper_pg_dir ffffffff81200000, expected a table that maps _stext ffffffff81000000')
  })

  describe('without VMCOREINFO', () => {
    const cpu = (cr3: bigint, cr4 = 0n): { registers: Record<string, bigint> } => ({ registers: { cr3, cr4 } })

    test('the control registers that QEMU noted tell the tables', () => {
      const { facts } = x86('')
      const space = findAddressSpace({ ...facts, vmcoreinfo: undefined, qemuCpus: [cpu(0x2200000n)] }, new Warnings())
      expect(space.memory.translate(0xffffffff81000010n)).toBe(0x2000010)
    })

    test('also when the CPU was in user mode, with its own copy of the top table', () => {
      const { facts, physical } = x86('')
      physical.write(0x2402000, physical.frame(0x2200).slice())
      // Of the kernel, the user's table maps the entry code only.
      new PageTables(physical, x86Shape(4), 0x2403000).map(0xfffffe0000000000n, 0x5000)
      const space = findAddressSpace({ ...facts, vmcoreinfo: undefined, qemuCpus: [cpu(0x2403000n)] }, new Warnings())
      expect(space.memory.translate(0xffffffff81000010n)).toBe(0x2000010)
    })

    test('and without those it says what is missing', () => {
      const { facts } = x86('')
      expect(() => findAddressSpace({ ...facts, vmcoreinfo: undefined }, new Warnings()))
        .toThrow('vmcore: no way to the kernel\'s page tables: found no VMCOREINFO, expected VMCOREINFO, or the CPU states of a QEMU dump')
      expect(() => findAddressSpace({ ...facts, machine: 'aarch64', vmcoreinfo: parseVmcoreinfo('OSRELEASE=1\n') }, new Warnings()))
        .toThrow('vmcore: no way to the kernel\'s page tables: found VMCOREINFO without SYMBOL(swapper_pg_dir) and SYMBOL(_stext), expected VMCOREINFO')
    })
  })
})

describe('arm64', () => {
  const voffset = (stext: bigint, image: number): string => `NUMBER(kimage_voffset)=0x${BigInt.asUintN(64, stext - BigInt(image)).toString(16)}\n`

  test.each([
    // 4K kernels built for 52 bits fold their tables to what the CPU has.
    ['4K for 52 bits on a CPU of 48', 12, 48, 'plain', 52, 16],
    ['4K for 52 bits on a CPU with LPA2', 12, 52, 'lpa2', 52, 12],
    ['4K, 39 bits, no T1SZ', 12, 39, 'plain', 39, undefined],
    ['16K for 52 bits on a CPU of 48: 47 bits', 14, 47, 'plain', 52, 17],
    // 64K tables keep the shape of 52 bits, and the CPU starts at entry 960 of the top table.
    ['64K for 52 bits on a CPU of 48', 16, 52, 'lpa', 52, 16],
    ['64K, 42 bits', 16, 42, 'plain', 42, 22]
  ] as const)('%s', (_, pageShift, vaBits, wide, configured, t1sz) => {
    const stext = BigInt.asUintN(64, -(1n << BigInt(Math.min(vaBits, 48) - 1))) + 0x8010000n
    const image = 0x48010000
    const { facts } = machine(arm64Shape(pageShift, vaBits, wide), stext, image,
      `NUMBER(VA_BITS)=${configured}\n${t1sz === undefined ? '' : `NUMBER(TCR_EL1_T1SZ)=0x${t1sz.toString(16)}\n`}${voffset(stext, image)}`, 'aarch64')
    const space = findAddressSpace(facts, new Warnings())
    expect(space.architecture).toBe('arm64')
    expect(space.memory.translate(stext + 0x123n)).toBe(image + 0x123)
  })

  test('kimage_voffset tells the architecture where the header does not', () => {
    const stext = 0xffff800008010000n
    const { facts } = machine(arm64Shape(12, 48), stext, 0x40010000, `NUMBER(VA_BITS)=48\n${voffset(stext, 0x40010000)}`, null)
    expect(findAddressSpace(facts, new Warnings()).architecture).toBe('arm64')
  })
})

test.each([['s390x', 's390x'], [null, 'none named']])('machines whose memory is not translated are named: %s', (name, shown) => {
  const facts: AddressSpaceFacts = {
    physical: new SparseMemory(), littleEndian: true, machine: name, vmcoreinfo: undefined, qemuCpus: [], source: 'core'
  }
  expect(() => findAddressSpace(facts, new Warnings()))
    .toThrow(`core: a machine whose memory slablab does not translate: found ${shown}, expected x86_64 or aarch64`)
})
