import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { run } from '../../kernel/cli/run.js'
import { textStream } from '../../lib/dump/textStream.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'

const folder = mkdtempSync(path.join(tmpdir(), 'slablab-truncated-'))
afterAll(() => rmSync(folder, { recursive: true }))
const whole = readFileSync('datasets/arm64-slab/vmcore')

function cutAt(bytes: number): string {
  const file = path.join(folder, `vmcore-${bytes}`)
  writeFileSync(file, whole.subarray(0, bytes))
  return file
}

async function slablab(...args: string[]): Promise<{ code: number, text: string, errors: string }> {
  const terminal = fakeTerminal()
  const code = await run(args, terminal)
  return { code, text: terminal.text, errors: terminal.errors }
}

describe('a dump that was cut off', () => {
  test('gives what is there, says that it is partial, and exits with 1', async () => {
    const file = cutAt(6_000_000)
    for (const command of [['symbol', file, 'single_start'], ['caches', file], ['suspects', file]]) {
      const { code, text, errors } = await slablab(...command, '--format', 'json')
      expect([code, (JSON.parse(text) as unknown[]).length > 0]).toEqual([1, true])
      expect(errors).toMatch(/partial (result|report): .*pages whose data lie behind the end of the file \(6000000 bytes\)/)
    }
  })

  test('within a .gz: what is there of it, said each time it is opened', async () => {
    const packed = gzipSync(whole, { level: 0 })
    const file = path.join(folder, 'vmcore.gz')
    writeFileSync(file, packed.subarray(0, 6_000_000))
    for (let time = 0; time < 2; time++) {
      const { code, text, errors } = await slablab('caches', file, '--format', 'json')
      expect([code, (JSON.parse(text) as unknown[]).length > 0]).toEqual([1, true])
      expect(errors).toMatch(/vmcore\.gz: damaged gzip stream: found unexpected end of file: read as far as it goes, 5\.\d+ MiB; the rest is missing/)
      expect(errors).toMatch(/partial result/)
    }
  })

  test('so far that nothing of the slabs is left: the error, and before it what led there', async () => {
    const file = cutAt(3_000_000)
    const { code, text, errors } = await slablab('caches', file)
    expect([code, text]).toEqual([1, ''])
    const lines = errors.trim().split('\n')
    expect(lines[0]).toContain('pages whose data lie behind the end of the file (3000000 bytes)')
    expect(lines).toContainEqual(expect.stringContaining('no kernel symbols: kallsyms_token_index is not in the evidence'))
    expect(lines.at(-1)).toBe('slablab: struct kmem_cache is not in the evidence: this evidence holds no types (no BTF); --btf FILE gives some')
  })

  test('does not keep a report from the other evidence', async () => {
    const file = cutAt(3_000_000)
    const { code, text, errors } = await slablab('report', 'datasets/arm64-slab/slabinfo-series.txt.gz', file)
    expect(code).toBe(1)
    expect(text).toContain('kmalloc-128 grew 8.12 MiB in 23 s')
    expect(errors).toBe(`slablab: partial report: ${file}: struct kmem_cache is not in the evidence: this evidence holds no types (no BTF); --btf FILE gives some\n`)
  })

  test.each([
    [0, 'empty file; it was probably never written'],
    [100, 'at offset 0x64: truncated in its header: expected 464 bytes'],
    [20_000, 'at offset 0x3000: truncated before the end of its bitmaps: found 20000 bytes, expected at least 94208']
  ])('before its pages, at %i bytes', async (bytes, message) => {
    const { code, errors } = await slablab('caches', cutAt(bytes))
    expect(code).toBe(1)
    expect(errors).toContain(message)
  })
})

test('a device that never ends with zeros, and a dump through a pipe, are refused at their start', async () => {
  const zero = await slablab('caches', '/dev/zero')
  expect(zero.code).toBe(1)
  expect(zero.errors).toBe('slablab: /dev/zero at offset 0x0: not text: nothing but zeros at its start; a sparse file whose content got lost, or a raw memory image: expected the output of a crash session\n')
  const pieces = (async function* () {
    yield await Promise.resolve(whole.subarray(0, 5000))
  })()
  await expect(textStream('-', pieces).next()).rejects.toThrow(
    /^- at offset 0x0: not text: kdump-compressed dump.*; what is read here and there cannot come through a pipe: give the file: expected the output of a crash session$/)
})

test('an empty folder is named', async () => {
  const inside = path.join(folder, 'hollow')
  mkdirSync(inside)
  expect(await slablab('caches', inside)).toMatchObject({ code: 1, errors: `slablab: ${inside}: an empty folder: expected a vmcore or a crash session\n` })
})
