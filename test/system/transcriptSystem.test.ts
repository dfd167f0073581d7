import { describe, expect, test } from 'vitest'
import { NO_INDEX, objectStates, type SlabObjects } from '../../lib/slab/model.js'
import { hexdump } from '../../lib/analysis/hexdump.js'
import { crashRead } from '../../lib/dump/crashFormat/memoryListing.js'
import { readWords } from '../../lib/dump/readWords.js'
import { findSymbols } from '../../lib/symbol/findSymbols.js'
import { SymbolTable, type SymbolRecord } from '../../lib/symbol/symbolTable.js'
import { transcriptSystem } from '../../lib/system/transcriptSystem.js'
import { Warnings } from '../../lib/warnings.js'
import { kmemS, rd, slabBlock, systemOf, transcriptOf, wordBytes, type ListedObject } from '../builders/crashSession.js'

function listed({ length, address, state }: SlabObjects): string[] {
  return Array.from({ length }, (_, i) => `${address[i].toString(16)} ${objectStates[state[i]]}`)
}

/** Addresses of a slab's slots. */
function slots(memory: bigint, bytes: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => (memory + BigInt(i * bytes)).toString(16))
}

const page = 0xffff8881048d0000n

describe('caches', () => {
  test('one for each address, with the last numbers, and a note of those before', async () => {
    const system = await systemOf([
      kmemS([{ name: 'kmalloc-128', allocated: 10, total: 32 }, { name: 'other', address: 'ffff888100042700', allocated: '?' }]),
      kmemS([{ name: 'kmalloc-128', allocated: 12, total: 32 }])
    ])
    expect(system.caches()).toMatchObject([
      { name: 'kmalloc-128', address: 0xffff888100042600n, objectBytes: 128, slotBytes: null, allocated: 12, total: 32, bytes: 4096, aliases: [], reclaimable: null },
      { name: 'other', allocated: null }
    ])
    expect(system.disagreements).toEqual([{
      subject: 'kmalloc-128 allocated', statements: [{ value: '10', place: 'session-1.txt:2' }, { value: '12', place: 'session-2.txt:2' }]
    }])
    expect(system.messages()).toContain('kmalloc-128 allocated: 10 (session-1.txt:2), 12 (session-2.txt:2)')
  })

  test('caches of one name at two addresses are two', async () => {
    const system = await systemOf(kmemS([{ name: 'dentry' }, { name: 'dentry', address: 'ffff888100042700' }]))
    expect(system.caches()).toHaveLength(2)
  })

  test('a name without an address means the cache of that name', async () => {
    const system = await systemOf(`crash> kmem -S kmalloc-32\nCPU 0 SLAB:\n${slabBlock('ffff8881048d0000', slots(page, 32, 4))}crash> kmem -s\n${kmemS([{ name: 'kmalloc-32', objectBytes: 32 }])}`)
    expect(system.caches()).toMatchObject([{ name: 'kmalloc-32', slotBytes: 32, objectBytes: 32 }])
  })

  test("SLAB's OBJSIZE is the distance between objects; SLUB's slabs tell theirs by how many objects fill them", async () => {
    const caches = kmemS([{ name: 'bio-96', objectBytes: 128, address: 'ffff888100042700', total: 31 }, { name: 'kmalloc-32', objectBytes: 32, total: 25 }])
    const slab = await systemOf(caches + slabBlock('ffff8881048d0000', ['ffff8881048d0000'], { allocator: 'slab' }))
    expect(slab.caches().map(({ slotBytes }) => slotBytes)).toEqual([128, 32])
    const slub = await systemOf(caches + slabBlock('ffff8881048d0000', ['ffff8881048d0000']))
    // 31 objects fill no page: 32 of the same size would fit.
    expect(slub.caches().map(({ slotBytes }) => slotBytes)).toEqual([null, 160])
  })
})

describe('objects', () => {
  test('in address order, each with its cache, slab and state', async () => {
    const system = await systemOf(kmemS([{ name: 'kmalloc-32', objectBytes: 32 }]) + slabBlock('ffff8881048d0000', [
      'ffff8881048d0040', { address: 'ffff8881048d0000', state: 'free' }, { address: 'ffff8881048d0020', state: 'cpu 3' }
    ]))
    const objects = system.objects()
    expect(listed(objects)).toEqual(['ffff8881048d0000 free', 'ffff8881048d0020 cached', 'ffff8881048d0040 allocated'])
    expect([...objects.slabs]).toEqual([page])
    expect([...objects.cache]).toEqual([0, 0, 0])
    expect(objects.queued).toEqual(new Uint8Array(3))
    expect(listed(system.objects(['kmalloc-32']))).toHaveLength(3)
    expect(() => system.objects(['dentry'])).toThrow('no cache named dentry in session-1.txt: it shows kmalloc-32')
  })

  test("SLAB's slabs start before their first object", async () => {
    const system = await systemOf(kmemS([{ name: 'kmalloc-128' }]) + slabBlock('ffff8881048d0080', ['ffff8881048d0080'], { allocator: 'slab', total: 1 }))
    expect([...system.objects().slabs]).toEqual([page])
  })

  test('slabs of which only the row is shown: as far as the row tells', async () => {
    const system = await systemOf(kmemS([{ name: 'kmalloc-1k', objectBytes: 1024, total: 12, slabs: 3 }]) + 'NODE 0 PARTIAL:\n' +
      slabBlock('ffff8881048d0000', slots(page, 1024, 4), { rowOnly: true }) +
      slabBlock('ffff8881048d1000', slots(page, 1024, 4), { rowOnly: true, allocated: 1, header: false }) +
      slabBlock('ffff8881048d2000', slots(page, 1024, 4), { rowOnly: true, allocated: 0, header: false }))
    expect(listed(system.objects())).toEqual([
      ...slots(page, 1024, 4).map((address) => `${address} allocated`), ...slots(page + 4096n, 1024, 4).map((address) => `${address} unknown`),
      ...slots(page + 8192n, 1024, 4).map((address) => `${address} free`)
    ])
  })

  test('slabs of which only the row is shown, and nothing tells where their objects lie', async () => {
    const system = await systemOf(kmemS([{ name: 'ext4_inode_cache', objectBytes: 1184, total: 13, kilobytes: 16 }]) + slabBlock('ffff8881048d0000', Array<string>(13).fill(''), { rowOnly: true }))
    expect(system.objects().length).toBe(0)
    expect(system.messages()).toContain('ext4_inode_cache: 1 slabs are shown as rows only, and how far their objects lie apart is not known')
  })

  test('a row that promises more objects than fit makes none', async () => {
    const system = await systemOf(kmemS([{ name: 'kmalloc-1k', objectBytes: 1024, total: 4 }]) + slabBlock('ffff8881048d0000', slots(page, 1024, 4)) +
      slabBlock('ffff8881048d1000', Array<string>(40_000).fill(''), { rowOnly: true }))
    expect(system.objects().length).toBe(4)
  })

  test('an object listed twice counts once; a later listing holds', async () => {
    const list = (state: 'free' | 'allocated'): string => kmemS([{ name: 'kmalloc-32' }]) + slabBlock('ffff8881048d0000', ['ffff8881048d0000', { address: 'ffff8881048d0020', state }])
    const same = await systemOf(list('free') + list('free'))
    expect(listed(same.objects())).toEqual(['ffff8881048d0000 allocated', 'ffff8881048d0020 free'])
    expect(same.messages()).toContain('2 objects are listed more than once, and count once')
    const changed = await systemOf(list('free') + list('allocated'))
    expect(listed(changed.objects())).toEqual(['ffff8881048d0000 allocated', 'ffff8881048d0020 allocated'])
    expect(changed.disagreements.map(({ subject, statements }) => `${subject} ${statements.map(({ value }) => value).join()}`)).toEqual([
      'object 0xffff8881048d0020 free,allocated'
    ])
  })

  test('an object that one listing shows both allocated and free is unknown', async () => {
    const system = await systemOf(kmemS([{ name: 'kmalloc-32' }]) + slabBlock('ffff8881048d0000', ['ffff8881048d0000', { address: 'ffff8881048d0000', state: 'cpu 1' }]))
    expect(listed(system.objects())).toEqual(['ffff8881048d0000 unknown'])
    expect(system.messages()).toContain('object 0xffff8881048d0000: allocated (session-1.txt:4), cached (session-1.txt:4)')
  })

  test('objects outside of their slab, and more or fewer than the slab has, are said', async () => {
    const system = await systemOf(kmemS([{ name: 'kmalloc-32' }]) + slabBlock('ffff8881048d0000', ['ffff8881048d0000', 'ffff88810f000000'], { total: 128 }))
    const objects = system.objects()
    expect([...objects.slab]).toEqual([0, NO_INDEX])
    expect(system.messages()).toEqual(expect.arrayContaining([
      'slab 0xffff8881048d0000: 2 objects are listed of 128 in it', '1 objects lie outside of the slab they are listed in'
    ]))
  })

  test('objects of an unknown cache', async () => {
    const system = await systemOf('  [ffff8881048d0000]\n  [ffff8881048d0020]\n')
    expect([...system.objects().cache]).toEqual([NO_INDEX, NO_INDEX])
    expect(() => system.objects(['x'])).toThrow('no cache named x in session-1.txt: it shows none')
  })

  test('what a listing leaves out is said, and why', async () => {
    const cache = kmemS([{ name: 'kmalloc-32', total: 12800 }])
    const system = await systemOf(`${cache}${slabBlock('ffff8881048d0000', ['ffff8881048d0000'])}NODE 0 FULL:\n  (not tracked)\n`)
    expect(system.messages()).toContain('kmalloc-32: 1 of its 12,800 objects are listed (session-1.txt:3); crash cannot list full slabs here')
  })
})

describe('red zones', () => {
  const slot = 160
  const objects: ListedObject[] = slots(page, slot, 25)
  const listing = (shift = 0): string => kmemS([{ name: 'kmalloc-cg-32', objectBytes: 32, total: 25 }]) +
    slabBlock('ffff8881048d0000', objects.map((address) => (BigInt(`0x${address as string}`) + BigInt(shift)).toString(16)))
  const zone = 0xccccccccccccccccn
  const words = (left: bigint): Uint8Array => wordBytes(left, left, left, left, 0xffffffff8133a0b0n, 1n, 2n, 3n, zone, 5n)
  const firstAddress = async (text: string): Promise<string> => (await systemOf(text)).objects().address[0].toString(16)

  test('addresses move behind the zone that the contents show', async () => {
    expect(await firstAddress(listing() + rd(page, words(zone)))).toBe('ffff8881048d0020')
    expect(await firstAddress(listing() + rd(page + 160n, words(0xbbbbbbbbbbbbbbbbn)))).toBe('ffff8881048d0020')
  })

  test('what one read shows of the zone and another of the payload is put together', async () => {
    const payload = wordBytes(0xffffffff8133a0b0n, 1n, 2n, 3n, zone, 5n, 6n, 7n, 8n, 9n, 10n, 11n, 12n, 13n, 14n, 15n, zone, zone, zone, zone)
    expect(await firstAddress(listing() + rd(page + 32n, payload))).toBe('ffff8881048d0020')
  })

  test('addresses that are payloads already stay (set redzone off)', async () => {
    expect(await firstAddress(listing(32) + rd(page, words(zone)))).toBe('ffff8881048d0020')
  })

  test('without a zone nothing moves', async () => {
    expect(await firstAddress(listing() + rd(page, wordBytes(1n, 2n, 3n, 4n, 5n)))).toBe('ffff8881048d0000')
    // An overflow tore one of many zones.
    const torn = slots(page, slot, 12).map((address, i) => rd(BigInt(`0x${address}`), words(i === 3 ? 7n : zone))).join('')
    expect(await firstAddress(listing() + torn)).toBe('ffff8881048d0020')
  })

  test('contents that look like a zone where there is no room for one', async () => {
    const tight = kmemS([{ name: 'kmalloc-32', objectBytes: 32, total: 128 }]) + slabBlock('ffff8881048d0000', slots(page, 32, 128))
    expect(await firstAddress(tight + rd(page, words(zone)))).toBe('ffff8881048d0000')
  })

  test('slots longer than their objects and nothing read: said', async () => {
    const system = await systemOf(listing())
    expect(system.objects().address[0]).toBe(page)
    expect(system.messages()).toContain('kmalloc-cg-32: objects of 32 bytes lie 160 bytes apart, as with slub_debug; where a red zone lies before ' +
      'each, the addresses shown are those of the zones: rd one of them to settle it')
    const aligned = await systemOf(kmemS([{ name: 'bio-128', objectBytes: 136, total: 21 }]) + slabBlock('ffff8881048d0000', slots(page, 192, 21)))
    aligned.objects()
    expect(aligned.messages()).toEqual([])
  })
})

describe('memory', () => {
  const at = 0xffff888104890000n

  test('words of rd -s, by a symbol whose address something else tells', async () => {
    const system = await systemOf(`ffff888104890000:  single_start     single_open+42   \nffffffff8133a0b0 (T) single_start\n`)
    expect(system.memory.tryRead(at, 8)).toEqual(wordBytes(0xffffffff8133a0b0n))
    expect(system.messages()).toContain('1 words of rd -s show symbols whose addresses are not in the evidence (single_open): their values are not known; ' +
      'sym or a symbol file tells them')
  })

  test('symbols of which nothing tells the address get stand-ins: equal words stay equal, and no address is given out', async () => {
    const system = await systemOf('ffff888104890000:  single_open+42   single_open      \nffff888104890010:  single_open+42   single_stop      \n')
    const word = (offset: bigint): bigint => new BigUint64Array((system.memory.tryRead(at + offset, 8) as Uint8Array).buffer)[0]
    expect(word(0n)).toBe(word(16n))
    expect(word(0n) - word(8n)).toBe(42n)
    expect(system.symbols.at(word(0n))).toMatchObject({ name: 'single_open', offset: 42, standIn: true })
    expect(system.symbols.at(word(24n))).toMatchObject({ name: 'single_stop', offset: 0, standIn: true })
    expect(findSymbols(system.symbols, 'single_open')).toEqual([])
    expect(readWords(system, at, 1).objects()).toMatchObject([{ value: null, symbol: 'single_open+0x2a' }])
    expect(hexdump(system, at, { bytes: 8 }).objects()).toMatchObject([{ value: null, text: null, symbol: 'single_open+0x2a' }])
    expect(crashRead(system, at, { count: 2 })).toBe('ffff888104890000:  single_open+42   single_open      \n')
  })

  test('a memory read both with rd and with rd -s tells where its symbols are', async () => {
    const system = await systemOf(rd(at, wordBytes(0xffffffff8133a0b0n, 0xffffffff8133a10an)) +
      'ffff888104890000:  single_start     single_open+42   \nffff888104890020:  single_open+42   0000000000000000 \n')
    expect(system.symbols.at(0xffffffff8133a0e0n + 42n)).toMatchObject({ name: 'single_open', offset: 42 })
    expect(system.memory.tryRead(at + 32n, 16)).toEqual(wordBytes(0xffffffff8133a10an, 0n))
  })

  test('a name that two functions share tells no address', async () => {
    const system = await systemOf('ffff888104890000:  show             show             \nffffffff8133a0b0 (t) show\nffffffff8143a0b0 (t) show\n')
    expect(readWords(system, at, 1).objects()).toMatchObject([{ value: null, symbol: 'show' }])
    expect(findSymbols(system.symbols, 'show')).toHaveLength(2)
  })

  test('words that search found, where rd did not show others', async () => {
    const system = await systemOf(`${rd(at, wordBytes(7n))}crash> search -k 1\nffff888104890000: 1 \nffff888104890010: 1 \n`)
    expect(system.memory.tryRead(at, 8)).toEqual(wordBytes(7n))
    expect(system.memory.tryRead(at + 16n, 8)).toEqual(wordBytes(1n))
  })

  test('stretches that are shown twice, differently', async () => {
    const system = await systemOf([rd(at, wordBytes(1n, 2n)), rd(at, wordBytes(1n, 3n))])
    expect(system.memory.tryRead(at + 8n, 8)).toEqual(wordBytes(3n))
    expect(system.messages()).toContain('memory at 0xffff888104890008: 0x0000000000000002 (session-1.txt:1), 0x0000000000000003 (session-2.txt:1)')
  })

  test('why a page is missing', async () => {
    const system = await systemOf(`${rd(at, wordBytes(1n))}rd: page excluded: kernel virtual address: ffff888104891000  type: "64-bit KVADDR"\n`)
    expect(system.memory.tryRead(0xffff888104891008n, 8)).toBe('excluded')
  })

  test('a 32-bit machine', async () => {
    const system = await systemOf('c0008000:  00000001 00000002 00000003 00000004   ................\nc0008010:  schedule+4       \nc000a000 (T) schedule\n')
    expect(system.memory.pointerBytes).toBe(4)
    expect(system.memory.tryRead(0xc0008004n, 4)).toEqual(Uint8Array.of(2, 0, 0, 0))
  })
})

describe('symbols', () => {
  test('a symbol reaches as far as the session itself put addresses into it', async () => {
    const { symbols } = await systemOf('ffffffff8133a0b0 (T) single_start\n0xffffffff8133a0c4 <single_start+20>:\tret\n')
    expect(symbols.at(0xffffffff8133a0c4n)).toMatchObject({ name: 'single_start', type: 'T', offset: 20 })
    expect(symbols.at(0xffffffff8133a0c5n)).toBeUndefined()
  })

  test('within a whole list the next symbol is where one ends', async () => {
    const list = Array.from({ length: 20 }, (_, i) => `ffffffffc043e${(i * 32).toString(16).padStart(3, '0')} (t) function_${i}`).join('\n')
    const { symbols } = await systemOf(`ffffffffc043e000 MODULE START: testmod\n${list}\nffffffffc0442000 MODULE END: testmod\n`)
    expect(symbols.at(0xffffffffc043e01fn)).toMatchObject({ name: 'function_0', module: 'testmod', offset: 31 })
    // What follows the last one is not shown.
    expect(symbols.at(0xffffffffc043e261n)).toBeUndefined()
  })

  test('symbols from files come in, and tell what rd -s left out', async () => {
    const transcript = await transcriptOf('ffff888104890000:  single_start     single_stop      \n')
    const given: SymbolRecord[] = [{ address: 0xffffffff8133a0b0n, name: 'single_start', type: 'T', module: null }]
    const system = transcriptSystem(transcript, { symbols: () => new SymbolTable(given) })
    expect(system.memory.tryRead(0xffff888104890000n, 8)).toEqual(wordBytes(0xffffffff8133a0b0n))
    expect(system.symbols.at(0xffffffff8133a0b4n)?.offset).toBe(4)
  })
})

describe('the machine', () => {
  test('its architecture, release, files and structs', async () => {
    const system = await systemOf(['     RELEASE: 6.1.192\n     MACHINE: aarch64  (unknown Mhz)\n', 'crash> seq_operations ffff80003a5b0000\nstruct seq_operations {\n  start = 0x0\n}\nstruct seq_operations {\n  int x;\n}\nSIZE: 32\n'])
    expect(system).toMatchObject({ kind: 'transcript', name: 'session-1.txt', architecture: 'arm64', release: '6.1.192', pageBytes: null, types: undefined })
    expect(system.files.map(({ file }) => file)).toEqual(['session-1.txt', 'session-2.txt'])
    expect(system.shownStructs).toEqual([{ type: 'seq_operations', address: 0xffff80003a5b0000n, bytes: 32, members: [{ name: 'start', value: '0x0' }] }])
    expect((await systemOf('     MACHINE: s390x\n')).architecture).toBeNull()
    expect((await systemOf('     MACHINE: x86_64  (2596 Mhz)\n')).architecture).toBe('x86_64')
  })

  test('sessions of two machines in one transcript', async () => {
    const system = await systemOf('    NODENAME: alpha\ncrash> sys\n    NODENAME: beta\n')
    expect(system.messages()).toContain('the sessions are of 2 machines (alpha, beta): what they say is mixed here; give each machine\'s sessions alone')
  })

  test('a kernel with sheaves, whose free objects crash shows as allocated', async () => {
    const list = kmemS([{ name: 'kmalloc-32' }]) + slabBlock('ffff8881048d0000', ['ffff8881048d0000'])
    const warned = async (text: string): Promise<boolean> => (await systemOf(text + list)).messages().some((message) => message.includes('per-CPU sheaves'))
    expect(await warned('     RELEASE: 6.18.2-100\n')).toBe(true)
    expect(await warned('     RELEASE: 7.0.0\n')).toBe(true)
    expect(await warned('ffffffff8133a0b0 (t) rcu_free_sheaf\n')).toBe(true)
    expect(await warned('     RELEASE: 6.17.9\n')).toBe(false)
    expect(await warned('')).toBe(false)
  })

  test('a file that breaks off is read up to there, and said to be', async () => {
    const transcript = await transcriptOf(kmemS([{ name: 'kmalloc-32' }]).slice(0, -4))
    const warnings = new Warnings()
    transcriptSystem(transcript, { warnings })
    expect(warnings.list().map(({ message }) => message)).toContain('session-1.txt:2: the text ends within a line, which may be cut')
  })
})
