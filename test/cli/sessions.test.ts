import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../kernel/cli/run.js'
import { kmemS, rd, slabBlock, wordBytes } from '../builders/crashSession.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'
import { describeEvidence, evidence } from '../evidence.js'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slablab-sessions-'))
  file('session.txt', session)
  file('caches.txt', kmemS([{ name: 'kmalloc-32' }]))
  file('words.txt', rd(0xffff8881048d0000n, wordBytes(1n, 2n)))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string | Uint8Array): string {
  const target = path.join(folder, name)
  writeFileSync(target, content)
  return target
}

const slots = Array.from({ length: 10 }, (_, i) => (0xffff8881048d0000n + BigInt(i * 32)).toString(16))
const session = `crash> kmem -S kmalloc-32
${kmemS([{ name: 'kmalloc-32', objectBytes: 32, allocated: 9, total: 10 }])}${slabBlock('ffff8881048d0000', [...slots.slice(0, 9), { address: slots[9], state: 'free' }])}crash> sym ffffffff8133a0b0
ffffffff8133a0b0 (T) single_start /build/fs/seq_file.c: 558
`

/** Runs a command in the folder of the files above; paths in what it says are relative to that. */
async function slablab(...args: string[]): Promise<{ code: number; text: string; errors: string }> {
  const terminal = fakeTerminal()
  const code = await run(args.map((arg) => (existsSync(path.join(folder, arg)) ? path.join(folder, arg) : arg)), terminal)
  const near = (text: string): string => text.replaceAll(`${folder}/`, '')
  return { code, text: near(terminal.text), errors: near(terminal.errors) }
}

describe('caches and objects', () => {
  test('as JSON and CSV', async () => {
    const caches = await slablab('caches', 'session.txt', '--format', 'json')
    expect(caches).toMatchObject({ code: 0, errors: '' })
    expect(JSON.parse(caches.text)).toEqual([{
      cache: 'kmalloc-32', address: '0xffff888100042600', objectBytes: 32, slotBytes: 32, allocated: 9, total: 10, slabs: 1, slabBytes: 4096, bytes: 4096, aliases: []
    }])
    const objects = await slablab('objects', 'session.txt', '--cache', 'kmalloc-32', '--format', 'csv')
    expect(objects.text.split('\n').slice(0, 2)).toEqual(['address,cache,slab,state,queued', '0xffff8881048d0000,kmalloc-32,0xffff8881048d0000,allocated,false'])
  })

  test('say what is missing where there are none, and fail', async () => {
    expect(await slablab('objects', 'caches.txt', '--format', 'json')).toEqual({
      code: 1, text: '[]\n', errors: 'slablab: caches.txt lists no objects: kmem -S CACHE would\n'
    })
    expect(await slablab('caches', 'words.txt', '--format', 'json')).toEqual({ code: 1, text: '[]\n', errors: 'slablab: words.txt shows no caches: kmem -s would\n' })
    expect(await slablab('objects', 'session.txt', '--cache', 'dentry')).toMatchObject({ code: 2, errors: 'slablab: no cache named dentry in session.txt: it shows kmalloc-32\n' })
  })

  test('show what could be read of a damaged file, and fail', async () => {
    const long = session + rd(0xffff888200000000n, new Uint8Array(1 << 18).map((_, i) => (i * 7919 >> 5) & 0xff))
    const packed = gzipSync(long)
    file('damaged.gz', packed.subarray(0, packed.length >> 1))
    const { code, text, errors } = await slablab('caches', 'damaged.gz', '--format', 'json')
    expect(code).toBe(1)
    expect(JSON.parse(text)).toHaveLength(1)
    expect(errors).toMatch(/slablab: partial result: damaged\.gz:\d+: read up to here: damaged\.gz: damaged gzip stream/)
  })

  test('fail with one message where nothing can be read', async () => {
    file('passwd', 'root:x:0:0\n')
    expect(await slablab('caches', 'passwd')).toEqual({
      code: 1, text: '', errors: 'slablab: passwd:1: text that slablab does not know: found root:x:0:0, expected a vmcore or a crash session\n'
    })
    expect(await slablab('caches', 'no-such-file')).toEqual({ code: 1, text: '', errors: 'slablab: no-such-file: no such file\n' })
    expect(await slablab('caches')).toMatchObject({ code: 2 })
  })
})

describe('symbol', () => {
  test('by name and address, with the files that tell more', async () => {
    file('System.map', 'ffffffff8133a0b0 T single_start\nffffffff8133a0e0 t single_stop\n')
    expect(JSON.parse((await slablab('symbol', 'session.txt', 'single_start', '--format', 'json')).text)).toEqual([
      { name: 'single_start', address: '0xffffffff8133a0b0', offset: 0, module: null, type: 'T', file: '/build/fs/seq_file.c', line: 558 }
    ])
    expect(JSON.parse((await slablab('symbol', 'session.txt', '0xffffffff8133a0e4', '--symbols', 'System.map', '--format', 'json')).text)).toMatchObject([
      { name: 'single_stop', offset: 4 }
    ])
    expect(await slablab('symbol', 'session.txt', 'ffffffff8133a0b4', '--format', 'json')).toEqual({
      code: 0, text: '[]\n',
      errors: 'slablab: no symbol holds ffffffff8133a0b4; the nearest before it is single_start, at 0xffffffff8133a0b0, and where that ends is not known\n'
    })
    expect((await slablab('symbol', 'session.txt', 'single_stop')).errors).toBe('slablab: no symbol is named single_stop\n')
    expect(await slablab('symbol', 'session.txt', 'x', '--kaslr-offset', 'much')).toMatchObject({
      code: 2, errors: 'slablab: expected --kaslr-offset to be hexadecimal, such as 0x21000000, got much\n'
    })
  })
})

describe('crash-script', () => {
  const preface = 'set scroll off\nsys\nmod\nkmem -s kmalloc-32\n'

  test('reads every listed object, over its slot', async () => {
    const { code, text } = await slablab('crash-script', 'session.txt', '--cache', 'kmalloc-32')
    expect(code).toBe(0)
    expect(text).toBe(preface + slots.map((address) => `rd ${address} 4\n`).join(''))
  })

  test('reads a sample, evenly chosen, or those in one state', async () => {
    const reads = async (...args: string[]): Promise<string[]> =>
      [...(await slablab('crash-script', 'session.txt', '--cache', 'kmalloc-32', ...args)).text.matchAll(/^rd (\S+)/gm)].map(([, address]) => address)
    expect(await reads('--sample', '2')).toEqual([slots[2], slots[7]])
    expect(await reads('--sample', '5')).toEqual([slots[1], slots[3], slots[5], slots[7], slots[9]])
    expect(await reads('--sample', '1000')).toEqual(slots)
    expect(await reads('--state', 'free')).toEqual([slots[9]])
  })

  test('writes a file that the next session is made with', async () => {
    const target = path.join(folder, 'read.cmds')
    const { code, text, errors } = await slablab('crash-script', 'session.txt', '--cache', 'kmalloc-32', '--output', target)
    expect({ code, text, errors }).toEqual({ code: 0, text: '', errors: 'slablab: read.cmds reads 10 objects: crash -i read.cmds VMLINUX VMCORE > session.txt\n' })
    expect(readFileSync(target, 'utf8').startsWith(preface)).toBe(true)
    // What crash answers is read together with the first session.
    const answer = preface.split('\n').slice(0, 4).map((line) => `crash> ${line}\n`).join('') +
      slots.map((address, i) => `crash> rd ${address} 4\n${rd(BigInt(`0x${address}`), wordBytes(BigInt(i), 1n, 2n, 3n))}`).join('')
    file('answer.txt', answer)
    const read = await slablab('read', 'session.txt', 'answer.txt', slots[7], '--words', '1', '--format', 'json')
    expect(JSON.parse(read.text)).toMatchObject([{ value: '0x0000000000000007' }])
  })

  test.each([
    [['--cache', 'dentry'], 2, 'no cache named dentry in session.txt: it shows kmalloc-32'],
    [[], 2, 'expected --cache NAME'],
    [['--cache', 'kmalloc-32', '--sample', '0'], 2, 'expected --sample to be a count of 1 or more, got 0'],
    [['--cache', 'kmalloc-32', '--state', 'lost'], 2, 'expected --state to be one of allocated, free, cached, pending, unknown, got lost'],
    [['--cache', 'kmalloc-32', '--state', 'pending'], 1, 'session.txt lists no objects of kmalloc-32 that are pending: kmem -S kmalloc-32 would'],
    [['--cache', 'kmalloc-32', '--format', 'csv'], 2, 'a crash input file has no --format']
  ])('%j', async (args, code, message) => {
    expect(await slablab('crash-script', 'session.txt', ...args)).toEqual({ code, text: '', errors: `slablab: ${message}\n` })
  })
})

describe('file', () => {
  test('what each is', async () => {
    file('packed.gz', gzipSync(session))
    file('hollow', '')
    const { code, text } = await slablab('file', 'session.txt', 'packed.gz', 'hollow', '--format', 'json')
    expect(code).toBe(0)
    expect(JSON.parse(text)).toEqual([
      { file: 'session.txt', kind: 'crash-session', detail: 'output of crash', readable: true, hint: null },
      { file: 'packed.gz', kind: 'crash-session', detail: 'output of crash, in a gzip file', readable: true, hint: null },
      { file: 'hollow', kind: 'empty', detail: 'empty file', readable: false, hint: expect.stringContaining('never written') as string }
    ])
    expect(await slablab('file')).toMatchObject({ code: 2 })
    expect(await slablab('file', 'no-such-file')).toMatchObject({ code: 1, errors: 'slablab: no-such-file: no such file\n' })
  })
})

describeEvidence('the reference case', () => {
  test('a sample of its objects', async () => {
    const { text } = await slablab('crash-script', evidence('seq-operations', 'session.crash.txt'), '--cache', 'kmalloc-128', '--sample', '4')
    expect(text).toBe('set scroll off\nsys\nmod\nkmem -s kmalloc-128\nrd ffff80003a5b0400 16\nrd ffff80003a5b0c00 16\nrd ffff80003ac5c400 16\nrd ffff80003ac5cc00 16\n')
  })
})
