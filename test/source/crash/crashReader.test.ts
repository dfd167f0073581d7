import { describe, expect, test } from 'vitest'
import { CrashReader } from '../../../lib/source/crash/crashReader.js'
import { shownStates, slabLists, type CrashTranscript } from '../../../lib/source/crash/crashTranscript.js'
import { kmemS, rd, slabBlock, transcriptOf, wordBytes } from '../../builders/crashSession.js'

const base = 0xffff888104890000n

function objectsOf({ objects }: CrashTranscript): string[] {
  return Array.from(objects.address, (address, i) => `${address.toString(16)} ${shownStates[objects.state[i]]}`)
}

/** Words by address, for small transcripts. */
function wordsOf({ words }: CrashTranscript): Record<string, string> {
  const shown: Record<string, string> = {}
  Array.from(words.starts).forEach((start, i) => {
    const chunk = Buffer.from(words.chunks[Math.floor(words.positions[i] / (1 << 22))].buffer)
    const at = words.positions[i] % (1 << 22)
    shown[start.toString(16)] = chunk.subarray(at, at + words.lengths[i]).toString('hex')
  })
  return shown
}

describe('caches', () => {
  const row = { name: 'kmalloc-128', address: 'ffff80007b000000', allocated: 1723323, total: 1723968, slabs: 53874 }

  test.each(['last', 'second'] as const)('with the name as the %s column', async (column) => {
    const { caches } = await transcriptOf(kmemS([row, { name: 'dnotify cache', objectBytes: 40, allocated: 0, total: 0, slabs: 0 }], column))
    expect(caches.map(({ place: _, session: __, ...rest }) => rest)).toEqual([
      { name: 'kmalloc-128', address: 0xffff80007b000000n, objectBytes: 128, allocated: 1723323, total: 1723968, slabs: 53874, slabBytes: 4096, ignored: false },
      { name: 'dnotify cache', address: 0xffff888100042600n, objectBytes: 40, allocated: 0, total: 0, slabs: 0, slabBytes: 4096, ignored: false }
    ])
    expect(caches[0].place).toEqual({ file: 'session-1.txt', line: 2 })
  })

  test.each(['last', 'second'] as const)('without a heading, by where the numbers stand (name as the %s column)', async (column) => {
    const { caches } = await transcriptOf(kmemS([row, { name: 'fasync cache' }], column).split('\n').slice(1).join('\n'))
    expect(caches.map(({ name, total }) => `${name} ${total}`)).toEqual(['kmalloc-128 1723968', 'fasync cache 32'])
  })

  test('names of all shapes', async () => {
    const names = ['kmalloc-32(123:session.scope)', ':A-0000192', '(unknown)', 'dentry(2:user.slice)', 'TCPv6(1,2)', 'a name that is longer than eighteen characters', '64']
    for (const column of ['last', 'second'] as const) {
      const { caches } = await transcriptOf(kmemS(names.map((name) => ({ name })), column))
      expect(caches.map(({ name }) => name)).toEqual(names)
    }
  })

  test('columns that crash could not fill, and caches left out on demand', async () => {
    const { caches, messages } = await transcriptOf(`${kmemS([])}kmem: kmalloc-64: cannot gather relevant slab data
ffff888100042600       64          ?         ?      ?     4k  kmalloc-64
ffff888100042700 [IGNORED]                                    dentry
`)
    expect(caches).toMatchObject([
      { name: 'kmalloc-64', objectBytes: 64, allocated: null, total: null, slabs: null, slabBytes: 4096, ignored: false },
      { name: 'dentry', address: 0xffff888100042700n, objectBytes: null, ignored: true }
    ])
    expect(messages).toEqual([{ place: { file: 'session-1.txt', line: 2 }, text: 'kmem: kmalloc-64: cannot gather relevant slab data' }])
  })

  test('addresses of a 32-bit machine', async () => {
    const transcript = await transcriptOf(`CACHE     OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME
c1800600      128         12        32      1     4k  kmalloc-128
`)
    expect(transcript.caches[0]).toMatchObject({ address: 0xc1800600n, allocated: 12 })
    expect(transcript.pointerBytes).toBe(4)
  })

  test('a row that a mail program broke before its name', async () => {
    const { caches } = await transcriptOf(`CACHE             OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME
ffff8e89812b4900      376          5         6      1     8k
request_sock_subflow_v6
ffff8e89812b4e00      184          0         0      0     4k  ip6-frags
`)
    expect(caches.map(({ name }) => name)).toEqual(['request_sock_subflow_v6', 'ip6-frags'])
  })

  test('kmem -s list, where the command says so', async () => {
    const { caches } = await transcriptOf('crash> kmem -s list\nffff888100042600 kmalloc-32\nffff888100042700 dnotify cache\ncrash> list x\nffff888100042600 no cache\n')
    expect(caches.map(({ name }) => name)).toEqual(['kmalloc-32', 'dnotify cache'])
  })
})

describe('listings', () => {
  const slub = `${kmemS([{ name: 'kmalloc-32', objectBytes: 32, total: 384, slabs: 3 }])}CPU 0 KMEM_CACHE_CPU:
  ffff88813bc2d5a0
CPU 0 SLAB:
${slabBlock('ffff8881048d0000', ['ffff8881048d0000', { address: 'ffff8881048d0020', state: 'cpu 0' }, { address: 'ffff8881048d0040', state: 'free' }])}CPU 0 PARTIAL:
  (empty)
CPU 1 [OFFLINE]
CPU 2 SLAB:
  (empty)
KMEM_CACHE_NODE   NODE  SLABS  PARTIAL  PER-CPU
ffff888100040d40     0    127        1        4
NODE 0 PARTIAL:
${slabBlock('ffff888104890000', Array<string>(128).fill(''), { rowOnly: true, allocated: 120, page: 'ffffea0004123500' })}NODE 0 FULL:
  (not tracked)

`

  test('SLUB: lists of CPUs and nodes, slabs with objects and slabs as rows only', async () => {
    const transcript = await transcriptOf(slub)
    expect(objectsOf(transcript)).toEqual(['ffff8881048d0000 allocated', 'ffff8881048d0020 cpu cache', 'ffff8881048d0040 free'])
    expect(transcript.listings).toMatchObject([{ cache: 0, allocator: 'slub', fullSlabs: 'not tracked' }])
    expect([...transcript.slabs.list].map((list) => slabLists[list])).toEqual(['cpu slab', 'node partial'])
    expect([...transcript.slabs.memory]).toEqual([0xffff8881048d0000n, 0xffff888104890000n])
    expect([...transcript.slabs.total]).toEqual([3, 128])
    expect([...transcript.slabs.allocated]).toEqual([1, 120])
    expect([...transcript.objects.slab]).toEqual([0, 0, 0])
    expect(transcript.unknownLines).toBe(0)
  })

  test('SLAB: per-CPU and shared caches, and parts of a slab that are no objects', async () => {
    const transcript = await transcriptOf(kmemS([{ name: 'kmalloc-128' }]) + slabBlock('ffff80003a5b0000', [
      'ffff80003a5b0000', { address: 'ffff80003a5b0080', state: 'cpu 1' }, { address: 'ffff80003a5b0100', state: 'shared' }, { address: 'ffff80003a5b0180', state: 'free' }
    ], { allocator: 'slab' }) + '   ffff80003a5b0f80  (on-slab freelist)\n   ffff80003a5b0f00  (unused part of slab)\n   ffff80003a5b0e00  (kmem_bufctl_t)\n')
    expect(objectsOf(transcript)).toEqual([
      'ffff80003a5b0000 allocated', 'ffff80003a5b0080 cpu cache', 'ffff80003a5b0100 shared cache', 'ffff80003a5b0180 free'
    ])
    expect(transcript.listings[0].allocator).toBe('slab')
    expect([...transcript.slabs.list].map((list) => slabLists[list])).toEqual(['single'])
  })

  test('complaints between the rows break nothing', async () => {
    const noisy = slub.replace('  [ffff8881048d0000]', 'kmem: kmalloc-32: slab: ffffea0004123400 invalid freepointer: 1234\n\n  [ffff8881048d0000]')
    const transcript = await transcriptOf(noisy)
    expect(objectsOf(transcript)).toHaveLength(3)
    expect(transcript.messages).toMatchObject([{ text: expect.stringContaining('invalid freepointer') as string }])
  })

  test('the same cache twice, and two caches one behind the other', async () => {
    const other = slub.replace('kmalloc-32', 'kmalloc-64').replace('ffff888100042600', 'ffff888100042700')
    const transcript = await transcriptOf([slub, other, slub].join(''))
    expect(transcript.listings.map(({ cache }) => transcript.caches[cache!].name)).toEqual(['kmalloc-32', 'kmalloc-64', 'kmalloc-32'])
    expect([...transcript.slabs.listing]).toEqual([0, 0, 1, 1, 2, 2])
  })

  test('a transcript that begins within a listing, or whose command alone names the cache', async () => {
    const tail = slub.slice(slub.indexOf('  [ffff8881048d0000]'))
    const transcript = await transcriptOf(tail)
    expect(objectsOf(transcript)).toHaveLength(3)
    expect([...transcript.objects.slab]).toEqual([0xffffffff, 0xffffffff, 0xffffffff])
    const named = await transcriptOf(`crash> kmem -S kmalloc-32\n${slub.slice(slub.indexOf('CPU 0 SLAB'))}`)
    expect(named.caches).toMatchObject([{ name: 'kmalloc-32', address: null, total: null }])
    expect(named.listings[0].cache).toBe(0)
  })

  test('an address at the left edge is an object only within the slab', async () => {
    const flat = kmemS([{ name: 'kmalloc-32' }]) + slabBlock('ffff8881048d0000', ['ffff8881048d0000', { address: 'ffff8881048d0020', state: 'free' }])
    const transcript = await transcriptOf(flat.split('\n').map((line) => line.trim()).join('\n') + 'ffff88810f000000\n')
    expect(objectsOf(transcript)).toEqual(['ffff8881048d0000 allocated', 'ffff8881048d0020 free'])
    const without = await transcriptOf('crash> list x\nffff8881048d0000\n   ffff8881048d0040\n')
    expect(objectsOf(without)).toEqual([])
  })

  test('an object both allocated and in a CPU cache is two statements', async () => {
    const transcript = await transcriptOf(kmemS([{ name: 'kmalloc-32' }]) + slabBlock('ffff8881048d0000', []) + '  [ffff8881048d0000]  (cpu 1 cache)\n')
    expect(objectsOf(transcript)).toEqual(['ffff8881048d0000 allocated', 'ffff8881048d0000 cpu cache'])
  })
})

describe('memory', () => {
  const bytes = Uint8Array.from({ length: 48 }, (_, i) => (i * 37 + 65) & 0xff)
  const hex = Buffer.from(bytes).toString('hex')

  test.each([
    [8, false], [16, false], [32, false], [64, false], [16, true], [32, true], [64, true]
  ] as const)('%s-bit values, big-endian: %s', async (size, bigEndian) => {
    const transcript = await transcriptOf(rd(base, bytes, { size, bigEndian }))
    expect(wordsOf(transcript)).toEqual({ ffff888104890000: hex })
    expect(transcript.bigEndian).toBe(bigEndian)
  })

  test('single bytes tell no byte order and need none', async () => {
    const transcript = await transcriptOf(`MACHINE: s390x\n${rd(base, bytes, { size: 8 })}`)
    expect(wordsOf(transcript)).toEqual({ ffff888104890000: hex })
  })

  test('without ASCII the machine tells the byte order', async () => {
    const transcript = await transcriptOf(`     MACHINE: s390x\n${rd(0x49a0000n, bytes, { ascii: false, bigEndian: true })}`)
    expect(wordsOf(transcript)).toEqual({ '49a0000': hex })
  })

  test('rows without ASCII, with CR LF, with prompts, in pieces of any size', async () => {
    const text = `crash> rd ffff888104890000 6\n${rd(base, bytes)}crash> rd -x ffff888104890100 6\n${rd(base + 256n, bytes, { ascii: false })}`
    const expected = { ffff888104890000: hex, ffff888104890100: hex }
    for (const form of [text, text.replaceAll('\n', '\r\n')]) {
      for (const piece of [1, 7, 71, 100, 4096]) expect(wordsOf(await transcriptOf(form, { piece })), `pieces of ${piece}`).toEqual(expected)
    }
  })

  test('many rows, which take the quick way once the byte order is known', async () => {
    const long = Uint8Array.from({ length: 1 << 16 }, (_, i) => (i * 131 + (i >> 8)) & 0xff)
    for (const options of [{}, { ascii: false }]) {
      const text = rd(base, long, options)
      const { words, files } = await transcriptOf(text, { piece: 1000 })
      expect(words.heldBytes).toBe(long.length)
      expect(wordsOf(await transcriptOf(text.replaceAll('\n', '\r\n')))).toEqual({ ffff888104890000: Buffer.from(long).toString('hex') })
      expect(files[0].lines).toBe(long.length / 16)
    }
  })

  test('a last row that is not full, and a stretch over a 4 GiB line', async () => {
    const transcript = await transcriptOf(rd(0xfffffffefffffff0n, bytes.subarray(0, 40)))
    expect(wordsOf(transcript)).toEqual({ fffffffefffffff0: hex.slice(0, 80) })
  })

  test('decimal values by their command', async () => {
    const text = `crash> rd -d ffff888104890000 2
ffff888104890000:               -1               12   ................
crash> rd -D -32 ffff888104890010 4
ffff888104890010:             1            2            3   4294967295   ................
crash> rd ffff888104890020 2
ffff888104890020:  0000000000000001 0000000000000002   ................
`
    expect(wordsOf(await transcriptOf(text))).toEqual({
      ffff888104890000: Buffer.from(wordBytes(-1n, 12n)).toString('hex'),
      ffff888104890010: '010000000200000003000000ffffffff',
      ffff888104890020: Buffer.from(wordBytes(1n, 2n)).toString('hex')
    })
  })

  test('network byte order by its command', async () => {
    expect(wordsOf(await transcriptOf('crash> rd -N -32 ffff888104890000 1\nffff888104890000:  01020304                               ....\n'))).toEqual({ ffff888104890000: '01020304' })
    expect(wordsOf(await transcriptOf('crash> rd -N -16 ffff888104890000 2\nffff888104890000:  0102 0304                                 ....\n'))).toEqual({ ffff888104890000: '01020304' })
  })

  test('symbols for values, and values beside them', async () => {
    const transcript = await transcriptOf(`ffff888104890000:  single_start     single_open+42   
ffff888104890010:  00000000000000ff [kmalloc-128]    
ffff888104890020:  [ffff888104890080:kmalloc-128] 0000000000000001 
`)
    const { address, name, offset, names } = transcript.symbolicWords
    expect(Array.from(address, (at, i) => `${at.toString(16)} ${names[name[i]]}+${offset[i]}`)).toEqual([
      'ffff888104890000 single_start+0', 'ffff888104890008 single_open+42'
    ])
    expect(wordsOf(transcript)).toEqual({
      ffff888104890010: Buffer.from(wordBytes(0xffn)).toString('hex'),
      ffff888104890020: Buffer.from(wordBytes(0xffff888104890080n, 1n)).toString('hex')
    })
  })

  test('memory that is no kernel memory is counted and left', async () => {
    const transcript = await transcriptOf(`crash> rd -p 41d4e000
        41d4e000:  ffffc7055c59f3e0                    ..Y\\....
crash> rd -u 7fffaaedce08
    7fffaaedce08:  0000000000000001                    ........
crash> rd -a ffff888104890000
ffff888104890000:  deadbeef
crash> sym x
`)
    expect(transcript.foreignRows).toBe(3)
    expect(wordsOf(transcript)).toEqual({})
    // Without the command, the address tells.
    expect((await transcriptOf('        41d4e000:  ffffc7055c59f3e0                    ..Y\\....\ncrash> \n')).foreignRows).toBe(1)
  })

  test('words that rd -a printed are no values', async () => {
    const transcript = await transcriptOf('crash> \n'.replace('crash> ', '') + 'ffff888104890000:  ab\nffff888104890040:  hello world\nCPU 0 SLAB:\n')
    expect(wordsOf(transcript)).toEqual({})
    expect(transcript.symbolicWords.address).toHaveLength(0)
  })

  test('what crash could not read, and why', async () => {
    const { unreadable } = await transcriptOf(`ffff888104890000:  0000000000000001 0000000000000002   ................
rd: page excluded: kernel virtual address: ffff888104891000  type: "64-bit KVADDR"
rd: seek error: kernel virtual address: ffff888104892000  type: "64-bit KVADDR"
rd: invalid kernel virtual address: ffff888104893000  type: "64-bit KVADDR"
`)
    expect(unreadable.map(({ address, reason }) => `${address.toString(16)} ${reason}`)).toEqual([
      'ffff888104891000 excluded', 'ffff888104892000 absent', 'ffff888104893000 unmapped'
    ])
  })

  test('the words that search found', async () => {
    const { hits } = await transcriptOf(`crash> search -k ffff888104890000
ffff888104891000: ffff888104890000 
ffffc90000003e08: ffff888104890000 (x+8)
crash> search -c name
ffff888104891010: ffff8881
crash> search -w 1
ffff888104891014: 1 
`)
    expect(hits.map(({ address, value }) => `${address.toString(16)} ${value.toString(16)}`)).toEqual([
      'ffff888104891000 ffff888104890000', 'ffffc90000003e08 ffff888104890000'
    ])
    expect((await transcriptOf('ffff888104891000: ffff888104890000 \nffff888104891010: some text\nCPU 0 SLAB:\n')).hits).toHaveLength(1)
  })
})

describe('what people save of a session', () => {
  const text = `crash> kmem -S kmalloc-32\n${kmemS([{ name: 'kmalloc-32' }])}${slabBlock('ffff8881048d0000', ['ffff8881048d0000', { address: 'ffff8881048d0020', state: 'free' }], { allocator: 'slab' })}crash> rd ffff8881048d0000 4\n${rd(0xffff8881048d0000n, wordBytes(0xffffffff8133a0b0n, 1n, 2n, 3n))}crash> sym ffffffff8133a0b0\nffffffff8133a0b0 (T) single_start /build/fs/seq_file.c: 558\n`
  const stamped = text.split('\n').map((line) => (line === '' ? line : `[2024-01-02 10:11:12] ${line}`)).join('\n')

  test.each([
    ['as it is', text],
    ['time stamps', stamped],
    ['CR LF', text.replaceAll('\n', '\r\n')],
    ['UTF-16, little-endian with a mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16, big-endian with a mark', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['UTF-16 without a mark', Buffer.from(text, 'utf16le')],
    ['UTF-8 with a mark', `\ufeff${text}`],
    ['lone CR as line ends', text.replaceAll('\n', '\r')],
    ['a quoted mail', text.split('\n').map((line) => `> ${line}`).join('\n')],
    ['indented, as a ticket quotes it', text.split('\n').map((line) => `    ${line}`).join('\n')],
    ['pager prompts', text.split('\n').map((line, i) => (i % 3 === 0 ? `-- MORE --  forward: <SPACE>, <ENTER> or j  backward: b or k  quit: q\r${' '.repeat(72)}\r${line}` : line)).join('\n')],
    ['colours', text.replaceAll('ffff8881048d0000', '\u001b[31mffff8881048d0000\u001b[0m')],
    ['the prompt of crash_64', text.replaceAll('crash> ', 'crash_64> ')],
    ['no prompts at all', text.split('\n').filter((line) => !line.startsWith('crash>')).join('\n')],
    ['tabs for blanks', text.replaceAll('        ', '\t')],
    ['blank lines between', text.replaceAll('\n', '\n\n')]
  ])('%s', async (name, form) => {
    const transcript = await transcriptOf(form)
    // Eight blanks become a tab only where they end at a tab stop: elsewhere expansion moves what follows.
    if (name !== 'tabs for blanks') expect(wordsOf(transcript)).toEqual({ ffff8881048d0000: Buffer.from(wordBytes(0xffffffff8133a0b0n, 1n, 2n, 3n)).toString('hex') })
    expect(objectsOf(transcript)).toEqual(['ffff8881048d0000 allocated', 'ffff8881048d0020 free'])
    expect(transcript.symbols).toMatchObject([{ name: 'single_start', type: 'T', file: '/build/fs/seq_file.c', line: 558 }])
    expect(transcript.caches).toMatchObject([{ name: 'kmalloc-32' }])
  })

  test('a cut end: whole rows count, the cut one is said', async () => {
    for (let cut = text.length - 1; cut > text.length - 400; cut -= 7) {
      const transcript = await transcriptOf(text.slice(0, cut))
      const ends = /\n *$|\ncrash> $/.test(text.slice(0, cut))
      expect(transcript.cutFiles.length, JSON.stringify(text.slice(cut - 30, cut))).toBe(ends ? 0 : 1)
      for (const [address, held] of Object.entries(wordsOf(transcript))) {
        expect(address).toBe('ffff8881048d0000')
        expect(Buffer.from(wordBytes(0xffffffff8133a0b0n, 1n, 2n, 3n)).toString('hex').startsWith(held)).toBe(true)
      }
    }
  })

  test('several files and sessions, each statement with its place', async () => {
    const second = `crash 8.0.2
      KERNEL: vmlinux  [TAINTED]
     RELEASE: 6.1.192
     MACHINE: aarch64  (unknown Mhz)
crash> sys
      KERNEL: other
`
    const transcript = await transcriptOf([text, second])
    expect(transcript.files.map(({ file, lines }) => `${file} ${lines}`)).toEqual([`session-1.txt ${text.split('\n').length - 1}`, 'session-2.txt 6'])
    expect(transcript.sessions.map(({ crash, rows }) => [crash, rows.get('KERNEL'), rows.get('RELEASE')])).toEqual([
      [null, undefined, undefined], ['8.0.2', 'vmlinux  [TAINTED]', '6.1.192'], [null, 'other', undefined]
    ])
    expect(transcript.words.files[0]).toBe(0)
    expect(transcript.words.lines[0]).toBe(10)
  })

  test('logs of script and PuTTY', async () => {
    const transcript = await transcriptOf(`Script started on 2024-01-02 10:11:12+00:00 [TERM="xterm"]\n${text}Script done on 2024-01-02\n=~=~=~=~=~=~=~=~=~=~=~= PuTTY log 2024.01.02 10:11:12 =~=~=~=~=~=~=~=~=~=~=~=\n${text}`)
    expect(transcript.sessions).toHaveLength(2)
    expect(transcript.caches.map(({ session }) => session)).toEqual([0, 1])
  })

  test('a line without end takes no memory', () => {
    const reader = new CrashReader()
    reader.begin('x')
    for (let i = 0; i < 64; i++) reader.push(new Uint8Array(1 << 16).fill(97))
    reader.push(Buffer.from('\ncrash> sys\n'))
    reader.end()
    expect(reader.knownLines).toBe(1)
  })
})

describe('symbols', () => {
  test('rows of sym in all their forms', async () => {
    const { symbols } = await transcriptOf(`ffffffff8133a0b0 (T) single_start debian/build/fs/seq_file.c: 558
ffffffff8133a0b4 (T) single_start+4 /a path/fs/seq_file.c: 560
ffffffff8133a0b8 (t) single_stop+0x8
ffffffffc043e0d0 (T) TestMod_ProcContentSeqShow [testmod] 
ffffffffc043e0d0 (T) TestMod_ProcContentSeqShow [testmod] /root/module/testmod.c: 91
1a040 (A) cpu_info
`)
    expect(symbols.map(({ address, name, type, module, file, line, offset }) => [address.toString(16), name, type, module, file, line, offset])).toEqual([
      ['ffffffff8133a0b0', 'single_start', 'T', null, 'debian/build/fs/seq_file.c', 558, 0],
      ['ffffffff8133a0b0', 'single_start', 'T', null, '/a path/fs/seq_file.c', 560, 4],
      ['ffffffff8133a0b0', 'single_stop', 't', null, null, null, 8],
      ['ffffffffc043e0d0', 'TestMod_ProcContentSeqShow', 'T', 'testmod', null, null, 0],
      ['ffffffffc043e0d0', 'TestMod_ProcContentSeqShow', 'T', 'testmod', '/root/module/testmod.c', 91, 0],
      ['1a040', 'cpu_info', 'A', null, null, null, 0]
    ])
  })

  test('a row that a mail program broke before its file', async () => {
    const { symbols } = await transcriptOf(`ffff00000824edd8 (t) single_start
/home/builder/flexbuild_lsdk1903/packages/linux/linux/fs/seq_file.c: 541
ffff00000824ee00 (t) single_stop /home/builder/flexbuild_lsdk1903/packages/seq_file.c:
552
`)
    expect(symbols.map(({ name, line }) => `${name} ${line}`)).toEqual(['single_start 541', 'single_stop 552'])
  })

  test('the module that sym -m names once', async () => {
    const { symbols } = await transcriptOf(`ffffffffc043e000 MODULE START: testmod
ffffffffc043e000 (t) truth_add
ffffffffc0442000 MODULE END: testmod
ffffffffc0442000 (t) other
`)
    expect(symbols.map(({ module }) => module)).toEqual(['testmod', null])
  })

  test('symbols that other output names', async () => {
    const { symbols } = await transcriptOf(`struct seq_operations {
  start = 0xffffffff8133a0b0 <single_start>, 
  show = 0xffffffffc043e0d0 <TestMod_ProcContentSeqShow>
}
0xffffffff8133a0c4 <single_start+20>:	ret
 #1 [ffffd4a700013cc8] sysrq_handle_crash+22 at ffffffffa24a35f6
 #2 [ffffd4a700013cd0] __handle_sysrq at ffffffffa27ea8b3
[  12.345678] [<ffffffffc043e1f0>] ? TestMod_Open+0x20/0x40 [testmod]
`)
    expect(symbols.map(({ address, name, module, offset }) => [address.toString(16), name, module, offset])).toEqual([
      ['ffffffff8133a0b0', 'single_start', null, 0], ['ffffffffc043e0d0', 'TestMod_ProcContentSeqShow', null, 0],
      ['ffffffff8133a0b0', 'single_start', null, 20], ['ffffffffa24a35e0', 'sysrq_handle_crash', null, 22],
      ['ffffffffc043e1d0', 'TestMod_Open', 'testmod', 0x20]
    ])
  })
})

describe('structs', () => {
  test('with values, of the address in the command', async () => {
    const { structs } = await transcriptOf(`crash> struct TestModSession ffff8e89830be300
struct TestModSession {
  link = {
    next = 0xffff8e89830be300, 
    prev = 0xffff8e89830be300
  }, 
  magic = 1398753615, 
  name = "a, \\"b\\" = {c}\\000\\000", 
  owner = 0x0, 
  c = 65 'A', 
  list = {0x1, 0x2}
}
`)
    expect(structs).toEqual([{
      place: { file: 'session-1.txt', line: 2 }, type: 'TestModSession', address: 0xffff8e89830be300n,
      members: [
        { name: 'link', value: '{ next = 0xffff8e89830be300,  prev = 0xffff8e89830be300 }'.replace(',  ', ', ') },
        { name: 'magic', value: '1398753615' }, { name: 'name', value: '"a, \\"b\\" = {c}\\000\\000"' }, { name: 'owner', value: '0x0' },
        { name: 'c', value: "65 'A'" }, { name: 'list', value: '{0x1, 0x2}' }
      ]
    }])
  })

  test.each([
    ['seq_operations ffff80003a5b0000', 0xffff80003a5b0000n], ['struct -x seq_operations 0xffff80003a5b0000', 0xffff80003a5b0000n],
    ['*seq_operations ffff80003a5b0000', 0xffff80003a5b0000n], ['union seq_operations ffff80003a5b0000', 0xffff80003a5b0000n],
    ['struct seq_operations some_symbol', null], ['struct file ffff80003a5b0000', null]
  ])('%s', async (command, address) => {
    const { structs } = await transcriptOf(`crash> ${command}\nstruct seq_operations {\n  start = 0x0\n}\n`)
    expect(structs[0].address).toBe(address)
  })

  test('of the addresses that list printed', async () => {
    const { structs } = await transcriptOf('crash> list -s TestModSession -H ffff8e89830be000\nffff8e89830be300\nstruct TestModSession {\n  counter = 1\n}\nffff8e89830be360\nstruct TestModSession {\n  counter = 2\n}\n')
    expect(structs.map(({ address }) => address)).toEqual([0xffff8e89830be300n, 0xffff8e89830be360n])
  })

  test('declarations, with their size and with offsets', async () => {
    const { layouts } = await transcriptOf(`crash> struct TestModSession
struct TestModSession {
    struct list_head link;
    struct {
        int inner;
    } s;
    char name[24];
}
SIZE: 96
crash> struct -o seq_operations
struct seq_operations {
   [0] void *(*start)(struct seq_file *, loff_t *);
   [8] void (*stop)(struct seq_file *, void *);
}
SIZE: 0x20
crash> struct -o seq_operations ffff80003a5b0000
struct seq_operations {
  [ffff80003a5b0000] void *(*start)(struct seq_file *, loff_t *);
  [ffff80003a5b0008] void (*stop)(struct seq_file *, void *);
}
`)
    expect(layouts.map(({ type, bytes, members }) => [type, bytes, members.map(({ offset }) => offset)])).toEqual([
      ['TestModSession', 96, [null, null, null]], ['seq_operations', 32, [0, 8]], ['seq_operations', null, [0, 8]]
    ])
    expect(layouts[0].members.map(({ declaration }) => declaration)).toEqual(['struct list_head link;', '} s;', 'char name[24];'])
  })

  test('a struct that the next prompt, the next output or the end cuts', async () => {
    for (const tail of ['crash> sys\n', 'ffffffff8133a0b0 (T) single_start\n', '']) {
      const { structs, symbols } = await transcriptOf(`struct seq_operations {\n  start = 0xffffffff8133a0b0, \n${tail}`)
      expect(structs[0].members).toEqual([{ name: 'start', value: '0xffffffff8133a0b0' }])
      expect(symbols).toHaveLength(tail.includes('(T)') ? 1 : 0)
    }
  })
})

describe('modules, the machine and its log', () => {
  test('modules with a base and, of older crash, without', async () => {
    const { modules } = await transcriptOf(`     MODULE       NAME                         BASE         SIZE  OBJECT FILE
ffffffffc0440040  testmod                ffffffffc043e000  16384  /root/module/testmod.ko 
ffffffffc0448340  virtio_blk             ffffffffc0443000  28672  (not loaded)  [CONFIG_KALLSYMS]
     MODULE       NAME                    SIZE  OBJECT FILE
ffffffffa0440040  old                    16384  (not loaded)
     MODULE       NAME                    TEXT_BASE         SIZE  OBJECT FILE
ffffffffb0440040  new                    ffffffffb043e000   16384  (not loaded)
`)
    expect(modules.map(({ place: _, address, base, ...rest }) => ({ ...rest, address: address.toString(16), base: base?.toString(16) ?? null }))).toEqual([
      { name: 'testmod', address: 'ffffffffc0440040', base: 'ffffffffc043e000', bytes: 16384, objectFile: '/root/module/testmod.ko' },
      { name: 'virtio_blk', address: 'ffffffffc0448340', base: 'ffffffffc0443000', bytes: 28672, objectFile: null },
      { name: 'old', address: 'ffffffffa0440040', base: null, bytes: 16384, objectFile: null },
      { name: 'new', address: 'ffffffffb0440040', base: 'ffffffffb043e000', bytes: 16384, objectFile: null }
    ])
  })

  test("the log's release, where sys is not there", async () => {
    const { log, sessions } = await transcriptOf('crash> log\n[    0.000000] Linux version 6.1.192 (root@vm)\n[    1.000000] ffff888104890000:  0000000000000001 0000000000000002 \n')
    expect(log).toHaveLength(2)
    expect(sessions[0].rows.get('RELEASE')).toBe('6.1.192')
  })

  test('a log printed with dates', async () => {
    const { log } = await transcriptOf('crash> log -T\n[Thu Jan  1 00:00:00 UTC 1970] Booting\n')
    expect(log).toEqual(['[Thu Jan  1 00:00:00 UTC 1970] Booting'])
  })
})

describe('bad input', () => {
  test.each([
    ['empty', '', 'session-1.txt: empty: expected the output of a crash session'],
    ['blank lines', '\n\n\n', "session-1.txt:1: nothing in it is crash's output: found blank lines, expected kmem -s, kmem -S, rd, sym or struct as crash prints them"],
    ['another text', 'root:x:0:0:root:/root:/bin/bash\n', "session-1.txt:1: nothing in it is crash's output: found root:x:0:0:root:/root:/bin/bash, expected kmem -s, kmem -S, rd, sym or struct as crash prints them"],
    ['a kernel log alone', '[    0.000000] Booting\n', "session-1.txt:1: nothing in it is crash's output: found [    0.000000] Booting, expected kmem -s, kmem -S, rd, sym or struct as crash prints them"]
  ])('%s', async (_, text, message) => {
    await expect(transcriptOf(text)).rejects.toThrow(message)
  })

  test('binary data', async () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919 ^ i >> 3) & 0xff)
    await expect(transcriptOf(bytes)).rejects.toThrow("nothing in it is crash's output")
  })

  test('stops when asked to', async () => {
    const abort = new AbortController()
    const reading = transcriptOf(rd(base, new Uint8Array(4096)), { piece: 100, signal: abort.signal, onProgress: () => abort.abort() })
    await expect(reading).rejects.toThrow('abort')
  })
})
