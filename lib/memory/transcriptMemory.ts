import type { FaultReason } from '../errors.js'
import { chunkBytes, type Words } from '../source/crash/words.js'
import type { Memory } from './memory.js'

/** What crash could not read: from each address to the end of its page. */
export interface Unreadable {
  readonly address: bigint
  readonly reason: FaultReason
}

/** No architecture's page is smaller: what crash said of an address holds at least to there. */
const leastPageBytes = 4096n

/** Memory as a crash session printed it: words here and there. What was not printed is absent, and nothing is made up between. */
export class TranscriptMemory implements Memory {
  readonly #words: Words
  readonly #bytes: readonly Uint8Array[]
  /** By page. */
  readonly #unreadable = new Map<bigint, Unreadable[]>()

  constructor(words: Words, readonly pointerBytes: 4 | 8, readonly littleEndian: boolean, unreadable: readonly Unreadable[] = []) {
    this.#words = words
    this.#bytes = words.chunks.map((chunk) => new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    for (const fault of unreadable) {
      const page = fault.address / leastPageBytes
      const others = this.#unreadable.get(page)
      if (others === undefined) this.#unreadable.set(page, [fault])
      else others.push(fault)
    }
  }

  tryRead(address: bigint, bytes: number): Uint8Array | FaultReason {
    const out = new Uint8Array(bytes)
    const missing = this.#copy(address, bytes, out, 0)
    return missing < 0 ? out : this.#reason(address + BigInt(missing))
  }

  readMany(addresses: BigUint64Array, bytes: number, out: Uint8Array, present: Uint8Array): void {
    for (let i = 0; i < addresses.length; i++) {
      const whole = this.#copy(addresses[i], bytes, out, i * bytes) < 0
      present[i] = whole ? 1 : 0
      if (!whole) out.fill(0, i * bytes, (i + 1) * bytes)
    }
  }

  *heldRuns(): Generator<{ start: bigint; end: bigint }> {
    const { starts, lengths } = this.#words
    for (let i = 0; i < starts.length;) {
      const start = starts[i]
      let end = start
      while (i < starts.length && starts[i] === end) end += BigInt(lengths[i++])
      yield { start, end }
    }
  }

  /** Copies to `out` at `target`; returns -1 where all was there, else how far the first missing byte lies from `address`. */
  #copy(address: bigint, bytes: number, out: Uint8Array, target: number): number {
    const { starts, lengths, positions } = this.#words
    let index = this.#indexOf(address)
    let done = 0
    if (index < 0) return bytes === 0 ? -1 : 0
    // The first stretch may begin before the address, further ones follow on without a gap.
    let skipped = Number(address - starts[index])
    while (done < bytes) {
      if (index >= starts.length || skipped >= lengths[index]) return done
      if (done > 0 && starts[index] !== address + BigInt(done)) return done
      const count = Math.min(bytes - done, lengths[index] - skipped)
      const position = positions[index] + skipped
      const from = position % chunkBytes
      out.set(this.#bytes[Math.floor(position / chunkBytes)].subarray(from, from + count), target + done)
      done += count
      index++
      skipped = 0
    }
    return -1
  }

  /** The last stretch that starts at or before the address; -1 where there is none. */
  #indexOf(address: bigint): number {
    const { starts } = this.#words
    let low = 0
    let high = starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (starts[middle] <= address) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  #reason(address: bigint): FaultReason {
    const faults = this.#unreadable.get(address / leastPageBytes) ?? []
    return faults.find((fault) => fault.address <= address)?.reason ?? 'absent'
  }
}
