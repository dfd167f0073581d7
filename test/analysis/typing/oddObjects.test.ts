import { expect, test } from 'vitest'
import type { Batch } from '../../../lib/analysis/typing/batch.js'
import type { Conclusion } from '../../../lib/analysis/typing/conclude.js'
import type { GroupWords } from '../../../lib/analysis/typing/groupWords.js'
import type { Incoming } from '../../../lib/analysis/typing/incoming.js'
import type { ObjectTypes } from '../../../lib/analysis/typing/objectTypes.js'
import { OddObjects } from '../../../lib/analysis/typing/oddObjects.js'
import type { StructMatcher, WordEvidence } from '../../../lib/type/structMatch.js'
import { sparseMemory } from '../../builders/machine.js'

const FIRST = 0xffff888000000000n
const SLOT = 64n

/** What is told by a list of their own kind, which tells little, and by a pointer to a struct that is known. */
const words: WordEvidence[] = [{ offset: 0, kind: 'kin', target: 0 }, { offset: 24, kind: 'pointer', pointees: [7] }]
const told = { candidate: { evidence: [{ offset: 0, kind: 'kin', fits: true, bits: 6 }, { offset: 24, kind: 'pointer', fits: true, bits: 12 }] } } as unknown as Conclusion

/** Addresses, by number, of those of a batch's objects that hold too little of it. */
function without(contents: readonly (readonly [list: bigint, pointer: bigint])[], share: number): number[] {
  const at = (object: number): bigint => FIRST + BigInt(object) * SLOT
  const memory = sparseMemory(new Map(contents.flatMap(([list, pointer], i) => [[at(i), list], [at(i) + 8n, list], [at(i) + 16n, 0n], [at(i) + 24n, pointer]] as [bigint, bigint][])))
  const objects = { addressesOf: (members: Uint32Array) => BigUint64Array.from(members, at) } as unknown as ObjectTypes
  const group = { words: words.map(({ offset }) => ({ offset, share, class: 'direct map pointer' })) }
  const batch = { described: { group }, members: Uint32Array.from(contents.keys()), length: contents.length } as unknown as Batch
  const odd = new OddObjects(memory, {} as StructMatcher, {} as GroupWords, objects, {} as Incoming)
  return [...odd.pointingNowhere(batch, words, told)].map((address) => Number((address - FIRST) / SLOT))
}

test('objects are odd that are zero where their batch has what tells the struct, but for what tells little', () => {
  expect(without([[FIRST, FIRST], [FIRST, 0n], [0n, FIRST], [0n, 0n]], 0.9)).toEqual([1, 3])
})

test('none is where the words that tell are in all of the group', () => {
  expect(without([[FIRST, FIRST], [FIRST, 0n]], 1)).toEqual([])
})
