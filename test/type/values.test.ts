import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { openDump } from '../../lib/dump/openDump.js'
import type { Dump } from '../../lib/dump/dump.js'
import { describeEvidence, evidence } from '../evidence.js'

const crashValues = path.join(import.meta.dirname, 'crash', 'values.txt.gz')

/** What crash printed for a command: `crash> struct inode ffff8e8981428000` and the lines below. */
function sections(text: string): { type: string; address: string; output: string }[] {
  return text.split(/^crash> struct /m).slice(1).map((section) => {
    const [, type, address, output] = /^(\w+) (\w+)\n(.*)$/s.exec(section)!
    return { type, address, output: output.trimEnd() }
  })
}

/** Why a line of ours may differ from crash's: each reason says what crash knows from DWARF and symbol tables that a dump does not hold. */
const reasons: readonly (readonly [why: string, sameFor: (line: string) => string])[] = [
  // kallsyms has no sizes, other names for local variables (no_open_fops.8), and of several names at an address another one is taken.
  ['symbols', (line) => line.replace(/ <[^<>]*>/g, '')],
  // BTF as pahole writes it has one dimension: {{1, 2}, {3, 4}} is {1, 2, 3, 4}, and of characters only the last row loses its NUL.
  ['dimensions', (line) => line.replace(/ <[^<>]*>/g, '').replace(/[{}]/g, '').replaceAll('", "', '').replaceAll('\\000', '')]
]

describeEvidence('values as crash 8.0.2 prints them', () => {
  let dump: Dump
  beforeAll(async () => {
    dump = await openDump(evidence('x86_64-slub', 'vmcore'))
  })

  test('are the same text, or differ for a known reason', () => {
    const counts: Record<string, number> = { same: 0, symbols: 0, dimensions: 0, excluded: 0 }
    for (const { type, address, output } of sections(gunzipSync(readFileSync(crashValues)).toString('latin1'))) {
      const ours = String(dump.read(`struct ${type}`, address))
      if (ours === output) {
        counts.same++
      } else if (output.includes('page excluded')) {
        // crash gives up; here each member says so. The kernel unmapped its init data, where crash goes by arithmetic.
        expect(ours).toMatch(/ = <(?:its page was excluded from the dump|not mapped)>/)
        counts.excluded++
      } else {
        const reason = reasons.find(([, sameFor]) => sameFor(ours) === sameFor(output))
        if (reason === undefined) expect(ours).toBe(output)
        else counts[reason[0]]++
      }
    }
    expect(counts.same).toBeGreaterThan(480)
    expect(counts).toMatchSnapshot()
  })

  test('the transcript of the dump: value and declaration', () => {
    const transcript = readFileSync(evidence('x86_64-slub', 'crash', 'seed-session.txt'), 'utf8')
    expect(transcript).toContain(`\n${String(dump.read('seq_operations', 'ffff8e89812d1ec0'))}\n${String(dump.type('seq_operations', { offsets: false }))}\n`)
    const modules = readFileSync(evidence('x86_64-slub', 'crash', 'mod-s.txt'), 'utf8')
    for (const type of ['TestModSession', 'TestModNode']) expect(modules).toContain(`\n${String(dump.type(type, { offsets: false }))}\n`)
  })

  test('members of the 2,000 sessions that the transcript lists', () => {
    const modules = readFileSync(evidence('x86_64-slub', 'crash', 'mod-s.txt'), 'latin1')
    let sessions = 0
    for (const [, address, members] of modules.matchAll(/^([0-9a-f]{16})\n((?: {2}.*\n?)+)/gm)) {
      expect(String(dump.read('TestModSession.counter,name', address))).toBe(members.trimEnd())
      sessions++
    }
    expect(sessions).toBe(2000)
  })
})

describeEvidence.each([
  ['x86_64-slub-debug', 'seed-session.txt', 'ffff8f4d812c8520'],
  ['arm64-slab', 'struct.txt', 'ffff5d1ec1d4e280']
])('%s: its transcript', (name, file, address) => {
  test('value and declaration', async () => {
    const dump = await openDump(evidence(name, 'vmcore'))
    const transcript = readFileSync(evidence(name, 'crash', file), 'utf8')
    expect(`\n${transcript}`).toContain(`\n${String(dump.read('seq_operations', address))}\n${String(dump.type('seq_operations', { offsets: false }))}\n`)
    expect(readFileSync(evidence(name, 'crash', 'mod-s.txt'), 'utf8')).toContain(String(dump.type('TestModSession', { offsets: false })))
  })
})

describeEvidence('a session with types from a file', () => {
  test('reads its words as the struct that the session shows', async () => {
    const file = evidence('seq-operations', 'session.crash.txt')
    const dump = await openDump(evidence('arm64-slab', 'vmcore'))
    // gdb before version 8 left a blank behind the comma.
    const shown = /^struct seq_operations \{[^}]*\}/m.exec(readFileSync(file, 'utf8'))![0].replace(/, $/gm, ',')
    const session = await openDump(file)
    const typed = { ...session.system, types: dump.system.types }
    const { readTyped } = await import('../../lib/dump/typedRead.js')
    expect(String(readTyped(typed, 'seq_operations', 'ffff80003a5b0000'))).toBe(shown)
  })
})

describe('sections', () => {
  test('split at prompts', () => {
    expect(sections('crash> struct a 10\nstruct a {\n}\ncrash> struct b 20\nx\n')).toEqual([
      { type: 'a', address: '10', output: 'struct a {\n}' }, { type: 'b', address: '20', output: 'x' }
    ])
  })
})
