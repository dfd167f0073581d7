import { expect, test } from 'vitest'
import { neverReturnedTo } from '../../../lib/analysis/reference/neverReturned.js'
import type { TaskStack } from '../../../lib/analysis/reference/stacks.js'
import type { KernelView } from '../../../lib/slab/kernelView.js'
import { parseVmcoreinfo } from '../../../lib/source/vmcoreinfo.js'
import { SymbolTable } from '../../../lib/symbol/symbolTable.js'
import { blockMemory } from '../../builders/machine.js'

const start = 0xffffc90000010000n
const end = start + 0x4000n
const kthread = 0xffffffff81000000n
const createInfo = 0xffff888001000f80n
const worker = 0xffff888002000000n
const vmcoreinfo = parseVmcoreinfo('NUMBER(KERNELPACMASK)=0xfff0000000000000\n')

/** A kernel thread's stack with words by their distance from its end. */
function deadOf(words: Readonly<Record<number, bigint>>, architecture: KernelView['architecture'], isKernelThread = true): (readonly [from: number, to: number])[] {
  const bytes = new Uint8Array(0x4000)
  const view = new DataView(bytes.buffer)
  for (const [distance, word] of Object.entries(words)) view.setBigUint64(0x4000 - Number(distance), word, true)
  const symbols = new SymbolTable([
    { address: kthread, name: 'kthread', type: 't', module: null }, { address: kthread + 0x100n, name: 'worker_thread', type: 't', module: null }
  ])
  const stack: TaskStack = { task: 1n, pid: 2, comm: 'kworker', start, end, live: start + 0x3000n, isKernelThread }
  const kernel = { memory: blockMemory(start, bytes), symbols, architecture, vmcoreinfo } as KernelView
  return neverReturnedTo(kernel, [stack]).map((part) => [Number(end - part.start), Number(end - part.end)] as const)
}

/** As a thread of x86-64 begins: what it was created by is in a register, which each function saves. */
const x86 = { 0xb8: createInfo, 0xf0: createInfo, 0x108: kthread + 0xd2n, 0x110: kthread + 0x100n, 0x118: worker, 0x138: createInfo }

test('the frames from kthread() on, and its registers where the thread\'s function saved them', () => {
  expect(deadOf(x86, 'x86_64')).toEqual([[0x100, 0], [0x138, 0x130]])
})

test('what the thread\'s function holds itself stays, a return address deeper than the true one changes nothing', () => {
  const deeper = { ...x86, 0x140: createInfo, 0x200: kthread + 0xd2n }
  expect(deadOf(deeper, 'x86_64')).toEqual([[0x100, 0], [0x138, 0x130]])
})

test('arm64: from the frame of kthread() on, as the record below it tells', () => {
  expect(deadOf({ 0x180: end - 0x170n, 0x178: kthread + 0xd2n, 0x168: createInfo }, 'arm64')).toEqual([[0x170, 0]])
  expect(deadOf({ 0x180: worker, 0x178: kthread + 0xd2n }, 'arm64')).toEqual([])
  const signed = (kthread + 0xd2n) & 0xbc8fffffffffffffn
  expect(deadOf({ 0x180: end - 0x170n, 0x178: signed, 0x168: createInfo }, 'arm64')).toEqual([[0x170, 0]])
})

test('a program\'s stack, and one that kthread() is not on, keep all they have', () => {
  expect(deadOf(x86, 'x86_64', false)).toEqual([])
  expect(deadOf({ 0x108: kthread + 0x100n }, 'x86_64')).toEqual([])
})
