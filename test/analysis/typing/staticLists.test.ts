import { describe, expect, test } from 'vitest'
import type { ObjectTypes } from '../../../lib/analysis/typing/objectTypes.js'
import { StaticLists, structOfList } from '../../../lib/analysis/typing/staticLists.js'
import { matcherOf } from '../../../lib/analysis/typing/typeGroups.js'
import { openVmcore } from '../../../lib/system/openVmcore.js'
import { machine, sparseMemory } from '../../builders/machine.js'
import { describeEvidence, evidence } from '../../evidence.js'

const HEAD = 0xffffffff81000000n
const FIRST = 0xffff888000000000n
const SLOT = 64

/** Objects one after another, of which a test says what their first words are. */
function lists(count: number, words: readonly (readonly [bigint, bigint])[]): StaticLists {
  const address = BigUint64Array.from({ length: count }, (_, i) => FIRST + BigInt(i * SLOT))
  const place = (low: number, high: number): number => Number((BigInt(high) << 32n) + BigInt(low) - FIRST)
  const objects = {
    index: { objects: { address }, payloadBytes: () => SLOT },
    target: (low: number, high: number) => (place(low, high) >= 0 && place(low, high) < count * SLOT ? Math.floor(place(low, high) / SLOT) : -1),
    offsetIn: (object: number, low: number, high: number) => place(low, high) - object * SLOT
  } as unknown as ObjectTypes
  const all = new Map(address.reduce<[bigint, bigint][]>((list, start) => [...list, ...Array.from({ length: SLOT / 8 }, (_, i): [bigint, bigint] => [start + BigInt(i * 8), 0n])], []))
  for (const [at, value] of words) all.set(at, value)
  const memory = sparseMemory(all)
  return new StaticLists(machine({ kind: 'dump', memory, symbols: [{ address: HEAD, name: 'some_list', type: 'd', module: null }] }), objects)
}

const at = (object: number, offset = 0): bigint => FIRST + BigInt(object * SLOT + offset)

describe('lists that begin in variables', () => {
  test('are found from any object on them, once', () => {
    const found = lists(3, [[HEAD, at(0, 16)], [HEAD + 8n, at(2, 16)], [at(0, 16), at(2, 16)], [at(0, 24), HEAD], [at(2, 16), HEAD], [at(2, 24), at(0, 16)]])
    expect(found.through(2)).toEqual([{ name: 'some_list', offset: 16, objects: [0, 2] }])
    expect([...found.through(0), ...found.through(1)]).toEqual([])
  })

  test('a circle beside the head is no list, and comes to an end', () => {
    const found = lists(3, [[HEAD, at(0)], [HEAD + 8n, at(2)], [at(0), at(1)], [at(0, 8), HEAD], [at(1), at(0)], [at(1, 8), at(0)], [at(2), HEAD], [at(2, 8), at(1)]])
    expect([2, 1, 0].flatMap((object) => found.through(object))).toEqual([])
  })
})

describeEvidence('the struct of a list', () => {
  test('is the one it is named after, however long it is; another name tells what is known of enough of it', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    const { types } = system
    const btf = types!.btf!
    const count = 200_000
    const struct = new Uint32Array(count)
    const objects = { struct, index: { payloadBytes: () => 32 } } as unknown as ObjectTypes
    const all = Array.from({ length: count }, (_, i) => i)
    const of = (name: string): string | undefined => {
      const id = structOfList({ name, offset: 0, objects: all }, objects, matcherOf(btf), btf)
      return id === undefined ? undefined : btf.graph.name(id)
    }
    expect([of('kprobe_blacklist'), of('all_kprobe_blacklists'), of('kprobe'), of('no_such_things')]).toEqual(['kprobe_blacklist_entry', 'kprobe_blacklist_entry', undefined, undefined])
    struct[7] = btf.find('struct kprobe_blacklist_entry')!
    expect(of('no_such_things'), 'one of so many speaks for none').toBeUndefined()
    struct.fill(struct[7], 0, count / 16)
    expect(of('no_such_things')).toBe('kprobe_blacklist_entry')
    struct[count - 1] = btf.find('struct dentry')!
    expect(of('no_such_things'), 'they differ').toBeUndefined()
    system.close()
  })
})
