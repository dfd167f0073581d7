import { FaultError } from '../errors.js'
import { readU64, type Memory } from '../memory/memory.js'
import { hex } from '../util/hex.js'

/** What a walk found, and where it could not go on: null where it came to the end. */
export interface Walk {
  readonly entries: bigint[]
  readonly trouble: string | null
}

/**
 * The nodes of a kernel `struct list_head` (include/linux/list.h), its head left out. Bounded: a cycle that misses the head,
 * an unreadable node and more than `limit` nodes end it with what was found so far.
 * `direction` 8 walks `prev`.
 */
export function walkList(memory: Memory, head: bigint, limit: number, direction: 0n | 8n = 0n): Walk {
  return walkChain((node) => readU64(memory, node + direction, 'list_head'), head, head, limit)
}

/** The elements of a chain of `next` pointers at `offset` in each, NULL at the end; `first` is the first element, or 0. Bounded as {@link walkList}. */
export function walkNext(memory: Memory, first: bigint, offset: number, limit: number): Walk {
  const before = -1n // no address: what points at the first element
  return walkChain((node) => (node === before ? first : readU64(memory, node + BigInt(offset), 'next')), before, 0n, limit)
}

function walkChain(next: (node: bigint) => bigint, start: bigint, end: bigint, limit: number): Walk {
  const entries: bigint[] = []
  const seen = new Set([start])
  let node = start
  try {
    while (true) {
      node = next(node)
      if (node === end) return { entries, trouble: null }
      if (seen.has(node)) return { entries, trouble: `it comes back to ${hex(node)}` }
      if (entries.length >= limit) return { entries, trouble: `more than ${limit} entries` }
      seen.add(node)
      entries.push(node)
    }
  } catch (error) {
    if (error instanceof FaultError) return { entries: entries.slice(0, -1), trouble: error.message }
    throw error
  }
}
