import { describe, expect, test } from 'vitest'
import { slabPageTest } from '../../lib/slab/slabPageTest.js'
import { MiniKernel } from '../builders/miniKernel.js'
import type { TypesSpec } from '../builders/structTypes.js'

const page = { bytes: 64, members: { flags: 0, compound_head: 8, page_type: [0x30, 4] } } as const

function testOf(vmcoreinfo: string, enumerators: Record<string, number> = {}, structs: TypesSpec['structs'] = { page }): ReturnType<typeof slabPageTest> {
  return slabPageTest(new MiniKernel({ types: { structs, enumerators }, vmcoreinfo }).view())
}

describe('how slab pages are told', () => {
  test.each<[string, string, Record<string, number>, object]>([
    ['until v6.9 by a page flag, from VMCOREINFO', 'NUMBER(PG_slab)=9\n', {}, { offset: 0, mask: 0x200, value: 0x200 }],
    ['or from BTF', '', { PG_slab: 7 }, { offset: 0, mask: 0x80, value: 0x80 }],
    ['a flag beyond bit 31', '', { PG_slab: 33 }, { offset: 4, mask: 2, value: 2 }],
    ['in v6.10 by a bit of the inverted type', 'NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-4097\n', {}, { offset: 0x30, mask: 0xffffffff, value: 0xffffefff }],
    ['or its enumerator', '', { PG_slab: 0x1000 }, { offset: 0x30, mask: 0xffffffff, value: 0xffffefff }],
    ['in v6.11 too', 'NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-33554433\n', {}, { offset: 0x30, mask: 0xffffffff, value: 0xfdffffff }],
    ['from v6.12 by the top byte', 'NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376\n', {}, { offset: 0x30, mask: 0xff000000, value: 0xf5000000 }],
    ['or its enumerator, which wins over a flag of that name', '', { PGTY_slab: 0xf5, PG_slab: 9 }, { offset: 0x30, mask: 0xff000000, value: 0xf5000000 }]
  ])('%s', (_, vmcoreinfo, enumerators, expected) => {
    expect(testOf(vmcoreinfo, enumerators)).toEqual({ ...expected, tailOffset: 8 })
  })

  test('offsets come from VMCOREINFO where types are missing', () => {
    const vmcoreinfo = 'NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=-184549376\nOFFSET(page._mapcount)=40\nOFFSET(page.compound_info)=16\n'
    expect(testOf(vmcoreinfo, {}, {})).toEqual({ offset: 40, mask: 0xff000000, value: 0xf5000000, tailOffset: 16 })
  })

  test('where nothing tells, what is missing is said', () => {
    expect(() => testOf('')).toThrow('PG_slab is not in the evidence: tells slab pages')
    expect(() => testOf('NUMBER(PG_slab)=9\n', {}, {})).toThrow('page.compound_head is not in the evidence')
    expect(() => testOf('', { PGTY_slab: 0xf5 }, { page: { bytes: 64, members: { compound_head: 8 } } })).toThrow('page.page_type is not in the evidence')
  })
})
