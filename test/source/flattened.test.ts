import { describe, expect, test } from 'vitest'
import { bytesOf, type ByteSource } from '../../lib/source/bytes.js'
import { isFlattened, readFlattened } from '../../lib/source/flattened.js'
import { Warnings } from '../../lib/warnings.js'
import { Bytes, samplePage } from '../builders/bytes.js'
import { flattenedFile, type FlattenedOptions } from '../builders/flattened.js'
import { randomFrom } from '../builders/random.js'

type Records = readonly (readonly [number | bigint, Uint8Array])[]

async function read(records: Records, options: FlattenedOptions = {}, warnings = new Warnings()): Promise<ByteSource> {
  return readFlattened(bytesOf('dump', flattenedFile(records, options)), warnings)
}

const text = (string: string): Uint8Array => Buffer.from(string, 'latin1')

describe('readFlattened', () => {
  test('records in any order, holes as zeros, later ones on top', async () => {
    const file = await read([[4, text('ABCD')], [0, text('xy')], [6, text('12')], [5, text('!')]])
    expect(file.byteLength).toBe(8)
    expect(Buffer.from(file.read(0, 100)).toString('latin1')).toBe('xy\0\0A!12')
    expect([file.holds!(0, 2), file.holds!(0, 3), file.holds!(2, 2), file.holds!(4, 4), file.holds!(7, 2)]).toEqual([true, false, false, true, false])
  })
  test('like writing the records to a file, for any records', async () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = randomFrom(seed)
      const records = Array.from({ length: 1 + seed }, (): [number, Uint8Array] => [Math.floor(random() * 2000), samplePage(seed, Math.floor(random() * 300))])
      const expected = Buffer.alloc(Math.max(...records.filter(([, bytes]) => bytes.length > 0).map(([at, bytes]) => at + bytes.length), 0))
      for (const [at, bytes] of records) if (bytes.length > 0) expected.set(bytes, at)
      const file = await read(records)
      expect(file.byteLength).toBe(expected.length)
      for (let i = 0; i < 50; i++) {
        const at = Math.floor(random() * 2400)
        const bytes = Math.floor(random() * 600)
        expect(Buffer.compare(file.read(at, bytes), expected.subarray(at, at + bytes))).toBe(0)
      }
    }
  })
  test('offsets beyond 4 GiB', async () => {
    const file = await read([[0, text('a')], [2 ** 40, text('far')]])
    expect(file.byteLength).toBe(2 ** 40 + 3)
    expect(Buffer.from(file.read(2 ** 40 - 2, 10)).toString('latin1')).toBe('\0\0far')
  })
  test('many small records', async () => {
    const records = Array.from({ length: 20_000 }, (_, i): [number, Uint8Array] => [i, Uint8Array.of(i)])
    const file = await read(records)
    expect(file.read(0, 20_000).every((byte, i) => byte === (i & 0xff))).toBe(true)
  })
  test('progress and abort', async () => {
    const bytes = flattenedFile(Array.from({ length: 200_000 }, (_, i): [number, Uint8Array] => [i, Uint8Array.of(i)]))
    const abort = new AbortController()
    const steps: number[] = []
    const reading = readFlattened(bytesOf('dump', bytes), new Warnings(), {
      signal: abort.signal,
      onProgress: (done, total) => {
        steps.push(done / total)
        abort.abort(new Error('enough'))
      }
    })
    await expect(reading).rejects.toThrow('enough')
    expect(steps).toHaveLength(1)
    expect(steps[0]).toBeLessThan(1)
  })
})

describe('damaged flattened files', () => {
  test('cut off: what came is there, and it is said', async () => {
    const warnings = new Warnings()
    const whole = flattenedFile([[0, text('abcd')], [4, text('efgh')]])
    const file = await readFlattened(bytesOf('dump', whole.subarray(0, 4096 + 16 + 4 + 16 + 2)), warnings)
    expect(Buffer.from(file.read(0, 9)).toString('latin1')).toBe('abcdef')
    expect(warnings.list().map(({ message }) => message)).toEqual(['dump: the flattened file ends at offset 0x1026 without its end mark: it was cut off'])
  })
  test('a header of another type', async () => {
    await expect(read([], { type: 2 })).rejects.toThrow('dump at offset 0x10: unknown kind of flattened file: found type 2, version 1, expected type 1, version 1')
    await expect(readFlattened(bytesOf('dump', flattenedFile([]).subarray(0, 20)), new Warnings())).rejects.toThrow('found type 0')
    await expect(readFlattened(bytesOf('dump', text('KDUMP   ')), new Warnings())).rejects.toThrow('dump at offset 0x0: not a flattened file')
  })
  test('impossible records', async () => {
    await expect(read([[-5n, text('x')]])).rejects.toThrow('dump at offset 0x1000: impossible record of a flattened file: found offset -5, size 1')
    const bytes = Buffer.concat([flattenedFile([], { unended: true }), new Bytes(16, false).u64(0, 0).u64(8, 2n ** 62n).bytes])
    await expect(readFlattened(bytesOf('dump', bytes), new Warnings())).rejects.toThrow(`size ${2n ** 62n}`)
  })
  test('a header alone is an empty file', async () => {
    expect((await read([])).byteLength).toBe(0)
    expect((await read([])).read(0, 10)).toHaveLength(0)
    expect(isFlattened(text('makedumpfile'))).toBe(false)
  })
})
