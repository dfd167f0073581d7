import { expect, test } from 'vitest'
import { GroupWords, type LikeObjects } from '../../../lib/analysis/typing/groupWords.js'
import type { HeldStatics } from '../../../lib/analysis/typing/heldStatics.js'
import type { ObjectTypes } from '../../../lib/analysis/typing/objectTypes.js'
import type { StaticTypes } from '../../../lib/analysis/typing/staticTypes.js'
import type { DescribedGroup } from '../../../lib/analysis/signatures.js'
import { readBtf } from '../../../lib/source/btf.js'
import { typesOf } from '../../../lib/type/btfTypes.js'
import { StructMatcher } from '../../../lib/type/structMatch.js'
import { BtfBuilder } from '../../builders/btf.js'
import { machine, sparseMemory } from '../../builders/machine.js'

const FIRST = 0xffff888000000000n
const SLOT = 64
const GROUP = 0

/** Objects of 64 bytes, of which the first four are a group: each points, 16 bytes in, at the place that a test says. */
function groupOf(leads: readonly bigint[]): { words: GroupWords; batch: LikeObjects; keeper: number } {
  const btf = new BtfBuilder()
  const long = btf.int('long unsigned int', 8)
  const keeper = btf.struct('keeper', SLOT, [{ name: 'count', type: long, at: 0 }])
  const stranger = btf.struct('stranger', SLOT, [{ name: 'size', type: btf.int('int', 4, 1), at: 0 }])
  const types = typesOf(readBtf(btf.bytes()))
  const place = (low: number, high: number): number => Number((BigInt(high) << 32n) + BigInt(low) - FIRST)
  const objects = {
    index: { objects: { address: BigUint64Array.from({ length: 7 }, (_, object) => at(object)) } },
    target: (low: number, high: number) => (place(low, high) < 0 ? -1 : Math.floor(place(low, high) / SLOT)),
    offsetIn: (object: number, low: number, high: number) => place(low, high) - object * SLOT,
    // Four of the group, a keeper, a stranger, and one of which nothing is known.
    group: Int32Array.of(GROUP, GROUP, GROUP, GROUP, 1, 2, 3), struct: Uint32Array.of(0, 0, 0, 0, keeper, stranger, 0)
  } as unknown as ObjectTypes
  const content = new Map(Array.from({ length: 8 * SLOT / 8 }, (_, i): [bigint, bigint] => [FIRST + BigInt(i * 8), 0n]))
  leads.forEach((target, object) => content.set(at(object, 16), target))
  const memory = sparseMemory(content)
  const word = { offset: 16, bytes: 8, class: 'slab pointer', value: null, symbol: null, share: 1, low: null, high: null, missing: 0 }
  const described = {
    cache: null, reach: { bytes: SLOT }, group: { objects: leads.length, words: [word] }
  } as unknown as DescribedGroup
  const batch: LikeObjects = { described, length: leads.length, addresses: () => BigUint64Array.from(leads, (_, object) => at(object)) }
  const words = new GroupWords(
    machine({ kind: 'dump', memory, symbols: [] }), types, new StructMatcher(types), { at: () => undefined } as unknown as StaticTypes, { structAt: () => 0 } as unknown as HeldStatics, objects
  )
  return { words, batch, keeper }
}

const at = (object: number, offset = 0): bigint => FIRST + BigInt(object * SLOT + offset)
const [KEEPER, STRANGER, UNKNOWN] = [at(4), at(5), at(6)]

test.each([
  ['all at what is known', [KEEPER, KEEPER, KEEPER, KEEPER], 'pointer', 0],
  ['one at another of the group', [KEEPER, KEEPER, KEEPER, at(0, 16)], 'pointer', 1],
  ['one at what nobody knows', [KEEPER, KEEPER, KEEPER, UNKNOWN], 'pointer', 1],
  ['half at something else', [KEEPER, KEEPER, STRANGER, STRANGER], 'address', 0]
])('objects that point, %s', (_, leads, kind, disputed) => {
  const { words, batch } = groupOf(leads)
  const found = words.of(batch, GROUP)
  expect(found.map((word) => word.kind)).toEqual([kind])
  expect(words.disputed(GROUP, found)).toHaveLength(disputed)
})

test('a place in a struct is elsewhere where nothing starts there that the others lead to; marks in low bits are none', () => {
  const { words, batch, keeper } = groupOf([KEEPER, KEEPER])
  const [word] = words.of(batch, GROUP)
  if (word.kind !== 'pointer') throw new Error(`a ${word.kind}`)
  expect([words.isElsewhere(word, keeper, 0), words.isElsewhere(word, keeper, 8), words.isElsewhere(word, keeper, 6), words.isElsewhere(word, 0, 8)]).toEqual([false, true, false, false])
})

test('of one object, the words of its group count where it has something', () => {
  const { words, batch } = groupOf([KEEPER, KEEPER, KEEPER, 0n])
  expect(words.ofObject(batch, GROUP, at(0))).toHaveLength(1)
  expect(words.ofObject(batch, GROUP, at(3))).toEqual([])
})
