import { expect, test } from 'vitest'
import { findAddressSpace } from '../../lib/memory/addressSpace.js'
import { openPhysical } from '../../lib/memory/openPhysical.js'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import { parseVmcoreinfo } from '../../lib/source/vmcoreinfo.js'
import { DumpKernel } from '../../lib/system/kernelView.js'
import { openFile } from '../../lib/source/file.js'
import type { ByteSource } from '../../lib/source/bytes.js'
import { openKernel } from '../../lib/system/openKernel.js'
import { repaged } from '../../lib/memory/physical/repaged.js'
import { Warnings } from '../../lib/warnings.js'
import { SparseMemory } from '../builders/sparseMemory.js'
import { describeEvidence, evidence } from '../evidence.js'

/** The sub-header's fields for VMCOREINFO and the ELF notes (struct kdump_sub_header). */
const VMCOREINFO_AT = 0x20
const NOTES_AT = 0x30

/** A dump whose headers were stripped, as some writers leave them. */
function stripped(path: string, cuts: readonly (readonly [at: number, bytes: number])[]): ByteSource & { close(): void } {
  const file = openFile(path)
  return {
    name: 'stripped', byteLength: file.byteLength, close: () => file.close(),
    read(offset, length) {
      const bytes = file.read(offset, length)
      for (const [at, count] of cuts) {
        for (let i = Math.max(at, offset); i < Math.min(at + count, offset + bytes.length); i++) bytes[i - offset] = 0
      }
      return bytes
    }
  }
}

describeEvidence('dumps whose headers tell less', () => {
  test.each(['x86_64-slub-6.12', 'arm64-slab'])('%s without VMCOREINFO in its headers: the kernel\'s own is found in memory', async (dataset) => {
    const warnings = new Warnings()
    const source = stripped(evidence(dataset, 'vmcore'), [[4096 + VMCOREINFO_AT, 32], [4096 + NOTES_AT, 16]])
    const { kernel, dump } = await openKernel(source, { warnings })
    expect(dump.vmcoreinfoFrom).toBe('memory')
    expect(kernel.vmcoreinfo.value('OSRELEASE')).toMatch(/^6\./)
    expect(kernel.symbol('single_start')).toBeDefined()
    expect(warnings.list().map(({ message }) => message))
      .toEqual([expect.stringMatching(/^no VMCOREINFO in the file; taken from memory at 0x[0-9a-f]+/)])
    dump.close()
    source.close()
  })

  test('x86_64-slub with no VMCOREINFO at all: a CPU\'s CR3, as QEMU notes it, is enough for symbols, types and slabs', async () => {
    const dump = await openPhysical(evidence('x86_64-slub', 'vmcore'))
    const told = dump.vmcoreinfo!
    const cr3 = told.symbol('swapper_pg_dir')! - 0xffffffff80000000n + told.number('phys_base')!
    const warnings = new Warnings()
    const space = findAddressSpace({ ...dump, vmcoreinfo: undefined, qemuCpus: [{ registers: { cr3, cr4: 0x6f0n } }], source: 'vmcore' }, warnings)
    const kernel = new DumpKernel(space, dump.physical, parseVmcoreinfo(''), warnings)
    expect(kernel.kallsyms?.length).toBe(87182)
    expect(kernel.symbol('_stext')).toBe(told.symbol('_stext'))
    expect(kernel.symbols.length).toBe(87885)
    expect(kernel.pageStructBytes).toBe(64)
    expect(readSlabs(kernel).caches().find(({ name }) => name === 'kmalloc-cg-32')?.allocated).toBe(100006)
    expect(warnings.list()).toEqual([])
    dump.close()
  })

  test('progress is told while memory is searched, and the search can be stopped', async () => {
    const source = stripped(evidence('arm64-slab', 'vmcore'), [[4096 + VMCOREINFO_AT, 32], [4096 + NOTES_AT, 16]])
    const seen: number[] = []
    const { dump } = await openKernel(source, { onProgress: (_, done) => seen.push(done) })
    expect(seen.length).toBeGreaterThan(0)
    dump.close()
    await expect(openKernel(source, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
    source.close()
  })
})

test('memory in pages of another size', () => {
  const physical = new SparseMemory(4096)
  for (let frame = 16; frame < 32; frame++) physical.frame(frame).fill(frame)
  physical.frame(40)
  physical.frames = 48
  const large = repaged(physical, 65536)
  expect(large.pageBytes).toBe(65536)
  expect([...large.presentRuns()]).toEqual([{ start: 1, end: 2 }])
  expect((large.page(1) as Uint8Array)[65535]).toBe(31)
  expect(large.page(2)).toBe('absent')
  expect(repaged(physical, 4096)).toBe(physical)
})
