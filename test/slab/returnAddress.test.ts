import { expect, test } from 'vitest'
import { returnAddress } from '../../lib/slab/returnAddress.js'
import { parseVmcoreinfo } from '../../lib/source/vmcoreinfo.js'

// A stack of Debian's 6.12 for arm64 with pages of 16 KiB, on a processor with pointer authentication: kthread+0xe8, its frame, a counter.
const kernel = { vmcoreinfo: parseVmcoreinfo('NUMBER(VA_BITS)=52\nNUMBER(KERNELPACMASK)=0xfff0000000000000\n') }

test('a signed return address is the one that was signed; addresses, numbers and kernels without signatures stay', () => {
  expect(returnAddress(kernel, 0x43afda58658dc400n)).toBe(0xffffda58658dc400n)
  expect(returnAddress(kernel, 0xffffc0008007be70n)).toBe(0xffffc0008007be70n)
  expect(returnAddress(kernel, 0x100005n)).toBe(0x100005n)
  const without = { vmcoreinfo: parseVmcoreinfo('NUMBER(KERNELPACMASK)=0x0\n') }
  expect(returnAddress(without, 0x43afda58658dc400n)).toBe(0x43afda58658dc400n)
  expect(returnAddress(undefined, 0x43afda58658dc400n)).toBe(0x43afda58658dc400n)
})
