import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDump, type OpenDumpOptions } from '../../lib/dump/openDump.js'
import { Warnings } from '../../lib/warnings.js'
import { kmemS, rd, slabBlock, wordBytes } from '../builders/crashSession.js'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slablab-dump-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string | Uint8Array): string {
  const target = path.join(folder, name)
  writeFileSync(target, content)
  return target
}

async function warned(files: string | readonly string[], options: OpenDumpOptions = {}): Promise<string[]> {
  const warnings = new Warnings()
  const dump = await openDump(files, { ...options, warnings })
  await dump.objects()
  return warnings.list().map(({ message }) => message.replaceAll(`${folder}/`, ''))
}

const session = `crash> kmem -S kmalloc-32
${kmemS([{ name: 'kmalloc-32', objectBytes: 32, allocated: 1, total: 2 }])}${slabBlock('ffff8881048d0000', ['ffff8881048d0000', { address: 'ffff8881048d0020', state: 'free' }])}crash> rd ffff8881048d0000 4
${rd(0xffff8881048d0000n, wordBytes(0xffffffff8133a0b0n, 0xffffffff8133a0e0n, 2n, 3n))}crash> sym ffffffff8133a0b0
ffffffff8133a0b0 (T) single_start /build/fs/seq_file.c: 558
`
const map = 'ffffffff81000000 T _text\nffffffff8123a0b0 T single_start\nffffffff8123a0e0 t single_stop\nffffffff8123a100 t other\n'

describe('a session', () => {
  test('is a dump with tables', async () => {
    const dump = await openDump(file('session.txt', session))
    expect(dump.caches().objects()).toEqual([{
      cache: 'kmalloc-32', address: '0xffff888100042600', objectBytes: 32, slotBytes: 32, allocated: 1, total: 2, slabs: 1, slabBytes: 4096, bytes: 4096, aliases: []
    }])
    expect((await dump.objects()).objects()).toEqual([
      { address: '0xffff8881048d0000', cache: 'kmalloc-32', slab: '0xffff8881048d0000', state: 'allocated', queued: false, rank: 0 },
      { address: '0xffff8881048d0020', cache: 'kmalloc-32', slab: '0xffff8881048d0000', state: 'free', queued: false, rank: 1 }
    ])
    expect((await dump.objects('kmalloc-32')).numRows()).toBe(2)
    expect((await dump.objects(['kmalloc-32'])).numRows()).toBe(2)
    await expect(dump.objects('x')).rejects.toThrow('no cache named x in session.txt: it shows kmalloc-32')
    expect(dump.symbol('single_start').objects()).toEqual([
      { name: 'single_start', address: '0xffffffff8133a0b0', offset: 0, module: null, type: 'T', file: '/build/fs/seq_file.c', line: 558 }
    ])
    expect(dump.symbol(0xffffffff8133a0b1n).numRows()).toBe(0)
    expect(dump.system).toMatchObject({ kind: 'transcript', name: 'session.txt', incomplete: [] })
  })

  test('packed, in several files, in a folder, in a pipe', async () => {
    const [list, rest] = [session.slice(0, session.indexOf('crash> rd')), session.slice(session.indexOf('crash> rd'))]
    expect((await openDump(file('packed.txt.gz', gzipSync(session)))).caches().numRows()).toBe(1)
    const both = await openDump([file('list.txt', list), file('read.txt', rest)])
    expect(both.system.memory.tryRead(0xffff8881048d0000n, 32)).toEqual(wordBytes(0xffffffff8133a0b0n, 0xffffffff8133a0e0n, 2n, 3n))
    expect(both.system.files).toHaveLength(2)
    const inside = path.join(folder, 'inside')
    execFileSync('mkdir', [inside])
    writeFileSync(path.join(inside, 'a.txt'), session)
    writeFileSync(path.join(inside, 'notes.txt'), 'nothing of use\n')
    expect(await warned(inside)).toEqual(['inside: not used: notes.txt'])
  })

  test('takes names from a System.map beside it or by option', async () => {
    const files = [file('session.txt', session), file('System.map', map)]
    const dump = await openDump(files)
    expect(dump.symbol('0xffffffff8133a0e4').objects()).toMatchObject([{ name: 'single_stop', offset: 4 }])
    const option = await openDump(files[0], { symbols: file('System.map.gz', gzipSync(map)) })
    expect(option.symbol('0xffffffff8133a0e4').objects()).toMatchObject([{ name: 'single_stop', offset: 4 }])
    const none = session.slice(0, session.indexOf('crash> sym'))
    expect((await openDump(file('none.txt', none), { symbols: files[1], kaslrOffset: 0x100000n })).symbol('single_stop').get('address', 0)).toBe('0xffffffff8133a0e0')
    expect(await warned(file('none.txt', none), { symbols: files[1] })).toContain(
      'System.map: 4 symbols are not used, for no address of theirs is known (KASLR): sym of any function would tell, or --kaslr-offset (0 without KASLR)')
  })

  test('says what it does not use of symbol files', async () => {
    const zero = '0000000000000000 T _text\n'
    expect(await warned(file('session.txt', session), { symbols: file('kallsyms', zero) })).toContain(
      'not used: kallsyms:1: all addresses are zero: found what kallsyms shows to those who may not see addresses (kptr_restrict), expected a copy made by root')
  })

  test("finds KASLR's offset in the log", async () => {
    const log = 'crash> log\n[   12.000000] Kernel Offset: 0x21000000 from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)\n'
    const dump = await openDump([file('log.txt', log), file('System.map', map)])
    expect(dump.symbol('single_stop').get('address', 0)).toBe('0xffffffffa223a0e0')
    const none = await openDump([file('log.txt', 'crash> log\n[   12.000000] Kernel Offset: disabled\n'), file('System.map', map)])
    expect(none.symbol('single_stop').get('address', 0)).toBe('0xffffffff8123a0e0')
  })

  test('is compared with slabinfo beside it: both counts are kept', async () => {
    const slabinfo = `slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>
kmalloc-32        9  2    32   128    1 : tunables  120   60    8 : slabdata    1    1      0
`
    expect(await warned([file('session.txt', session), file('slabinfo', slabinfo)])).toEqual(['kmalloc-32 allocated: 1 (session.txt), 9 (slabinfo:1)'])
  })

  test('that breaks off, being packed, is read up to there', async () => {
    const long = session + rd(0xffff888200000000n, new Uint8Array(1 << 18).map((_, i) => (i * 7919 >> 5) & 0xff))
    const packed = gzipSync(long)
    const dump = await openDump(file('damaged.gz', packed.subarray(0, packed.length >> 1)))
    expect(dump.caches().numRows()).toBe(1)
    expect(dump.system.incomplete).toHaveLength(1)
    expect(dump.system.incomplete![0]).toMatch(/damaged\.gz:\d+: read up to here: .*damaged gzip stream/)
  })
})

describe('what cannot be opened', () => {
  const wrong: (readonly [string, string | Uint8Array, string])[] = [
    ['empty', '', 'empty: empty file; it was probably never written: look for another copy, and at the disk space where it was made: expected a vmcore or a crash session'],
    ['text', 'root:x:0:0\n', 'text:1: text that slablab does not know: found root:x:0:0, expected a vmcore or a crash session'],
    ['noise', Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919 ^ i >> 3) & 0xff), 'noise: binary data that slablab does not know: expected a vmcore or a crash session'],
    ['slabinfo', 'slabinfo - version: 2.1\n', 'slabinfo: /proc/slabinfo; growth and compare read it: expected a vmcore or a crash session'],
    ['map', map, 'map: list of symbols: System.map, /proc/kallsyms or the output of nm; give it beside a crash session: expected a vmcore or a crash session'],
    ['cmds', 'kmem -S kmalloc-32\nquit\n', 'cmds: input for crash; give it to crash with -i, and its output to slablab: expected a vmcore or a crash session'],
    ['kernel.log', '[    0.000000] Booting\n', "kernel.log:1: nothing in it is crash's output: found [    0.000000] Booting"],
    ['book.ipynb', '{\n "cells": [],\n "nbformat": 4\n}\n', 'book.ipynb: Jupyter notebook; slablab run FILE executes it: expected a vmcore or a crash session']
  ]
  test.each(wrong)('%s', async (name, content, message) => {
    await expect(openDump(file(name, content))).rejects.toThrow(`${folder}/${message}`)
  })

  test('nothing there, and an empty folder', async () => {
    await expect(openDump(path.join(folder, 'absent'))).rejects.toThrow(`${folder}/absent: no such file`)
    execFileSync('mkdir', [path.join(folder, 'hollow')])
    await expect(openDump(path.join(folder, 'hollow'))).rejects.toThrow('an empty folder: expected a vmcore or a crash session')
  })

  test('a damaged gzip file', async () => {
    await expect(openDump(file('torn.gz', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff)))).rejects.toThrow('damaged gzip stream')
  })

  test('stops when asked to', async () => {
    const abort = new AbortController()
    abort.abort()
    await expect(openDump(file('session.txt', session), { signal: abort.signal })).rejects.toThrow('abort')
  })
})
