import { deflateSync } from 'node:zlib'
import { compress } from 'snappyjs'
import { describe, expect, test } from 'vitest'
import type { Decode } from '../../../lib/source/codec/codec.js'
import { decodeLzo } from '../../../lib/source/codec/lzo.js'
import { decodeSnappy } from '../../../lib/source/codec/snappy.js'
import { wasmZlib } from '../../../lib/source/codec/wasmZlib.js'
import { decodeZlib, plainZlib } from '../../../lib/source/codec/zlib.js'
import { decodeZstd } from '../../../lib/source/codec/zstd.js'
import { samplePage } from '../../builders/bytes.js'
import { fuzzRounds, fuzzTimeout, mutated } from '../../builders/mutate.js'
import { lzoLiterals, zstdRuns } from '../../builders/packers.js'
import { randomFrom } from '../../builders/random.js'
import { evidencePages } from '../../builders/evidencePages.js'

const codecs: [string, Decode, number, (page: Uint8Array) => Uint8Array][] = [
  ['zlib', decodeZlib, 1, (page) => deflateSync(page, { level: 1 })],
  ['lzo', decodeLzo, 2, lzoLiterals],
  ['snappy', decodeSnappy, 4, (page) => new Uint8Array(compress(page))],
  ['zstd', decodeZstd, 0x20, zstdRuns]
]

const canary = 0xa5
const around = 256

describe.each(codecs)('damaged %s streams', (name, decode, flag, encode) => {
  test('are told, or give a page; nothing is written beside it, and nothing hangs', () => {
    const random = randomFrom(name.length)
    const streams = [...Array.from({ length: 8 }, (_, i) => encode(samplePage(i))), ...evidencePages(flag, 30)]
    const buffer = new Uint8Array(4096 + 2 * around)
    const target = buffer.subarray(around, around + 4096)
    let told = 0
    for (let i = 0, rounds = fuzzRounds(1500); i < rounds; i++) {
      buffer.fill(canary)
      const stream = streams[i % streams.length]
      const packed = i % 10 === 9 ? Uint8Array.from({ length: 1 + Math.floor(random() * 300) }, () => Math.floor(random() * 256)) : mutated(stream, random, 64)
      if (!decode(packed, target)) told++
      for (let at = 0; at < around; at++) if (buffer[at] !== canary || buffer[around + 4096 + at] !== canary) expect.fail(`round ${i}: written beside the page`)
    }
    expect(told).toBeGreaterThan(0)
    // What damage left behind does no harm to what comes next.
    for (const stream of streams.slice(0, 8)) expect(decode(stream, target)).toBe(true)
    expect(Buffer.compare(target, samplePage(7))).toBe(0)
  }, fuzzTimeout)
})

describe.runIf(wasmZlib() !== undefined)('zlib by WebAssembly', () => {
  test('takes and refuses the same damaged streams as zlib by JavaScript, with the same bytes', () => {
    const random = randomFrom(11)
    const wasm = wasmZlib()!
    const streams = [...Array.from({ length: 8 }, (_, i) => new Uint8Array(deflateSync(samplePage(i), { level: 1 + i }))), ...evidencePages(1, 30)]
    const one = new Uint8Array(4096)
    const other = new Uint8Array(4096)
    for (let i = 0, rounds = fuzzRounds(1500); i < rounds; i++) {
      const packed = mutated(streams[i % streams.length], random, 8)
      const taken = plainZlib(packed, one)
      expect(wasm(packed, other), `round ${i}`).toBe(taken)
      if (taken && Buffer.compare(one, other) !== 0) expect.fail(`round ${i}: other bytes`)
    }
  }, fuzzTimeout)
})
