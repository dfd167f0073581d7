import { expect, test } from 'vitest'
import { readBpfSymbols } from '../../lib/system/bpfSymbols.js'
import { Warnings } from '../../lib/warnings.js'
import { structTypes } from '../builders/structTypes.js'
import { WordMemory } from '../builders/wordMemory.js'

const head = 0xffffffff82000000n
const types = structTypes({ structs: { bpf_ksym: { bytes: 0x250, members: { start: 0, end: 8, name: [16, 512], lnode: [0x210, 16] } } } })

function programs(names: readonly string[]): WordMemory {
  const memory = new WordMemory()
  const places = names.map((_, i) => 0xffff888001000000n + BigInt(i * 0x1000))
  const nodes = [...places.map((place) => place + 0x210n), head]
  memory.word(head, nodes[0])
  names.forEach((name, i) => {
    const start = 0xffffffffc0100000n + BigInt(i * 0x1000)
    memory.word(places[i], start).word(places[i] + 8n, start + 0x80n).text(places[i] + 16n, name).word(nodes[i], nodes[i + 1])
  })
  return memory
}

test('compiled programs, as /proc/kallsyms shows them', () => {
  const warnings = new Warnings()
  expect(readBpfSymbols(programs(['bpf_prog_6deef7357e7b4530', 'bpf_trampoline_6442']), types, head, warnings)).toEqual([
    { address: 0xffffffffc0100000n, name: 'bpf_prog_6deef7357e7b4530', type: 't', module: 'bpf', bytes: 0x80 },
    { address: 0xffffffffc0101000n, name: 'bpf_trampoline_6442', type: 't', module: 'bpf', bytes: 0x80 }
  ])
  expect(readBpfSymbols(programs([]), types, head, warnings)).toEqual([])
  expect(warnings.list()).toEqual([])
})

test('a damaged list gives what stands before the damage, and says so', () => {
  for (const change of [(memory: WordMemory) => memory.word(0xffff888001001210n, 0xffff888001000210n), (memory: WordMemory) => memory.word(0xffff888001001210n, 0x123n)]) {
    const memory = programs(['bpf_prog_1', 'bpf_prog_2'])
    change(memory)
    const warnings = new Warnings()
    expect(readBpfSymbols(memory, types, head, warnings)).toHaveLength(2)
    expect(warnings.list()).toEqual([{ message: 'list of BPF programs is damaged: 2 read', times: 1 }])
  }
})

test('a kernel without such a struct has none', () => {
  expect(readBpfSymbols(programs(['x']), structTypes({ structs: {} }), head, new Warnings())).toEqual([])
})
