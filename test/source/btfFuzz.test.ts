import { describe, expect, test } from 'vitest'
import { FormatError } from '../../lib/errors.js'
import { BtfKind, readBtf } from '../../lib/source/btf.js'
import { BtfTypes } from '../../lib/type/btfTypes.js'
import { declaration } from '../../lib/type/declaration.js'
import { layout } from '../../lib/type/layout.js'
import { membersAt } from '../../lib/type/memberAt.js'
import { StructMatcher } from '../../lib/type/structMatch.js'
import { TypeGraph } from '../../lib/type/typeGraph.js'
import { TypedValue } from '../../lib/type/typedValue.js'
import { Warnings } from '../../lib/warnings.js'
import { sampleTypes } from '../builders/btf.js'
import { randomFrom } from '../builders/random.js'

const runs = Number(process.env.SLABLAB_FUZZ ?? 3000)

/** Everything that can be asked of types, of some of them: it may find nothing, but must come back. */
function askEverything(types: BtfTypes, ids: readonly number[]): void {
  const { graph } = types
  for (const id of ids) {
    if (id >= graph.endId) continue
    const text = declaration(graph, id, { offsets: true })
    expect(text.length).toBeLessThan(50_000_000)
    for (const member of layout(graph, id)) {
      expect(Number.isFinite(member.offset)).toBe(true)
    }
    const bytes = graph.bytesOf(id)
    if (bytes === undefined || bytes > 4096) continue
    const image = { address: 0n, bytes: new Uint8Array(bytes), missing: (offset: number, length: number) => (offset + length > bytes ? 'absent' as const : undefined) }
    const value = new TypedValue(graph, id, image, { elements: 4 })
    expect(value.text).toBeTypeOf('string')
    value.members()
    membersAt(graph, id, 8)
  }
  types.find('thing')
  types.member('thing', 'list.next')
  types.member('thing', 'values[2]')
  types.enumerator('BUSY')
  types.sizeOf('u64')
  const matcher = new StructMatcher(types)
  matcher.match([matcher.functionAt(16, 'thing_call'), { offset: 0, kind: 'kin', target: 0 }, { offset: 40, kind: 'text' }], { slotBytes: 64 })
  matcher.matchInside([matcher.functionAt(24, 'thing_call')], { slotBytes: 64 })
}

describe('damaged BTF', () => {
  test(`${runs} damaged blobs are read in part or refused, never believed without end`, () => {
    const random = randomFrom(20240611)
    const good = sampleTypes().btf.bytes()
    let read = 0
    for (let run = 0; run < runs; run++) {
      const bytes = good.slice(0, random() < 0.1 ? Math.floor(random() * good.length) : good.length)
      const view = new DataView(bytes.buffer)
      for (let change = Math.floor(random() * 6); change >= 0; change--) {
        const at = Math.floor(random() * bytes.length)
        const choice = random()
        if (choice < 0.3) bytes[at] = Math.floor(random() * 256)
        else if (choice < 0.5) bytes[at] ^= 1 << Math.floor(random() * 8)
        else if (at + 4 <= bytes.length) {
          // Words that are ids, offsets or counts of this blob, and the ends of the range.
          const words = [0, 1, Math.floor(random() * 40), 0xffffffff, 0x7fffffff, 0xffff, 0x84000001, Math.floor(random() * 0x100000000)]
          view.setUint32(at & ~3, words[Math.floor(random() * words.length)], true)
        }
      }
      const warnings = new Warnings()
      let types: BtfTypes
      try {
        types = new BtfTypes(new TypeGraph(readBtf(bytes, { warnings })))
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError)
        continue
      }
      read++
      askEverything(types, Array.from({ length: 6 }, () => Math.floor(random() * types.graph.endId)))
    }
    expect(read).toBeGreaterThan(runs / 4)
  })

  test('types that contain themselves come to an end', () => {
    const { btf } = sampleTypes()
    // Two structs, each an array of the other, and one that holds itself many times.
    const first = btf.nextId
    btf.struct('first', 64, [{ name: 'a', type: first + 2, at: 0 }, { name: '', type: first + 1, at: 0 }])
    btf.struct('', 64, [{ name: 'b', type: first + 2, at: 0 }, { name: '', type: first, at: 0 }])
    btf.array(first, 200)
    const many = btf.nextId
    btf.struct('many', 64, Array.from({ length: 20 }, (_, i) => ({ name: i % 2 === 0 ? '' : `m${i}`, type: many, at: 0 })))
    const loop = btf.typedef('loop', btf.nextId)
    const call = btf.nextId
    btf.prototype(call + 1, ...Array.from({ length: 20 }, () => call + 1))
    btf.pointer(call)
    btf.struct('calls', 16, [{ name: 'f', type: call + 1, at: 0 }, { name: 'g', type: loop, at: 64 }])
    const types = new BtfTypes(new TypeGraph(readBtf(btf.bytes())))
    const start = process.cpuUsage()
    askEverything(types, Array.from({ length: types.graph.endId }, (_, id) => id))
    expect(types.sizeOf('loop')).toBeUndefined()
    expect(types.member('many', 'nothing')).toBeUndefined()
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(20)
  })

  test('a chain of typedefs without end is none', () => {
    const { btf } = sampleTypes()
    const first = btf.nextId
    for (let i = 0; i < 100; i++) btf.typedef(`t${i}`, btf.nextId + 1)
    btf.typedef('last', first)
    const types = new BtfTypes(new TypeGraph(readBtf(btf.bytes())))
    expect(types.graph.kind(types.graph.strip(first))).toBe(BtfKind.VOID)
    askEverything(types, [first, first + 99, first + 100])
  })
})
