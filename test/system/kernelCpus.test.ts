import { expect, test } from 'vitest'
import { KernelCpus, type KernelCpuFacts } from '../../lib/system/kernelCpus.js'
import { Warnings } from '../../lib/warnings.js'
import { SparseMemory } from '../builders/sparseMemory.js'
import { WordMemory } from '../builders/wordMemory.js'

function facts(symbols: Readonly<Record<string, bigint>>, memory = new WordMemory()): KernelCpuFacts & { warnings: Warnings } {
  return {
    memory, physical: new SparseMemory(), virtualOf: () => 0n, symbol: (name) => symbols[name], image: () => [], types: undefined, warnings: new Warnings()
  }
}

test('a kernel for one CPU has CPU 0, whose variables lie where their symbols say', () => {
  const known = facts({ hrtimer_bases: 0xffffffff82000000n })
  const cpus = new KernelCpus(known)
  expect(cpus.cpus).toEqual([0])
  expect(cpus.address(0xffffffff82000000n, 0)).toBe(0xffffffff82000000n)
  expect(known.warnings.list()).toEqual([])
})

test('addresses wrap around where per-CPU symbols lie in the image', () => {
  const symbols = { __per_cpu_offset: 0x1000n, __cpu_possible_mask: 0x2000n, nr_cpu_ids: 0x3000n }
  const memory = new WordMemory().word(0x1000n, 0xffff8dc27265b000n).word(0x1008n, 0xffff8dc27275b000n).word(0x2000n, 3n).u32(0x3000n, 2)
  const cpus = new KernelCpus(facts(symbols, memory))
  expect(cpus.address(0xffffffffa4fa5010n, 1)).toBe(BigInt.asUintN(64, 0xffffffffa4fa5010n + 0xffff8dc27275b000n))
  expect(() => cpus.address(0n, 2)).toThrow('per-CPU area of CPU 2 at 0x0000000000000000: not in the evidence')
  expect(cpus.symbol('runqueues')).toBeUndefined()
})
