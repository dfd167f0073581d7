import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BtfKind } from '../../lib/source/btf.js'
import { openKernel } from '../../lib/system/openKernel.js'
import type { BtfTypes } from '../../lib/type/btfTypes.js'
import { declaration } from '../../lib/type/declaration.js'
import { layout } from '../../lib/type/layout.js'
import { tagWord } from '../../lib/type/declarator.js'
import { describeEvidence, evidence } from '../evidence.js'
import { declarationsIn, plainC } from './plainC.js'
import { rawDump } from './rawDump.js'
import { realDumps, realTypes } from './realTypes.js'

const crashDeclarations = path.join(import.meta.dirname, 'crash', 'declarations.txt.gz')
const hasBpftool = spawnSync('bpftool', ['version']).status === 0
const hasPahole = spawnSync('pahole', ['--version']).status === 0

describeEvidence.each(realDumps)('types of $name', ({ name, types: count, rawDump: digest }) => {
  let types: BtfTypes
  let folder: string
  let file: string
  beforeAll(async () => {
    types = await realTypes(name)
    const { kernel } = await openKernel(evidence(name, 'vmcore'))
    const start = kernel.symbol('__start_BTF')!
    const bytes = kernel.memory.tryRead(start, Number(kernel.symbol('__stop_BTF')! - start)) as Uint8Array
    folder = mkdtempSync(path.join(tmpdir(), 'slablab-btf-'))
    file = path.join(folder, 'vmlinux.btf')
    writeFileSync(file, bytes)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('every field of every type is as bpftool prints it', () => {
    expect(types.graph.kernelEndId - 1).toBe(count)
    const hash = createHash('sha256')
    for (const line of rawDump(types.graph, 1, types.graph.kernelEndId)) hash.update(`${line}\n`)
    expect(hash.digest('hex')).toBe(digest)
  })

  test('layouts list each member once, where the raw members say', () => {
    const { graph } = types
    let members = 0
    for (const id of graph.ofKind(BtfKind.STRUCT).subarray(0, 3000)) {
      const list = [...layout(graph, id)]
      members += list.length
      const outer = list.filter(({ depth }) => depth === 0)
      for (const { offset, bytes, bits } of outer) if (bits === null) expect(offset + (bytes ?? 0)).toBeLessThanOrEqual(graph.sizeOrType(id))
      for (const member of outer) {
        if (!/^\w+$/.test(member.path)) continue
        const struct = graph.name(id)
        if (struct === '' || types.find(`struct ${struct}`) !== id) continue
        const { offset, bytes, bitOffset, bits, type } = member
        expect(types.member(`struct ${struct}`, member.path)).toEqual({ offset, bytes, bitOffset, bits, type })
      }
    }
    expect(members).toBeGreaterThan(30_000)
  })

  test.runIf(hasBpftool)('declarations are as bpftool writes them in C', () => {
    const theirs = declarationsIn(execFileSync('bpftool', ['btf', 'dump', 'file', file, 'format', 'c'], { encoding: 'utf8', maxBuffer: 1 << 26 }))
    const { same, different } = compareDeclarations(types, theirs)
    expect(different).toEqual([])
    expect(same).toBeGreaterThan(count / 20)
  })

  test.runIf(hasPahole)('declarations are as pahole writes them, but for what pahole 1.24 gets wrong', () => {
    const theirs = declarationsIn(execFileSync('pahole', ['-F', 'btf', file], { encoding: 'utf8', maxBuffer: 1 << 26 }))
    const { same, different } = compareDeclarations(types, theirs)
    expect(different.filter(({ name, ours, theirs }) => types.findAll(name).length === 1 && !paholeMistakes(ours, theirs))).toEqual([])
    expect(different.length).toBeLessThan(40)
    expect(same).toBeGreaterThan(count / 20)
  })
})

interface Difference { name: string; ours: string; theirs: string[] }

function compareDeclarations(types: BtfTypes, theirs: Map<string, string[]>): { same: number; different: Difference[] } {
  const { graph } = types
  let same = 0
  const different: Difference[] = []
  for (const kind of [BtfKind.STRUCT, BtfKind.UNION]) {
    for (const id of graph.ofKind(kind)) {
      if (id >= graph.kernelEndId || graph.nameOffset(id) === 0) continue
      const name = `${tagWord[kind]} ${graph.name(id)}`
      const found = theirs.get(name)
      // Empty structs are written on one line, which declarationsIn leaves out.
      if (found === undefined) continue
      const ours = plainC(declaration(graph, id, { expand: true }).split('\n').slice(1, -2).join('\n'))
      if (found.includes(ours)) same++
      else different.push({ name, ours, theirs: found })
    }
  }
  return { same, different }
}

/**
 * What pahole 1.24 writes otherwise than the BTF says: qualifiers of an array or pointer at the wrong place (`const const`), pointers to arrays
 * without their parentheses, padding bits before a bit field that starts a word, `unsigned unsigned`. Of two structs of one name it prints one.
 */
function paholeMistakes(ours: string, theirs: readonly string[]): boolean {
  const plain = (text: string): string => text
    .replace(/\bconst\b ?/g, '').replace(/\b(unsigned )+/g, 'unsigned ').replace(/(^|[;{])(?:unsigned )?\w+:\d+;/g, '$1').replace(/\(\*(\w+)\)\[\d*\]/g, '*$1')
    .replace(/\s/g, '')
  return theirs.some((text) => plain(text) === plain(ours))
}

describeEvidence('declarations as crash 8.0.2 prints them', () => {
  test('are the same text, but for what BTF does not keep', async () => {
    const types = await realTypes('x86_64-slub')
    const text = gunzipSync(readFileSync(crashDeclarations)).toString('latin1')
    let same = 0
    const reasons = { 'arrays of several dimensions are flat in BTF': 0, 'an array of no elements may have had [0]': 0 }
    for (const [theirs, name] of text.matchAll(/^((?:struct|union) \w+) \{\n.*?^\}\nSIZE: \d+$/gms)) {
      const all = types.findAll(name).map((id) => declaration(types.graph, id))
      if (all.includes(theirs)) same++
      else if (all.map(flat).includes(flat(theirs))) reasons['arrays of several dimensions are flat in BTF']++
      else if (all.map(flat).includes(flat(theirs).replaceAll('[0]', '[]'))) reasons['an array of no elements may have had [0]']++
      else expect(all[0]).toBe(theirs)
    }
    expect(same).toBeGreaterThan(1450)
    expect(Object.values(reasons).reduce((sum, count) => sum + count)).toBeLessThan(20)
  })
})

/** `nr_pages[4][2][5]` as `nr_pages[40]`. */
function flat(text: string): string {
  return text.replace(/(?:\[\d+\]){2,}/g, (all) => `[${[...all.matchAll(/\d+/g)].reduce((product, [digits]) => product * Number(digits), 1)}]`)
}

describe('plain C', () => {
  test('takes out what does not matter and nothing else', () => {
    expect(plainC('long unsigned int   x; /* 0 8 */\n\tconst char  *  name[0] __attribute__((aligned(8)));')).toBe('unsigned long x;const char*name[];')
    expect(plainC('enum { A = 0, B = 1, C = 5, D = 6, } e;')).toBe('enum{A,B,C=5,D}e;')
    expect(plainC('int a:3;')).not.toBe(plainC('int a:4;'))
  })
})
