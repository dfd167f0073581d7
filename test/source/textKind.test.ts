import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { KIND_BYTES } from '../../lib/source/fileKind.js'
import { textKind } from '../../lib/source/textKind.js'
import { kmemS } from '../builders/crashSession.js'
import { describeEvidence, evidence } from '../evidence.js'

test.each([
  ['crash> kmem -s\n', 'crash-session'], [kmemS([{ name: 'x' }]), 'crash-session'], ['ffff888104890000:  0000000000000001 \n', 'crash-session'],
  ['slabinfo - version: 2.1\n', 'slabinfo'], ['# name            <active_objs> <num_objs> <objsize>\n', 'slabinfo'],
  ['some report\n\nslabinfo - version: 1.1 (SMP)\n', 'slabinfo'], ['  OBJS ACTIVE  USE OBJ SIZE  SLABS OBJ/SLAB CACHE SIZE NAME\n', 'slabtop'],
  ['[  1.000000] Unreclaimable slab info:\n', 'oom-report'], ['MemTotal:         182000 kB\n', 'meminfo'],
  ['              total        used        free      shared  buff/cache   available\n', 'free'],
  ['unreferenced object 0xffff888104890000 (size 32):\n', 'kmemleak'], ['allocinfo - version: 1.0\n', 'allocinfo'],
  ['[    0.000000] Linux version 6.1\n', 'kernel-log'], ['OSRELEASE=6.1.192\n', 'vmcoreinfo'], ['kmem -S kmalloc-128 > out\n', 'crash-commands'],
  ['ffffffff81000000 T _text\n', 'symbol-list'], ['ffffffff81000000 T _text\nffffffffc0000000 t f\t[m]\n', 'kallsyms'],
  ['0000000000000000 T _text\n', 'kallsyms'], ['{\n "cells": [],\n "metadata": {}\n}', 'notebook'],
  ['hello\n', undefined], ['', undefined]
])('%j is %s', (text, kind) => {
  expect(textKind(Buffer.from(text))?.kind).toBe(kind)
})

test('in UTF-16 as well', () => {
  expect(textKind(Buffer.from('\ufeffcrash> kmem -s\r\n', 'utf16le'))?.kind).toBe('crash-session')
})

test('hidden addresses are said', () => {
  expect(textKind(Buffer.from('0000000000000000 T _text\n0000000000000000 t f\t[m]\n'))).toEqual({
    kind: 'kallsyms', text: 'symbols whose addresses are all zero', readable: false, hint: 'kptr_restrict hides them: copy /proc/kallsyms as root'
  })
  expect(textKind(Buffer.from('(____ptrval____) T _text\n'))).toMatchObject({ readable: false, text: 'symbols whose addresses are hashed' })
})

describeEvidence('real files', () => {
  const kindOf = (...parts: string[]): string | undefined => {
    const bytes = readFileSync(evidence(...parts))
    return textKind((parts.at(-1)!.endsWith('.gz') ? gunzipSync(bytes) : bytes).subarray(0, KIND_BYTES))?.kind
  }

  describe.each(['arm64-slab', 'x86_64-slub', 'x86_64-slub-debug'])('%s', (folder) => {
    test('sessions', () => {
      for (const name of ['kmem-s.txt', 'kmem-S-seq_file.txt.gz', 'rd200.txt', 'sys.txt', 'mod.txt', 'bt.txt', 'ps.txt', 'kmem-i.txt']) {
        expect(kindOf(folder, 'crash', name), name).toBe('crash-session')
      }
    })

    test('the rest', () => {
      expect(['slabinfo', 'slabinfo-series.txt.gz', 'meminfo', 'dmesg.txt', 'kallsyms.gz', 'vmcoreinfo.txt'].map((name) => kindOf(folder, name)))
        .toEqual(['slabinfo', 'slabinfo', 'meminfo', 'kernel-log', 'symbol-list', 'vmcoreinfo'])
    })
  })
})
