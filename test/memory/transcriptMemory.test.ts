import { describe, expect, test } from 'vitest'
import { TranscriptMemory } from '../../lib/memory/transcriptMemory.js'
import { WordStore } from '../../lib/source/crash/wordStore.js'
import type { Words } from '../../lib/source/crash/words.js'

/** Stretches of bytes in the order in which they were printed. */
function wordsOf(stretches: readonly (readonly [bigint, readonly number[]])[]): Words {
  const store = new WordStore()
  stretches.forEach(([address, bytes], line) => {
    const lows = Int32Array.from(bytes)
    store.addRow(Number(address >> 32n) | 0, Number(address & 0xffffffffn) | 0, 1, lows, lows, bytes.length, line + 1)
  })
  return store.finish()
}

function memoryOf(stretches: readonly (readonly [bigint, readonly number[]])[]): TranscriptMemory {
  return new TranscriptMemory(wordsOf(stretches), 8, true)
}

const base = 0xffff888104890000n

describe('reading', () => {
  const memory = memoryOf([[base + 32n, [9, 10]], [base, [1, 2, 3, 4]], [base + 4n, [5, 6, 7, 8]]])

  test('within a stretch, over adjacent ones, and not over gaps', () => {
    expect(memory.tryRead(base + 1n, 2)).toEqual(Uint8Array.of(2, 3))
    expect(memory.tryRead(base, 8)).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))
    expect(memory.tryRead(base, 9)).toBe('absent')
    expect(memory.tryRead(base + 8n, 1)).toBe('absent')
    expect(memory.tryRead(base - 1n, 2)).toBe('absent')
    expect(memory.tryRead(0n, 1)).toBe('absent')
    expect(memory.tryRead(base, 0)).toEqual(new Uint8Array(0))
  })

  test('of many addresses at once', () => {
    const out = new Uint8Array(8).fill(0xee)
    const present = new Uint8Array(4)
    memory.readMany(BigUint64Array.of(base, base + 32n, base + 33n, base + 6n), 2, out, present)
    expect([...present]).toEqual([1, 1, 0, 1])
    expect([...out]).toEqual([1, 2, 9, 10, 0, 0, 7, 8])
  })

  test('stretches that touch are one', () => {
    expect([...memory.heldRuns()]).toEqual([{ start: base, end: base + 8n }, { start: base + 32n, end: base + 34n }])
  })

  test('what crash said of a page it could not read', () => {
    const told = new TranscriptMemory(wordsOf([[base, [1]]]), 8, true, [
      { address: base + 0x1000n, reason: 'excluded' }, { address: base + 0x2800n, reason: 'unmapped' }
    ])
    expect(told.tryRead(base + 0x1ff8n, 8)).toBe('excluded')
    expect(told.tryRead(base + 0x2800n, 8)).toBe('unmapped')
    expect(told.tryRead(base + 0x2000n, 8)).toBe('absent')
    expect(told.tryRead(base + 0x3000n, 8)).toBe('absent')
  })

  test('nothing at all', () => {
    const empty = memoryOf([])
    expect(empty.tryRead(base, 1)).toBe('absent')
    expect([...empty.heldRuns()]).toEqual([])
  })
})

describe('statements that overlap', () => {
  test('agreeing ones are one, without a word', () => {
    const words = wordsOf([[base, [1, 2, 3, 4]], [base + 2n, [3, 4, 5]], [base, [1, 2, 3, 4]]])
    expect(words.heldBytes).toBe(5)
    expect(words.disagreementCount).toBe(0)
    expect(new TranscriptMemory(words, 8, true).tryRead(base, 5)).toEqual(Uint8Array.of(1, 2, 3, 4, 5))
  })

  test('where they disagree the later one holds, and both are noted', () => {
    const words = wordsOf([[base, [1, 2, 3, 4, 5, 6, 7, 8]], [base + 2n, [9]], [base + 4n, [5, 6]]])
    expect(new TranscriptMemory(words, 8, true).tryRead(base, 8)).toEqual(Uint8Array.of(1, 2, 9, 4, 5, 6, 7, 8))
    expect(words.disagreements).toEqual([
      { address: base + 2n, earlier: Uint8Array.of(3), later: Uint8Array.of(9), earlierFile: 0, earlierLine: 1, laterFile: 0, laterLine: 2 }
    ])
  })

  test('a long stretch within which many shorter ones were printed later', () => {
    const long = Array.from({ length: 16 }, (_, i) => i)
    const words = wordsOf([[base, long], [base + 1n, [101]], [base + 3n, [103, 104]], [base + 14n, [114, 115, 116]]])
    expect([...new TranscriptMemory(words, 8, true).tryRead(base, 17) as Uint8Array]).toEqual([0, 101, 2, 103, 104, ...long.slice(5, 14), 114, 115, 116])
    expect(words.disagreementCount).toBe(3)
  })

  test('all are counted, some are kept', () => {
    const words = wordsOf(Array.from({ length: 1000 }, (_, i) => [base + BigInt(i % 500) * 8n, [i < 500 ? 1 : 2]] as const))
    expect(words.disagreementCount).toBe(500)
    expect(words.disagreements).toHaveLength(200)
  })

  test('agree with a plain map of bytes, whatever is printed in whatever order', () => {
    let seed = 7
    const random = (limit: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
      return (seed >>> 8) % limit
    }
    for (let round = 0; round < 50; round++) {
      const store = new WordStore()
      const expected = new Map<bigint, number>()
      for (let i = 0; i < 60; i++) {
        const start = base + BigInt(random(200))
        const bytes = Array.from({ length: 1 + random(16) }, () => random(3))
        const lows = Int32Array.from(bytes)
        store.addRow(Number(start >> 32n) | 0, Number(start & 0xffffffffn) | 0, 1, lows, lows, bytes.length, i)
        bytes.forEach((byte, at) => expected.set(start + BigInt(at), byte))
        // Folding in between must change nothing.
        if (i % 20 === round % 20) store.finish()
      }
      const memory = new TranscriptMemory(store.finish(), 8, true)
      for (let at = base - 2n; at < base + 220n; at++) {
        const read = memory.tryRead(at, 1)
        expect(typeof read === 'string' ? undefined : read[0]).toBe(expected.get(at))
      }
    }
  })
})

describe('storage', () => {
  test('what is printed again and again takes no more room', () => {
    const store = new WordStore()
    // 80 times the same MiB: 80 MiB of words, folded together on the way.
    for (let round = 0; round < 80; round++) {
      for (let at = 0; at < 1 << 20; at += 16) store.addPair(-30584, at, round, at, 1, 2, 1)
    }
    const words = store.finish()
    expect(words.heldBytes).toBe(1 << 20)
    expect(words.chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)).toBeLessThan(1 << 22)
    // All rounds differ in one word of each row, and all but the last lost.
    expect(words.disagreementCount).toBeGreaterThan(0)
    expect(words.lengths.length).toBeLessThan(10)
  })

  test('a stretch longer than a piece of storage', () => {
    const store = new WordStore()
    const rows = (1 << 22) / 16 + 5
    for (let i = 0; i < rows; i++) store.addPair(-30584, i * 16, 0, i, 0, i, 1)
    const memory = new TranscriptMemory(store.finish(), 8, true)
    const start = 0xffff888800000000n
    expect([...memory.heldRuns()]).toEqual([{ start, end: start + BigInt(rows * 16) }])
    const edge = memory.tryRead(start + BigInt((1 << 22) - 16), 32) as Uint8Array
    expect([...new BigUint64Array(edge.buffer)]).toEqual([262143n, 262143n, 262144n, 262144n])
  })
})
