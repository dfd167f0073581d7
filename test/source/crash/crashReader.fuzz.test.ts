import { expect, test } from 'vitest'
import { SlablabError } from '../../../lib/errors.js'
import { CrashReader } from '../../../lib/source/crash/crashReader.js'
import { shownStates, type CrashTranscript } from '../../../lib/source/crash/crashTranscript.js'
import { NO_INDEX } from '../../../lib/slab/model.js'
import { transcriptSystem } from '../../../lib/system/transcriptSystem.js'
import { kmemS, rd, slabBlock, wordBytes } from '../../builders/crashSession.js'
import { fuzzRounds, fuzzTimeout } from '../../builders/mutate.js'
import { randomFrom } from '../../builders/random.js'

const slots = Array.from({ length: 12 }, (_, i) => (0xffff8881048d0000n + BigInt(i * 64)).toString(16))
const whole = Buffer.from(`crash 8.0.2
      KERNEL: vmlinux  [TAINTED]
     RELEASE: 6.1.192
     MACHINE: x86_64  (2596 Mhz)
crash> kmem -S kmalloc-64
${kmemS([{ name: 'kmalloc-64', objectBytes: 64, allocated: 10, total: 12 }])}CPU 0 SLAB:
${slabBlock('ffff8881048d0000', [...slots.slice(0, 10), { address: slots[10], state: 'cpu 0' }, { address: slots[11], state: 'free' }])}NODE 0 PARTIAL:
${slabBlock('ffff8881048d1000', slots, { rowOnly: true, allocated: 3 })}NODE 0 FULL:
  (not tracked)
crash> rd ffff8881048d0000 8
${rd(0xffff8881048d0000n, wordBytes(0xffffffff8133a0b0n, 0xffffffff8133a0e0n, 0x656d616en, 3n, 0xccccccccccccccccn, 5n, 6n, 7n))}crash> rd -s ffff8881048d0000 2
ffff8881048d0000:  single_start     single_open+42   
crash> rd -32 ffff8881048d0040 4
${rd(0xffff8881048d0040n, wordBytes(1n, 2n), { size: 32 })}crash> sym ffffffff8133a0b0
ffffffff8133a0b0 (T) single_start [seq] /build/fs/seq_file.c: 558
crash> struct seq_operations ffff8881048d0000
struct seq_operations {
  start = 0xffffffff8133a0b0 <single_start>, 
  stop = {0x1, 0x2}
}
crash> search -k ffff8881048d0000
ffff888104891000: ffff8881048d0000 
crash> mod
     MODULE       NAME                         BASE         SIZE  OBJECT FILE
ffffffffc0440040  testmod                ffffffffc043e000  16384  (not loaded)
crash> log
[    0.000000] Linux version 6.1.192
[    1.000000] Kernel Offset: 0x21000000 from 0xffffffff81000000
`)

function read(bytes: Uint8Array, pieces: number): CrashTranscript {
  const reader = new CrashReader()
  reader.begin('fuzz.txt')
  for (let at = 0; at < bytes.length; at += pieces) reader.push(bytes.subarray(at, at + pieces))
  reader.end()
  return reader.finish()
}

/** What must hold of any transcript, however broken. */
function check(transcript: CrashTranscript): void {
  const { objects, slabs, listings, caches, words } = transcript
  expect([...objects.slab].every((slab) => slab === NO_INDEX || slab < slabs.page.length)).toBe(true)
  expect([...objects.state].every((state) => state < shownStates.length)).toBe(true)
  expect([...slabs.listing].every((listing) => listing < listings.length)).toBe(true)
  expect(listings.every(({ cache }) => cache === null || cache < caches.length)).toBe(true)
  for (let i = 0; i < words.starts.length; i++) {
    expect(words.lengths[i]).toBeGreaterThan(0)
    if (i > 0) expect(words.starts[i] >= words.starts[i - 1] + BigInt(words.lengths[i - 1])).toBe(true)
  }
  const system = transcriptSystem(transcript)
  let all: ReturnType<typeof system.objects>
  try {
    all = system.objects()
  } catch (error) {
    if (!(error instanceof SlablabError)) throw error
    return
  }
  for (let i = 1; i < all.length; i++) expect(all.address[i] > all.address[i - 1]).toBe(true)
}

test('the whole transcript is understood', () => {
  const transcript = read(whole, 100)
  check(transcript)
  expect(transcript.unknownLines).toBe(0)
})

test('any damage leaves a transcript that holds together', { timeout: fuzzTimeout }, () => {
  const rounds = fuzzRounds(300)
  const random = randomFrom(1)
  const pick = (limit: number): number => Math.floor(random() * limit)
  for (let round = 0; round < rounds; round++) {
    let bytes: Uint8Array = Uint8Array.from(whole)
    for (let change = pick(6); change >= 0; change--) {
      const at = pick(bytes.length)
      const kind = pick(6)
      if (kind === 0) bytes[at] = pick(256)
      else if (kind === 1) bytes = bytes.slice(0, at + 1)
      else if (kind === 2) bytes = Buffer.concat([bytes.slice(0, at), bytes.slice(pick(bytes.length))])
      else if (kind === 3) bytes = Buffer.concat([bytes.slice(0, at), Uint8Array.from({ length: pick(80) }, () => pick(256)), bytes.slice(at)])
      else if (kind === 4) bytes = Buffer.concat([bytes.slice(0, at), whole.subarray(pick(whole.length)), bytes.slice(at)])
      else bytes = bytes.map((byte, i) => (i >= at && i < at + 20 && byte >= 48 && byte < 58 ? 48 + pick(10) : byte))
    }
    check(read(bytes, 1 + pick(500)))
  }
})

test('a transcript in pieces of any size says the same', () => {
  const expected = read(whole, whole.length)
  for (let pieces = 1; pieces < 200; pieces += 13) {
    const transcript = read(whole, pieces)
    expect(transcript.objects).toEqual(expected.objects)
    expect(transcript.words.starts).toEqual(expected.words.starts)
    expect(transcript.symbols).toEqual(expected.symbols)
  }
})
