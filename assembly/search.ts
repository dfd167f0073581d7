/*
 * Looks through the words of one page after another for pointers: AssemblyScript, which the build makes WebAssembly of. The same rules as
 * lib/analysis/reference/pageSearch.ts, with whole 64-bit words at hand. Who loads the module fills in the tables.
 */

/** The largest pages have 64 KiB. */
const MOST_BYTES: i32 = 1 << 16
/** Frames of one chunk of the table of slabs, as in lib/memory/frameMap.ts. */
const CHUNK_SHIFT: u64 = 12
const CHUNK_MASK: u64 = (1 << 12) - 1
/** Bytes of what is known of a slab: physical address of its first payload, first object, objects, bytes of a slot and of a payload. */
const SLAB_SHIFT: usize = 5

/** A pointer is the kernel's by bit 55; the byte above may be a tag. */
const TAG: u64 = 0xff << 56

const pageArea = memory.data(MOST_BYTES, 16)
const wordArea = memory.data(MOST_BYTES / 2, 16)
const objectArea = memory.data(MOST_BYTES / 2, 16)

export function pageAddress(): usize { return pageArea }
/** Where the words found are: their positions in the page, in 32-bit halves. */
export function wordAddress(): usize { return wordArea }
/** Where the objects are that these words point into. */
export function objectAddress(): usize { return objectArea }

let free: usize = (__heap_base + 15) & ~15

/** Room for a table. Views of the memory are void after it. */
export function reserve(bytes: usize): usize {
  const start = free
  free = (free + bytes + 15) & ~15
  const missing = <i32>((free + 0xffff) >>> 16) - memory.size()
  return missing > 0 && memory.grow(missing) < 0 ? 0 : start
}

let start: u64 = 0
let bytes: u64 = 0
let tagBits: u64 = 0
/** High halves that words in the range have, as distance from the first one's. */
let spanHigh: i32 = 0

/** Words from `first` on, so many bytes, are wanted. */
export function aim(first: u64, length: u64, tagged: bool): void {
  start = first
  bytes = length
  tagBits = tagged ? TAG : 0
  spanHigh = <i32>((first + length - 1) >> 32) - <i32>(first >> 32)
}

/** Words that are looked at together: few pages hold many pointers. */
const BLOCK: usize = 64

/** Whether one of the words of a block has a high half such as those in the range have, which are `span` further than `first` at most. */
// @ts-ignore
@inline function mayHold(block: usize, first: v128, span: v128, tags: v128): bool {
  return v128.any_true(v128.or(halfMayHold(block, first, span, tags), halfMayHold(block + 32, first, span, tags)))
}

// @ts-ignore
@inline function halfMayHold(half: usize, first: v128, span: v128, tags: v128): v128 {
  const high = v128.shuffle<u32>(v128.load(half), v128.load(half, 16), 1, 3, 5, 7)
  const tag = v128.and(i32x4.shr_s(i32x4.shl(high, 8), 31), tags)
  return i32x4.le_u(i32x4.sub(v128.or(high, tag), first), span)
}

// @ts-ignore
@inline function untagged(word: u64): u64 { return word | (<u64>(<i64>(word << 8) >> 63) & tagBits) }

/** How many words of the page lie in the wanted range. */
export function wordsInRange(pageBytes: usize): i32 {
  let found: usize = 0
  const first = start
  const length = bytes
  const firstHigh = i32x4.splat(<i32>(start >> 32))
  const span = i32x4.splat(spanHigh)
  const tags = i32x4.splat(<i32>(tagBits >> 32))
  for (let block: usize = 0; block < pageBytes; block += BLOCK) {
    if (!mayHold(pageArea + block, firstHigh, span, tags)) continue
    for (let at = block, end = min(block + BLOCK, pageBytes); at < end; at += 8) {
      if (untagged(load<u64>(pageArea + at)) - first >= length) continue
      store<u32>(wordArea + found, <u32>(at >> 2))
      found += 4
    }
  }
  return <i32>(found >> 2)
}

let pageShift: u64 = 12
let chunks: usize = 0
let slabs: usize = 0
let states: usize = 0

/** Where the tables are: a chunk's address for each 4,096 frames, 0 for none; a chunk has the number of each frame's slab, or -1. */
export function useTables(shift: i32, chunkTable: usize, slabTable: usize, stateTable: usize): void {
  pageShift = shift
  chunks = chunkTable
  slabs = slabTable
  states = stateTable
}

/**
 * How many words of the page at a physical address point into the payload of an object in state 0 in which they do not lie themselves. The range
 * aimed at starts where physical memory does.
 */
export function pointersToObjects(pageBytes: usize, pageStart: f64): i32 {
  const own = <u64>pageStart
  const firstHigh = i32x4.splat(<i32>(start >> 32))
  const span = i32x4.splat(spanHigh)
  const tags = i32x4.splat(<i32>(tagBits >> 32))
  let found: usize = 0
  for (let block: usize = 0; block < pageBytes; block += BLOCK) {
    if (!mayHold(pageArea + block, firstHigh, span, tags)) continue
    for (let at = block, end = min(block + BLOCK, pageBytes); at < end; at += 8) {
      const target = objectAt(untagged(load<u64>(pageArea + at)) - start)
      if (target < 0 || target === objectAt(own + at)) continue
      store<u32>(wordArea + found, <u32>(at >> 2))
      store<u32>(objectArea + found, target)
      found += 4
    }
  }
  return <i32>(found >> 2)
}

/** The object in state 0 whose payload holds a physical address, or -1. */
// @ts-ignore
@inline function objectAt(physical: u64): i32 {
  if (physical >= bytes) return -1
  const frame = physical >> pageShift
  const chunk = <usize>load<u32>(chunks + (<usize>(frame >> CHUNK_SHIFT) << 2))
  if (chunk === 0) return -1
  const number = load<i32>(chunk + (<usize>(frame & CHUNK_MASK) << 2))
  if (number < 0) return -1
  const slab = slabs + (<usize>number << SLAB_SHIFT)
  const base = load<u64>(slab)
  if (physical < base) return -1
  const offset = <u32>(physical - base)
  const slotBytes = load<u32>(slab, 16)
  const slot = offset / slotBytes
  if (slot >= load<u32>(slab, 12) || offset - slot * slotBytes >= load<u32>(slab, 20)) return -1
  const object = load<u32>(slab, 8) + slot
  return load<u8>(states + object) === 0 ? object : -1
}
