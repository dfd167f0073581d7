import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bytesOf } from '../../lib/source/bytes.js'
import { readBtfFile } from '../../lib/source/btfFile.js'
import { elfBuildId, elfSection } from '../../lib/source/elfSection.js'
import { openBtf } from '../../lib/type/btfTypes.js'
import { Warnings } from '../../lib/warnings.js'
import { sampleTypes } from '../builders/btf.js'
import { elfWithSymbols } from '../builders/elfSymbols.js'

const btf = sampleTypes().btf.bytes()
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** Notes as they lie in `.notes`: one of Xen with the same type number, then the build id. */
function notes(buildId: string): string {
  const note = (owner: string, type: number, content: Buffer): Buffer => {
    const head = Buffer.alloc(12)
    head.writeUInt32LE(owner.length + 1, 0)
    head.writeUInt32LE(content.length, 4)
    head.writeUInt32LE(type, 8)
    return Buffer.concat([head, Buffer.from(`${owner}\0`.padEnd(Math.ceil((owner.length + 1) / 4) * 4, '\0')), content])
  }
  return latin1(Buffer.concat([note('Xen', 3, Buffer.alloc(8, 0xff)), note('GNU', 3, Buffer.from(buildId, 'hex'))]))
}

const buildId = 'bb603a9147d3efe4744bf83c83eee397c591cc20'

function elf(sections: Readonly<Record<string, string>>, symbols = false): Uint8Array {
  const list = Object.entries(sections).map(([name, content]) => ({ name, content }))
  return elfWithSymbols({ sections: [...list, ...(symbols ? [{ name: '.nothing', type: 8 }] : [])], symbols: [] })
}

let folder = ''
const environment = { ...process.env }
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slablab-btf-file-'))
  process.env.XDG_CACHE_HOME = path.join(folder, 'cache')
})
afterEach(() => {
  process.env.PATH = environment.PATH
  if (environment.XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME
  else process.env.XDG_CACHE_HOME = environment.XDG_CACHE_HOME
  rmSync(folder, { recursive: true })
})

function file(name: string, content: Uint8Array | string): string {
  const target = path.join(folder, name)
  writeFileSync(target, content)
  return target
}

/** A pahole that copies what the test wants it to make, and counts how often it was called. */
function fakePahole(script: string): void {
  mkdirSync(path.join(folder, 'bin'))
  const target = path.join(folder, 'bin', 'pahole')
  writeFileSync(target, `#!/bin/sh\necho called >> ${folder}/calls\n${script}\n`)
  chmodSync(target, 0o755)
  process.env.PATH = `${path.join(folder, 'bin')}:/usr/bin:/bin`
}

const calls = (): number => readFileSync(path.join(folder, 'calls'), 'utf8').split('\n').length - 1
const said = (warnings: Warnings): string[] => warnings.list().map(({ message }) => message.replaceAll(folder, ''))

describe('types from a file', () => {
  test('plain BTF, packed or not', async () => {
    for (const name of [file('a.btf', btf), file('a.btf.gz', gzipSync(btf))]) {
      const read = await readBtfFile(name, new Warnings())
      expect(read).toMatchObject({ name, buildId: null })
      expect(openBtf(read.bytes).sizeOf('thing')).toBe(64)
    }
  })

  test('the section of a vmlinux, with the build id that its notes tell', async () => {
    const read = await readBtfFile(file('vmlinux', elf({ '.BTF': latin1(btf), '.notes': notes(buildId) })), new Warnings())
    expect(read.buildId).toBe(buildId)
    expect(openBtf(read.bytes).sizeOf('thing')).toBe(64)
  })

  test('what holds no types', async () => {
    await expect(readBtfFile(file('text', 'hello'.repeat(20)), new Warnings())).rejects.toThrow(/text: no types in it: expected BTF, or a vmlinux$/)
    await expect(readBtfFile(file('stripped', elf({ '.text': 'x' })), new Warnings())).rejects.toThrow(/stripped: no types in it: neither a \.BTF section nor DWARF$/)
    await expect(readBtfFile(path.join(folder, 'missing'), new Warnings())).rejects.toThrow('missing')
  })

  test('DWARF only: by pahole, once for each build id', async () => {
    fakePahole(`cp ${file('made.btf', btf)} "\${1#--btf_encode_detached=}"`)
    const vmlinux = file('vmlinux', elf({ '.debug_abbrev': 'x', '.note.gnu.build-id': notes(buildId) }))
    const warnings = new Warnings()
    expect(openBtf((await readBtfFile(vmlinux, warnings)).bytes).sizeOf('thing')).toBe(64)
    expect(said(warnings)).toEqual([`/vmlinux: types made from its DWARF by pahole once, kept in /cache/slablab/btf/${buildId}.btf`])
    expect((await readBtfFile(file('copy', readFileSync(vmlinux)), new Warnings())).bytes.length).toBe(btf.length)
    expect(calls()).toBe(1)
    expect(readdirSync(path.join(folder, 'cache/slablab/btf'))).toEqual([`${buildId}.btf`])
  })

  test('a file without a build id is known by its path, size and time', async () => {
    fakePahole(`cp ${file('made.btf', btf)} "\${1#--btf_encode_detached=}"`)
    const vmlinux = file('vmlinux', elf({ '.debug_abbrev': 'x' }))
    await readBtfFile(vmlinux, new Warnings())
    await readBtfFile(vmlinux, new Warnings())
    expect(calls()).toBe(1)
  })

  test('pahole is missing, fails, or makes nothing: said, and nothing kept', async () => {
    const vmlinux = file('vmlinux', elf({ '.debug_abbrev': 'x' }))
    process.env.PATH = path.join(folder, 'nowhere')
    await expect(readBtfFile(vmlinux, new Warnings())).rejects.toThrow(/vmlinux has no BTF, and pahole, which makes it from DWARF, is not installed$/)
    fakePahole('echo "no DWARF 9 here" >&2; exit 1')
    await expect(readBtfFile(vmlinux, new Warnings())).rejects.toThrow(/^pahole made no BTF from .*vmlinux: no DWARF 9 here$/)
    writeFileSync(path.join(folder, 'bin', 'pahole'), '#!/bin/sh\nexit 0\n')
    await expect(readBtfFile(vmlinux, new Warnings())).rejects.toThrow(/vmlinux: it ended with 0 and wrote 0 bytes$/)
    expect(readdirSync(path.join(folder, 'cache/slablab/btf'))).toEqual([])
  })

  test('pahole can be stopped', async () => {
    fakePahole('exec sleep 60')
    const vmlinux = file('vmlinux', elf({ '.debug_abbrev': 'x' }))
    const abort = new AbortController()
    const reading = readBtfFile(vmlinux, new Warnings(), abort.signal)
    setTimeout(() => abort.abort(), 50)
    await expect(reading).rejects.toThrow(/abort/i)
    expect(readdirSync(path.join(folder, 'cache/slablab/btf'))).toEqual([])
  })

  test('a packed vmlinux with DWARF only must be unpacked: pahole reads files', async () => {
    const packed = file('vmlinux.gz', gzipSync(elf({ '.debug_abbrev': 'x' })))
    await expect(readBtfFile(packed, new Warnings())).rejects.toThrow(/vmlinux\.gz: only DWARF in it, which pahole reads from the unpacked file: unpack the gzip first$/)
  })

  const tools = ['gcc', 'pahole'].every((tool) => spawnSync(tool, ['--version']).status === 0)
  test.runIf(tools)('the real pahole', async () => {
    const source = file('shape.c', 'struct shape { int a; struct shape *next; void (*call)(struct shape *, long); unsigned b : 3; }; struct shape it; int main(void) { return it.a; }\n')
    expect(spawnSync('gcc', ['-g', '-o', path.join(folder, 'shape'), source]).status).toBe(0)
    const types = openBtf((await readBtfFile(path.join(folder, 'shape'), new Warnings())).bytes)
    expect(types.sizeOf('shape')).toBe(32)
    expect(types.member('shape', 'call')).toMatchObject({ offset: 16, type: 'void (*)(struct shape *, long)' })
    expect(types.member('shape', 'b')).toMatchObject({ bitOffset: 192, bits: 3 })
  })
})

describe('sections of an ELF file', () => {
  test('by name; none without bytes, and none of another name', () => {
    const source = bytesOf('vmlinux', elf({ '.BTF': 'abc', '.BT': 'no' }, true))
    expect(latin1(elfSection(source, '.BTF')!)).toBe('abc')
    expect(elfSection(source, '.nothing')).toBeUndefined()
    expect(elfSection(source, '.BTF.base')).toBeUndefined()
    expect(elfBuildId(source)).toBeUndefined()
  })

  test('outside of the file', () => {
    const bytes = elf({ '.BTF': 'abc' })
    expect(() => elfSection(bytesOf('cut', bytes.subarray(0, bytes.length - 10)), '.BTF')).toThrow(/cut at offset 0x[0-9a-f]+: section headers lie behind the end of the file/)
    const view = new DataView(bytes.buffer)
    // The first section header is the null section's, the second one .BTF's; its offset is moved far behind the end.
    view.setBigUint64(Number(view.getBigUint64(40, true)) + 64 + 24, 1n << 40n, true)
    expect(() => elfSection(bytesOf('x', bytes), '.BTF')).toThrow('x at offset 0x10000000000: contents of .BTF lie behind the end of the file')
  })
})
