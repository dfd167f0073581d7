import type { Memory } from '../memory/memory.js'
import { sortedOrder } from '../util/sortedOrder.js'
import { swap } from './wordEncoder.js'

/** A stretch of objects with their contents. `words` holds two signed 32-bit halves a word, low half first,
 * whatever the machine's byte order. */
export interface ObjectChunk {
  /** Position of the first object of the chunk. */
  readonly start: number
  readonly count: number
  /** Object i of the chunk starts at `i * wordsPerObject * 2`. */
  readonly words: Int32Array
  /** 1 where the evidence holds every byte of the object. */
  readonly whole: Uint8Array
  /** For objects of which only some words are held: 1 per word held, `wordsPerObject` of them. Objects not in here are missing altogether. */
  readonly partly: ReadonlyMap<number, Uint8Array>
}

/** Contents that one chunk holds at most. */
const chunkBytes = 1 << 20

/** The addresses in ascending order, each once. */
export function distinctSorted(addresses: BigUint64Array): BigUint64Array {
  // Low and high halves, so that a million comparisons make no bigints.
  const halves = new Uint32Array(addresses.buffer, addresses.byteOffset, addresses.length * 2)
  let ascending = true
  for (let i = 2; i < halves.length && ascending; i += 2) {
    const high = halves[i + 1]
    const before = halves[i - 1]
    ascending = high > before || (high === before && halves[i] > halves[i - 2])
  }
  if (ascending) return addresses
  const order = sortedOrder(addresses)
  const distinct = new BigUint64Array(addresses.length)
  let length = 0
  for (const position of order) {
    const address = addresses[position]
    if (length === 0 || distinct[length - 1] !== address) distinct[length++] = address
  }
  return distinct.subarray(0, length)
}

/**
 * Reads the first `objectBytes` of each object, in chunks of bounded size. `addresses` are distinct and ascending.
 * The chunk's arrays are reused: use them before asking for the next one.
 */
export function* readObjects(memory: Memory, addresses: BigUint64Array, objectBytes: number): Generator<ObjectChunk> {
  const wordBytes = memory.pointerBytes
  const wordsPerObject = objectBytes / wordBytes
  const perChunk = Math.max(1, Math.min(addresses.length, Math.floor(chunkBytes / objectBytes)))
  const bytes = new Uint8Array(perChunk * objectBytes)
  const whole = new Uint8Array(perChunk)
  const narrow = wordBytes === 4 ? new Int32Array(perChunk * wordsPerObject * 2) : undefined
  const held = memory.heldRuns === undefined ? undefined : [...memory.heldRuns()]
  for (let start = 0; start < addresses.length; start += perChunk) {
    const count = Math.min(perChunk, addresses.length - start)
    const own = addresses.subarray(start, start + count)
    memory.readMany(own, objectBytes, bytes.subarray(0, count * objectBytes), whole.subarray(0, count))
    const partly = new Map<number, Uint8Array>()
    for (const i of partCandidates(own, objectBytes, whole, held)) {
      const wordHeld = readWords(memory, own[i], wordsPerObject, bytes, i * objectBytes)
      if (wordHeld.includes(1)) partly.set(i, wordHeld)
    }
    yield { start, count, words: halves(bytes, count * objectBytes, memory.littleEndian, narrow), whole, partly }
  }
}

/** Objects not held as a whole that may be held in part. */
function partCandidates(addresses: BigUint64Array, objectBytes: number, whole: Uint8Array, held: readonly { start: bigint; end: bigint }[] | undefined): number[] {
  const candidates: number[] = []
  const size = BigInt(objectBytes)
  if (held === undefined) {
    // A dump lacks whole pages: only an object that crosses a page's end can be held in part. 4 KiB is the smallest page there is.
    for (let i = 0; i < addresses.length; i++) {
      if (whole[i] === 0 && (addresses[i] & 0xfffn) + size > 0x1000n) candidates.push(i)
    }
    return candidates
  }
  // Both lists ascend: one walk finds the objects that touch a held stretch.
  let i = 0
  for (const { start, end } of held) {
    i = firstEndingAfter(addresses, start, size, i)
    for (; i < addresses.length && addresses[i] < end; i++) {
      if (whole[i] === 0 && candidates.at(-1) !== i) candidates.push(i)
    }
    // The last object may reach into the next stretch as well.
    i = Math.max(0, i - 1)
  }
  return candidates
}

/** Position of the first object, from `from` on, that ends behind `start`. */
function firstEndingAfter(addresses: BigUint64Array, start: bigint, size: bigint, from: number): number {
  let low = from
  let high = addresses.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (addresses[middle] + size > start) high = middle
    else low = middle + 1
  }
  return low
}

function readWords(memory: Memory, address: bigint, words: number, bytes: Uint8Array, at: number): Uint8Array {
  const held = new Uint8Array(words)
  for (let word = 0; word < words; word++) {
    const found = memory.tryRead(address + BigInt(word * memory.pointerBytes), memory.pointerBytes)
    if (typeof found === 'string') continue
    bytes.set(found, at + word * memory.pointerBytes)
    held[word] = 1
  }
  return held
}

/** Low and high halves of each word; a 32-bit word is sign-extended, as the address classes expect it. */
function halves(bytes: Uint8Array, length: number, littleEndian: boolean, narrow: Int32Array | undefined): Int32Array {
  const raw = new Int32Array(bytes.buffer, 0, length / 4)
  if (narrow !== undefined) {
    for (let i = 0; i < raw.length; i++) {
      const low = littleEndian ? raw[i] : swap(raw[i])
      narrow[i * 2] = low
      narrow[i * 2 + 1] = low >> 31
    }
    return narrow
  }
  if (!littleEndian) {
    for (let i = 0; i < raw.length; i += 2) {
      const high = swap(raw[i])
      raw[i] = swap(raw[i + 1])
      raw[i + 1] = high
    }
  }
  return raw
}
