import type { Memory } from '../memory/memory.js'

/** What SLUB fills the zones around objects with (include/linux/poison.h): SLUB_RED_INACTIVE and SLUB_RED_ACTIVE. */
const redZoneBytes: ReadonlySet<number> = new Set([0xbb, 0xcc])
/** The left zone is as long as a pointer, rounded up to the cache's alignment (mm/slub.c, `red_left_pad`): always whole words. */
const wordBytes = 8
/** Zones are overwritten by the very overflows they are for: so many of the slots read must show one all the same. */
const wholeShare = 0.9

/**
 * How many bytes of red zone lie before each object, from what was read of slots: 0 where they show none, null where too little was read
 * to tell. Not every slot need be read from its start: what one shows of its beginning and others of their middle is put together.
 *
 * @param slots starts of slots, in ascending order
 * @param slotBytes distance between slots
 * @param objectBytes payload; a zone leaves room for it
 */
export function leftRedZone(memory: Memory, slots: BigUint64Array, slotBytes: number, objectBytes: number): number | null {
  const room = slotBytes - objectBytes
  if (room < wordBytes) return 0
  const words = Math.floor(room / wordBytes) + 1
  // For each word of a slot: in how many slots it was read, and in how many of them it was filled like a zone.
  const read = new Uint32Array(words)
  const filled = new Uint32Array(words)
  countWords(memory, slots, read, filled)
  for (let word = 0; word < words; word++) {
    if (read[word] === 0) return null
    if (filled[word] < read[word] * wholeShare) return word * wordBytes
  }
  // Filled as far as there is room: no object shows where it starts.
  return null
}

/** Both lists ascend: one pass over each. */
function countWords(memory: Memory, slots: BigUint64Array, read: Uint32Array, filled: Uint32Array): void {
  const reach = BigInt(read.length * wordBytes)
  let first = 0
  for (const { start, end } of memory.heldRuns?.() ?? []) {
    while (first < slots.length && slots[first] + reach <= start) first++
    for (let i = first; i < slots.length && slots[i] < end; i++) {
      const slot = slots[i]
      const from = slot < start ? Math.ceil(Number(start - slot) / wordBytes) : 0
      const to = Math.min(read.length, Math.floor(Number(end - slot) / wordBytes))
      if (from >= to) continue
      const bytes = memory.tryRead(slot + BigInt(from * wordBytes), (to - from) * wordBytes)
      if (typeof bytes === 'string') continue
      for (let word = from; word < to; word++) {
        read[word]++
        if (isZone(bytes, (word - from) * wordBytes)) filled[word]++
      }
    }
  }
}

function isZone(bytes: Uint8Array, at: number): boolean {
  const fill = bytes[at]
  if (!redZoneBytes.has(fill)) return false
  for (let i = 1; i < wordBytes; i++) if (bytes[at + i] !== fill) return false
  return true
}
