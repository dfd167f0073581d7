import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { deflateSync, constants } from 'node:zlib'
import { decompress } from 'fzstd'
import { compress } from 'snappyjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Decode } from '../../../lib/source/codec/codec.js'
import { decodeLzo } from '../../../lib/source/codec/lzo.js'
import { decodeSnappy } from '../../../lib/source/codec/snappy.js'
import { wasmZlib } from '../../../lib/source/codec/wasmZlib.js'
import { plainZlib } from '../../../lib/source/codec/zlib.js'
import { decodeZstd } from '../../../lib/source/codec/zstd.js'
import { samplePage } from '../../builders/bytes.js'
import { lzoLiterals, zstdRuns } from '../../builders/packers.js'
import { randomFrom } from '../../builders/random.js'

/** Pages of many kinds: zeros, one byte, text, noise, pointers, runs with small differences, far matches. */
function pages(bytes: number): [string, Uint8Array][] {
  const random = randomFrom(7)
  const text = Buffer.from('static int single_open(struct file *file, int (*show)(struct seq_file *, void *), void *data)\n'.repeat(1000)).subarray(0, bytes)
  const pointers = new Uint8Array(bytes)
  const words = new DataView(pointers.buffer)
  for (let i = 0; i < bytes; i += 8) words.setBigUint64(i, 0xffff888003a00000n + BigInt(Math.floor(random() * 4096)) * 64n, true)
  const twice = new Uint8Array(bytes)
  for (let i = 0; i < bytes / 2; i++) twice[i] = twice[i + bytes / 2] = Math.floor(random() * 256)
  return [
    ['zeros', new Uint8Array(bytes)],
    ['ones', new Uint8Array(bytes).fill(0xff)],
    ['text', Uint8Array.from(text)],
    ['noise', Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256))],
    ['pointers', pointers],
    ['the same half twice', twice],
    ...Array.from({ length: 20 }, (_, i): [string, Uint8Array] => [`runs ${i}`, samplePage(i, bytes)])
  ]
}

/** Both ways to decompress zlib: the build makes the second. */
const zlibs: Decode[] = [plainZlib, ...[wasmZlib()].filter((decode) => decode !== undefined)]

function unpacked(decode: Decode, packed: Uint8Array, bytes: number): Uint8Array | undefined {
  const target = new Uint8Array(bytes).fill(0xaa)
  return decode(packed, target) ? target : undefined
}

/** Whether the stream gives that page. (To compare arrays with toEqual takes seconds.) */
function gives(decode: Decode, packed: Uint8Array, page: Uint8Array): boolean {
  const found = unpacked(decode, packed, page.length)
  return found !== undefined && Buffer.compare(found, page) === 0
}

const sizes = [4096, 16384, 65536]

describe.each(sizes)('pages of %i bytes', (bytes) => {
  test.each(pages(bytes))('%s', (_, page) => {
    for (const decode of zlibs) {
      for (const level of [0, 1, 6, 9]) expect(gives(decode, deflateSync(page, { level }), page)).toBe(true)
      for (const strategy of [constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE]) {
        expect(gives(decode, deflateSync(page, { strategy }), page)).toBe(true)
      }
    }
    expect(gives(decodeSnappy, new Uint8Array(compress(page)), page)).toBe(true)
    expect(gives(decodeLzo, lzoLiterals(page), page)).toBe(true)
    expect(gives(decodeZstd, zstdRuns(page), page)).toBe(true)
  })
})

const hasZstd = ((): boolean => {
  try {
    execFileSync('zstd', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

describe.skipIf(!hasZstd)('what the zstd command writes (left out where it is not installed)', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'slablab-zstd-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each(['-1', '-3', '-19'])('level %s', (level) => {
    const all = sizes.flatMap((bytes) => pages(bytes).map(([name, page], i) => ({ name: `${name} of ${bytes}`, page, file: path.join(folder, `${bytes}-${i}`) })))
    for (const { file, page } of all) writeFileSync(file, page)
    execFileSync('zstd', [level, '-f', '--no-check', '-q', ...all.map(({ file }) => file)])
    for (const { name, page, file } of all) {
      const packed = readFileSync(`${file}.zst`)
      expect(Buffer.compare(decompress(packed), page), name).toBe(0)
      expect(gives(decodeZstd, packed, page), name).toBe(true)
    }
  })

  test('a frame with a checksum, and one that does not say its size', () => {
    const page = samplePage(3)
    expect(gives(decodeZstd, execFileSync('zstd', ['-c', '--check', '-q'], { input: page }), page)).toBe(true)
    expect(gives(decodeZstd, execFileSync('zstd', ['-c', '--no-content-size', '-q'], { input: page }), page)).toBe(true)
  })
})

/** LZO1X streams by hand, an instruction each. */
describe('LZO instructions', () => {
  const end = [0x11, 0, 0]
  const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString('latin1')
  const letters = (string: string): number[] => [...Buffer.from(string, 'latin1')]

  test('first byte: literals', () => {
    expect(text(unpacked(decodeLzo, Uint8Array.from([17 + 5, ...letters('hello'), ...end]), 5))).toBe('hello')
  })
  test('a short first run, then a match of 2 within 1 KiB', () => {
    // State 2 after two literals: 0000DDSS, distance (H << 2) + D + 1 = 2.
    expect(text(unpacked(decodeLzo, Uint8Array.from([17 + 2, ...letters('ab'), 0b0100, 0, ...end]), 4))).toBe('abab')
  })
  test('3 to 8 bytes within 2 KiB', () => {
    // 01LDDDSS with L 1: 4 bytes, distance 3; one literal after it. Then 1LLDDDSS with LL 3: 8 bytes, distance 1.
    expect(text(unpacked(decodeLzo, Uint8Array.from([17 + 4, ...letters('wxyz'), 0b01101001, 0, ...letters('!'), 0b11100000, 0, ...end]), 17)))
      .toBe('wxyzxyzx!!!!!!!!!')
  })
  test('any length within 16 KiB, and its long form', () => {
    // 001LLLLL, length L + 2 = 5, distance 4.
    expect(text(unpacked(decodeLzo, Uint8Array.from([17 + 4, ...letters('abcd'), 0b00100011, 3 << 2, 0, ...end]), 9))).toBe('abcdabcda')
    // L 0: 31 + 2 + 255 + 7 bytes.
    expect(text(unpacked(decodeLzo, Uint8Array.from([17 + 4, ...letters('aaaa'), 0b00100000, 0, 7, 0, 0, ...end]), 4 + 295))).toBe('a'.repeat(299))
  })
  test('beyond 16 KiB', () => {
    const far = samplePage(5, 20000)
    const rest = far.length - 18
    const zeros = Math.ceil(rest / 255) - 1
    // 0001HLLL with L 2: 4 bytes, distance 16384 + 3616 = 20000: the first four bytes again.
    const packed = Uint8Array.from([0, ...Array<number>(zeros).fill(0), rest - zeros * 255, ...far, 0b00010010, (3616 & 0x3f) << 2, 3616 >> 6, ...end])
    expect(unpacked(decodeLzo, packed, 20004)?.subarray(20000)).toEqual(far.subarray(0, 4))
  })
  test('3 bytes from the third KiB on after a run of literals', () => {
    const run = samplePage(6, 3000)
    const rest = run.length - 18
    const zeros = Math.ceil(rest / 255) - 1
    // 0000DDSS in state 4: distance (H << 2) + D + 2049 = 2049 + 4 * 100 + 3.
    const packed = Uint8Array.from([0, ...Array<number>(zeros).fill(0), rest - zeros * 255, ...run, 0b1100, 100, ...end])
    expect(unpacked(decodeLzo, packed, 3003)?.subarray(3000)).toEqual(run.subarray(3000 - 2452, 3003 - 2452))
  })
  test('what is damaged gives nothing', () => {
    const good = [17 + 4, ...letters('abcd'), 0b00100011, 3 << 2, 0, ...end]
    expect(unpacked(decodeLzo, Uint8Array.from(good), 8)).toBeUndefined()
    expect(unpacked(decodeLzo, Uint8Array.from(good), 10)).toBeUndefined()
    expect(unpacked(decodeLzo, Uint8Array.from(good.slice(0, -3)), 9)).toBeUndefined()
    expect(unpacked(decodeLzo, Uint8Array.from([...good, 0]), 9)).toBeUndefined()
    // A match from before the start.
    expect(unpacked(decodeLzo, Uint8Array.from([17 + 4, ...letters('abcd'), 0b00100011, 4 << 2, 0, ...end]), 9)).toBeUndefined()
    expect(unpacked(decodeLzo, new Uint8Array(0), 0)).toBeUndefined()
  })
})

const coded: [string, Decode, (page: Uint8Array) => Uint8Array][] = [
  ...zlibs.map((decode, i): [string, Decode, (page: Uint8Array) => Uint8Array] => [`zlib ${i}`, decode, (page) => deflateSync(page)]),
  ['lzo', decodeLzo, lzoLiterals],
  ['snappy', decodeSnappy, (page) => new Uint8Array(compress(page))],
  ['zstd', decodeZstd, zstdRuns]
]

describe.each(coded)('%s', (_, decode, encode) => {
  test('gives nothing for another size, a stream that is cut off, or none', () => {
    const page = samplePage(1)
    const packed = encode(page)
    expect(gives(decode, packed, page)).toBe(true)
    expect(unpacked(decode, packed, 4095)).toBeUndefined()
    expect(unpacked(decode, packed, 4097)).toBeUndefined()
    for (const bytes of [0, 1, 2, 3, 8, packed.length >> 1, packed.length - 1]) expect(unpacked(decode, packed.subarray(0, bytes), 4096)).toBeUndefined()
  })

  test('gives nothing for a block larger than any page', () => {
    expect(unpacked(decode, new Uint8Array(200_000), 4096)).toBeUndefined()
    expect(unpacked(decode, encode(samplePage(1)), 300_000)).toBeUndefined()
  })
})

describe('zlib', () => {
  test('gives nothing where the checksum is wrong', () => {
    const packed = deflateSync(samplePage(1))
    packed[packed.length - 1] ^= 1
    for (const decode of zlibs) expect(unpacked(decode, packed, 4096)).toBeUndefined()
  })
  test('is decompressed by WebAssembly once the build has made it', () => {
    expect(zlibs).toHaveLength(2)
  })
})
