import { expect, test } from 'vitest'
import { readWords } from '../../lib/dump/readWords.js'
import type { KernelView } from '../../lib/slab/kernelView.js'
import { parseVmcoreinfo } from '../../lib/source/vmcoreinfo.js'
import { machine, sparseMemory } from '../builders/machine.js'

test('a signed return address has the symbol that it returns to', () => {
  const stack = 0xffffc0008007be10n
  const memory = sparseMemory(new Map([[stack, 0xffffc0008007be70n], [stack + 8n, 0x43afda58658dc400n]]))
  const symbols = [{ address: 0xffffda58658dc318n, name: 'kthread', type: 't', module: null }, { address: 0xffffda58658dd000n, name: 'kthread_stop', type: 'T', module: null }]
  const kernel = { vmcoreinfo: parseVmcoreinfo('NUMBER(KERNELPACMASK)=0xfff0000000000000\n'), directMap: { start: 0xfff0000000000000n, end: 0xfff0000060000000n } } as unknown as KernelView
  const shown = readWords(Object.assign(machine({ kind: 'dump', architecture: 'arm64', memory, symbols }), { kernel }), stack, 2)
  expect(shown.array('symbol')).toEqual([null, 'kthread+0xe8'])
  expect(shown.array('value')).toEqual(['0xffffc0008007be70', '0x43afda58658dc400'])
})
