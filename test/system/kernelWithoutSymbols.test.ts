import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { findAddressSpace } from '../../lib/memory/addressSpace.js'
import { openPhysical, type PhysicalDump } from '../../lib/memory/openPhysical.js'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import type { KallsymsNames } from '../../lib/source/kallsymsNames.js'
import { readSymbolText } from '../../lib/source/symbolText.js'
import { parseVmcoreinfo } from '../../lib/source/vmcoreinfo.js'
import { Kallsyms } from '../../lib/symbol/kallsyms.js'
import { SymbolTable } from '../../lib/symbol/symbolTable.js'
import { DumpKernel } from '../../lib/system/kernelView.js'
import { openKernel } from '../../lib/system/openKernel.js'
import { Warnings } from '../../lib/warnings.js'
import { describeEvidence, evidence } from '../evidence.js'

/** What a kernel with CONFIG_KALLSYMS_ALL=n still shows besides its functions (seen on one 6.18). */
const keptData = new Set(['_stext', '__start_rodata', '__start_ro_after_init', '__init_begin', '__start_BTF', '__stop_BTF'])

function withoutData({ names, addresses, encoding }: Kallsyms, whole: Kallsyms): Kallsyms {
  const kept: number[] = []
  for (let i = 0; i < names.length; i++) {
    if (/[tTwW]/.test(String.fromCharCode(names.letters[i])) || keptData.has(whole.name(i))) kept.push(i)
  }
  const starts = new Uint32Array(kept.length + 1)
  const parts = kept.map((i, row) => {
    starts[row + 1] = starts[row] + names.starts[i + 1] - names.starts[i]
    return names.text.subarray(names.starts[i], names.starts[i + 1])
  })
  const left: KallsymsNames = {
    length: kept.length, text: Buffer.concat(parts), starts, letters: Uint8Array.from(kept, (i) => names.letters[i]), bytes: 0, markers: new Uint32Array(0)
  }
  return new Kallsyms(left, BigUint64Array.from(kept, (i) => addresses[i]), encoding)
}

function kernelOf(dump: PhysicalDump, warnings: Warnings, vmcoreinfo = dump.vmcoreinfo!): DumpKernel {
  return new DumpKernel(findAddressSpace({ ...dump, source: 'vmcore' }, warnings), dump.physical, vmcoreinfo, warnings)
}

describeEvidence('kernels that tell less', () => {
  describe.each([
    ['x86_64-slub', 'kmalloc-cg-32', 100006], ['arm64-slab', 'kmalloc-128', 71003]
  ] as const)('%s without data symbols (CONFIG_KALLSYMS_ALL=n)', (dataset, cache, allocated) => {
    test('CPUs, per-CPU variables, modules and slabs are found all the same', async () => {
      const dump = await openPhysical(evidence(dataset, 'vmcore'))
      const warnings = new Warnings()
      const whole = kernelOf(dump, new Warnings())
      const bare = kernelOf(dump, warnings)
      Object.defineProperty(bare, 'kallsyms', { value: withoutData(whole.kallsyms!, whole.kallsyms!) })
      expect(bare.symbol('slab_caches')).toBeUndefined()
      expect(bare.cpus).toEqual(whole.cpus)
      for (const cpu of whole.cpus) expect(bare.perCpu(0x1000n, cpu)).toBe(whole.perCpu(0x1000n, cpu))
      for (const name of ['runqueues', 'hrtimer_bases', 'cpu_number'].filter((name) => whole.symbol(name) !== undefined)) {
        expect(bare.symbol(name)).toBe(whole.symbol(name))
      }
      expect(bare.directMap).toEqual(whole.directMap)
      expect(bare.modules).toEqual(whole.modules)
      expect(readSlabs(bare).caches().find(({ name }) => name === cache)?.allocated).toBe(allocated)
      expect(warnings.list()).toEqual([])
      dump.close()
    })

  })

  describe.each(['x86_64-slub-6.12', 'arm64-slab'])('%s whose VMCOREINFO does not point at kallsyms (as before 6.0)', (dataset) => {
    test('the tables are found by their shape', async () => {
      const dump = await openPhysical(evidence(dataset, 'vmcore'))
      const warnings = new Warnings()
      const whole = kernelOf(dump, new Warnings()).kallsyms!
      const found = kernelOf(dump, warnings, parseVmcoreinfo(dump.vmcoreinfo!.text.replace(/^SYMBOL\(kallsyms.*\n/gm, ''))).kallsyms!
      expect(found.encoding).toBe(whole.encoding)
      expect(Buffer.compare(found.names.text, whole.names.text)).toBe(0)
      expect(found.addresses).toEqual(whole.addresses)
      expect(warnings.list()).toEqual([])
      dump.close()
    })

  })

  describe.each(['arm64-slab'])('%s with symbols from elsewhere', (dataset) => {
    test('they complement the dump\'s own, moved to where the kernel runs', async () => {
      const listed = readSymbolText('kallsyms', gunzipSync(readFileSync(evidence(dataset, 'kallsyms.gz'))).toString('latin1')).symbols
      // As in a System.map: at link addresses, without modules.
      const linked = new SymbolTable(listed.filter(({ module }) => module === null)).shifted(-0x1000000n)
      const more = new SymbolTable([...linked.all(), { address: linked.named('_stext')[0].address + 0x21n, name: 'only_in_the_map', type: 't', module: null }])
      const warnings = new Warnings()
      const { kernel, dump } = await openKernel(evidence(dataset, 'vmcore'), { symbols: more, warnings })
      expect(kernel.symbol('only_in_the_map')).toBe(kernel.symbol('_stext')! + 0x21n)
      expect(kernel.symbols.named('single_start')).toHaveLength(1)
      expect(kernel.symbols.length - kernel.kallsyms!.length).toBeLessThan(1000)
      expect(warnings.list()).toEqual([])
      dump.close()
    })
  })

  test('another kernel\'s symbols are refused', async () => {
    const listed = readSymbolText('kallsyms', gunzipSync(readFileSync(evidence('x86_64-slub-6.12', 'kallsyms.gz'))).toString('latin1')).symbols
    const warnings = new Warnings()
    const { kernel, dump } = await openKernel(evidence('x86_64-slub', 'vmcore'), { symbols: new SymbolTable(listed), warnings })
    expect(listed.some(({ name }) => name === 'kmem_buckets_create')).toBe(true)
    expect(kernel.symbol('kmem_buckets_create')).toBeUndefined()
    expect(warnings.list().map(({ message }) => message)).toEqual([
      expect.stringMatching(/^the given symbols are another kernel's and not used: \d+ of \d+ compared lie where the dump has them$/)
    ])
    dump.close()
  })
})
