import { expect, test } from 'vitest'
import { conclude } from '../../../lib/analysis/typing/conclude.js'
import { readBtf } from '../../../lib/source/btf.js'
import { typesOf } from '../../../lib/type/btfTypes.js'
import { StructMatcher, type WordEvidence } from '../../../lib/type/structMatch.js'
import { BtfBuilder } from '../../builders/btf.js'

const SLOT = 512

/** A struct with list heads at some offsets and a short number in front of them, among thousands of others, as a kernel has. */
function matcherOfLists(): StructMatcher {
  const btf = new BtfBuilder()
  const short = btf.int('u16', 2)
  const pointer = btf.nextId + 1
  const list = btf.struct('list_head', 16, [{ name: 'next', type: pointer, at: 0 }, { name: 'prev', type: pointer, at: 64 }])
  btf.pointer(list)
  for (let i = 0; i < 4000; i++) btf.struct(`other_${i}`, SLOT, [{ name: 'number', type: short, at: 0 }])
  btf.struct('many_lists', SLOT, [{ name: 'number', type: short, at: 64 }, ...[0x40, 0x80, 0xc0].map((at, i) => ({ name: `list_${i}`, type: list, at: at * 8 }))])
  return new StructMatcher(typesOf(readBtf(btf.bytes())))
}

test('list heads alone tell a struct only where every word fits', () => {
  const matcher = matcherOfLists()
  const headsAt = (...offsets: number[]): WordEvidence[] => offsets.flatMap((target) => [{ offset: target, kind: 'kin', target }, { offset: target + 8, kind: 'kin', target }] satisfies WordEvidence[])
  const options = { slotBytes: SLOT, smallestBytes: 257, limit: 1 }
  const told = (words: readonly WordEvidence[]): string | undefined => conclude(words, matcher.match(words, options))?.candidate.type
  const array = headsAt(0x40, 0x80, 0xc0)
  expect(told(array)).toBe('struct many_lists')
  // One word does not fit: an array of something that a list head stands in looks like this, too.
  expect(told([{ offset: 8, kind: 'kin', target: 0 }, ...array])).toBeUndefined()
})
