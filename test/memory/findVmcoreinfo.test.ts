import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { findVmcoreinfo } from '../../lib/memory/findVmcoreinfo.js'
import { openPhysical } from '../../lib/memory/openPhysical.js'
import { bytesOf } from '../../lib/source/bytes.js'
import { Warnings } from '../../lib/warnings.js'
import { Bytes } from '../builders/bytes.js'
import { elfCore } from '../builders/elfCore.js'
import { kdumpFile, type KdumpPage } from '../builders/kdump.js'
import { describeEvidence, evidence } from '../evidence.js'

const text = (release: string, lines = 10, pageBytes = 4096): string =>
  `OSRELEASE=${release}\nPAGESIZE=${pageBytes}\nSYMBOL(_stext)=ffffffff81000000\n${Array.from({ length: lines }, (_, i) => `OFFSET(x.y${i})=${i}\n`).join('')}`

const page = (at: number, string: string): Uint8Array => new Bytes(4096).text(at, string.slice(0, 4096 - at)).bytes

const pages = new Map<number, KdumpPage>([
  // What programs and the kernel hold besides: bare words, formats.
  [1, { data: page(100, 'OSRELEASE=%s\n\0PAGESIZE=%ld\n') }],
  [2, { data: page(0, 'OSRELEASE=6.1.0\nBUILD-ID=xyz\n') }],
  [5, { data: page(0, text('6.1.0')), packing: 'zlib' }],
  // The note's copy, 24 bytes behind the start of its page, over the end of it.
  [8, { data: page(24, text('6.2.0', 400)) }],
  [9, { data: new Bytes(4096).text(0, text('6.2.0', 400).slice(4096 - 24)).bytes }],
  [11, { data: page(24, text('6.1.0')) }]
])

describe('findVmcoreinfo', () => {
  test('the texts in memory, each once, the longest first', async () => {
    const { physical } = await openPhysical(bytesOf('vmcore', kdumpFile(pages)), { searchVmcoreinfo: false })
    const found = await findVmcoreinfo(physical)
    expect(found.map(({ vmcoreinfo, physical: at }) => [vmcoreinfo.value('OSRELEASE'), vmcoreinfo.text.length, at])).toEqual([
      ['6.2.0', text('6.2.0', 400).length, 8 * 4096 + 24], ['6.1.0', text('6.1.0').length, 5 * 4096]
    ])
  })
  test('that of a known release ends the search', async () => {
    const { physical } = await openPhysical(bytesOf('vmcore', kdumpFile(pages)), { searchVmcoreinfo: false })
    expect((await findVmcoreinfo(physical, { release: '6.1.0' })).map(({ physical: at }) => at)).toEqual([5 * 4096])
  })
  test('openPhysical takes it where the headers have none, and says so', async () => {
    const warnings = new Warnings()
    const dump = await openPhysical(bytesOf('vmcore', kdumpFile(pages)), { warnings })
    expect(dump).toMatchObject({ vmcoreinfoFrom: 'memory' })
    expect(dump.vmcoreinfo?.value('OSRELEASE')).toBe('6.2.0')
    expect(dump.vmcoreinfoCandidates.map((info) => info.value('OSRELEASE'))).toEqual(['6.2.0', '6.1.0'])
    expect(warnings.list().map(({ message }) => message)).toEqual(['no VMCOREINFO in the file; taken from memory at 0x8018, the longest of 2'])
    expect((await openPhysical(bytesOf('vmcore', kdumpFile(pages, { uname: { release: '6.1.0' } })))).vmcoreinfo?.value('OSRELEASE')).toBe('6.1.0')
  })
  test('its page size is used from then on', async () => {
    const data = new Bytes(65536).text(0, text('6.1.0', 10, 16384)).bytes
    const dump = await openPhysical(bytesOf('core', elfCore([{ physical: 0x10000, data }], { machine: 183 })))
    expect(dump.physical).toMatchObject({ pageBytes: 16384, frames: 8 })
  })
  test('none', async () => {
    const dump = await openPhysical(bytesOf('vmcore', kdumpFile(new Map([[1, pages.get(1)!]]))))
    expect([dump.vmcoreinfo, dump.vmcoreinfoFrom, dump.vmcoreinfoCandidates]).toEqual([undefined, null, []])
  })
})

describeEvidence('VMCOREINFO in the memory of real kernels', () => {
  test.each(['arm64-slab', 'x86_64-slub', 'x86_64-slub-6.12'])('%s: the same as in the headers, but for the time of the crash', async (name) => {
    const dump = await openPhysical(evidence(name, 'vmcore'))
    const [found] = await findVmcoreinfo(dump.physical)
    dump.close()
    const lines = (info: string): string[] => info.split('\n').filter((line) => line !== '' && !line.startsWith('CRASHTIME='))
    expect(lines(found.vmcoreinfo.text)).toEqual(lines(readFileSync(evidence(name, 'vmcoreinfo.txt'), 'latin1')))
  })
})
