import { StructReader } from '../../slab/structReader.js'
import type { KernelView } from '../../slab/kernelView.js'

/**
 * A member that the kernel leaves pointing at memory it has given back, and how to tell: what it points at must name the owner in return.
 * Offsets and structs by name, so that a kernel without them is not concerned.
 */
interface BackReference {
  /** Cache of the owners. */
  readonly cache: string
  readonly owner: string
  readonly member: string
  readonly target: string
  /** The member of `target` that equals `key` of the owner as long as the two belong together. */
  readonly back: string
  readonly key: string
}

const backReferences: readonly BackReference[] = [
  // Free areas wait in per-node pools with their last `vm` (mm/vmalloc.c, node_pool_add_va; Linux commit 72210662c5a2
  // ("mm: vmalloc: offload free_vmap_area_lock lock") (in v6.9)).
  { cache: 'vmap_area', owner: 'vmap_area', member: 'vm', target: 'vm_struct', back: 'addr', key: 'va_start' }
]

/** Members that are compared with and never followed, whatever became of what they point at. */
const compared = [
  // Whom a task woke last (kernel/sched/fair.c, record_wakee).
  { cache: 'task_struct', owner: 'task_struct', member: 'last_wakee' }
]

/** Whether the word at `word` of an object that starts at word `start` (both of the page's words) is a leftover. */
export type StaleTest = (words: Uint32Array, word: number, start: number) => boolean

/** Knows the members that outlive what they point at. */
export class StalePointers {
  readonly #tests = new Map<string, StaleTest>()

  constructor(view: KernelView) {
    for (const { cache, owner, member } of compared) {
      const place = view.types.member(owner, member)
      if (place !== undefined) this.#tests.set(cache, (_, word, start) => word === start + (place.offset >>> 2))
    }
    for (const rule of backReferences) {
      const test = staleTest(view, rule)
      if (test !== undefined) this.#tests.set(rule.cache, test)
    }
  }

  of(cache: string): StaleTest | undefined {
    return this.#tests.get(cache)
  }
}

function staleTest(view: KernelView, rule: BackReference): StaleTest | undefined {
  const owner = new StructReader(view.memory, view.types, rule.owner)
  const target = new StructReader(view.memory, view.types, rule.target)
  const member = owner.find(rule.member)?.offset
  const key = owner.find(rule.key)?.offset
  const back = target.find(rule.back)?.offset
  if (member === undefined || key === undefined || back === undefined) return undefined
  return (words, word, start) => {
    if (word !== start + (member >>> 2)) return false
    const keyWord = start + (key >>> 2)
    // An owner that a page boundary cuts is believed.
    if (keyWord < 0 || keyWord + 1 >= words.length) return false
    const pointer = (BigInt(words[word + 1]) << 32n) | BigInt(words[word])
    const found = view.memory.tryRead(pointer + BigInt(back), 8)
    if (typeof found === 'string') return false
    const view64 = new DataView(found.buffer, found.byteOffset, 8)
    return view64.getUint32(0, view.memory.littleEndian) !== words[keyWord] || view64.getUint32(4, view.memory.littleEndian) !== words[keyWord + 1]
  }
}
