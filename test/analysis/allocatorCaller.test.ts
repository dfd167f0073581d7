import { expect, test } from 'vitest'
import { allocatorCaller } from '../../lib/analysis/allocatorCaller.js'
import { blockMemory, machine } from '../builders/machine.js'

const names = ['__kfence_alloc', '__kmalloc_cache_noprof', 'kmemdup_noprof', 'single_open', 'proc_reg_open']
const symbols = names.map((name, i) => ({ name, address: 0x1000n * BigInt(i + 1), bytes: 0x1000, type: 'T', module: null }))
const system = machine({ memory: blockMemory(0n, new Uint8Array(8)), symbols })
const stack = symbols.map(({ address }) => address + 16n)

test('a stack of KFENCE begins within the allocator; whom slub_debug names is the caller', () => {
  expect(allocatorCaller(system, { caller: stack[0], stack, sampled: true })).toBe(stack[3])
  expect(allocatorCaller(system, { caller: stack[4], stack, sampled: false })).toBe(stack[4])
  expect(allocatorCaller(system, { caller: stack[0], stack: stack.slice(0, 2), sampled: true })).toBe(stack[0])
})
