import { describe, expect, test } from 'vitest'
import { walkList, walkNext } from '../../lib/slab/lists.js'
import { MiniKernel } from '../builders/miniKernel.js'
import { slub61 } from '../builders/slabLayouts.js'

function nodes(count: number): { kernel: MiniKernel; at: bigint[] } {
  const kernel = new MiniKernel({ types: slub61, frames: 32 })
  return { kernel, at: Array.from({ length: count }, () => kernel.alloc(16)) }
}

describe('a list_head', () => {
  test('is walked in either direction, its head left out', () => {
    const { kernel, at: [head, ...rest] } = nodes(4)
    kernel.list(head, rest)
    const { memory } = kernel.view()
    expect(walkList(memory, head, 10)).toEqual({ entries: rest, trouble: null })
    expect(walkList(memory, head, 10, 8n)).toEqual({ entries: [...rest].reverse(), trouble: null })
    kernel.list(head, [])
    expect(walkList(memory, head, 10)).toEqual({ entries: [], trouble: null })
  })

  test('ends at a cycle, at missing memory, and at the limit', () => {
    const { kernel, at: [head, a, b, c] } = nodes(4)
    kernel.list(head, [a, b, c])
    const { memory } = kernel.view()
    expect(walkList(memory, head, 2)).toEqual({ entries: [a, b], trouble: 'more than 2 entries' })
    kernel.write(c, b)
    expect(walkList(memory, head, 10)).toEqual({ entries: [a, b, c], trouble: `it comes back to 0x${b.toString(16)}` })
    kernel.write(b, 0x40n)
    expect(walkList(memory, head, 10)).toEqual({ entries: [a, b], trouble: 'list_head at 0x0000000000000040: not mapped' })
  })
})

describe('a chain of next pointers', () => {
  test('ends at 0, a cycle, or missing memory', () => {
    const { kernel, at: [a, b, c] } = nodes(3)
    kernel.write(a + 8n, b).write(b + 8n, c).write(c + 8n, 0)
    const { memory } = kernel.view()
    expect(walkNext(memory, a, 8, 10)).toEqual({ entries: [a, b, c], trouble: null })
    expect(walkNext(memory, 0n, 8, 10)).toEqual({ entries: [], trouble: null })
    expect(walkNext(memory, 0x10n, 8, 10)).toEqual({ entries: [], trouble: 'next at 0x0000000000000018: not mapped' })
    kernel.write(c + 8n, a)
    expect(walkNext(memory, a, 8, 10)).toEqual({ entries: [a, b, c], trouble: `it comes back to 0x${a.toString(16)}` })
  })
})
