import { expect, test } from 'vitest'
import { idleIrqStacks } from '../../../lib/analysis/reference/stacks.js'
import { MiniKernel } from '../../builders/miniKernel.js'

test.each(['a variable of its own', 'pcpu_hot'])('the interrupt stack of a CPU that handles none is dead, whether it does is in %s', (place) => {
  const isHot = place === 'pcpu_hot'
  const kernel = new MiniKernel({ types: { structs: { irq_stack: { bytes: 0x1000 }, ...(isHot ? { pcpu_hot: { bytes: 64, members: { hardirq_stack_inuse: [42, 1] as const } } } : {}) } } })
  const stacks = kernel.symbol('irq_stack_backing_store', kernel.allocPerCpu(0x1000))
  const flag = isHot ? kernel.symbol('pcpu_hot', kernel.allocPerCpu(64)) + 42n : kernel.symbol('hardirq_stack_inuse', kernel.allocPerCpu(16))
  kernel.write(kernel.perCpu(flag, 0), 1, 1)
  const start = kernel.perCpu(stacks, 1)
  expect(idleIrqStacks(kernel.view())).toEqual([{ start, end: start + 0x1000n }])
})

test('a kernel without the flag keeps its interrupt stacks', () => {
  const kernel = new MiniKernel({ types: { structs: { irq_stack: { bytes: 0x1000 } } } })
  kernel.symbol('irq_stack_backing_store', kernel.allocPerCpu(0x1000))
  expect(idleIrqStacks(kernel.view())).toEqual([])
})
