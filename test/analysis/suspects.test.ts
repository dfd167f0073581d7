import { describe, expect, test } from 'vitest'
import type { Finding } from '../../lib/analysis/finding.js'
import { evidenceOf, type LeakEvidence } from '../../lib/analysis/leakEvidence.js'
import { describeSignatures } from '../../lib/analysis/signatures.js'
import { findSuspects, suspects } from '../../lib/analysis/suspects.js'
import { findingOf, type Rule } from '../../lib/analysis/rule.js'
import { rules } from '../../lib/analysis/rules/index.js'
import { directMap, leakSymbols, seqOperations, session } from '../builders/leaks.js'
import { cacheNamed, machine, sparseMemory } from '../builders/machine.js'
import { referenceDifference, referenceSession } from '../builders/referenceCase.js'

describe('signatures of the reference case', () => {
  const [group, neighbour, ...others] = describeSignatures(referenceSession())

  test('two of the three objects that were read are one kind, of 32 bytes; what lies behind is old', () => {
    expect(others).toEqual([])
    expect(group.group.objects).toBe(2)
    expect(group.signatures).toMatchObject({ objects: 24, readObjects: 3 })
    expect(group.type).toEqual({
      type: 'seq_operations', bytes: 32, basis: 'the session printed it as struct seq_operations', members: { 0: 'start', 8: 'stop', 16: 'next', 24: 'show' }
    })
    expect(group.reach).toEqual({
      bytes: 32, basis: 'struct seq_operations has 32 bytes; an older ELF header, overwritten up to 0x20, agrees'
    })
    expect(group.words.map(({ class: kind, symbol }) => [kind, symbol])).toEqual([
      ['kernel text', 'single_start'], ['kernel text', 'single_stop'], ['kernel text', 'single_next'], ['module text', 'TestMod_ProcContentSeqShow']
    ])
  })

  test('the third is an innocent neighbour, told from its contents', () => {
    expect(neighbour.type?.type).toBe('vm_struct')
    expect(neighbour.words.map((word) => word.class)).toEqual([
      'zero', 'vmalloc pointer', 'small integer', 'small integer', 'direct map pointer', 'small integer', 'zero', 'module text'
    ])
  })
})

describe('suspects', () => {
  test('names the function whose file leaks, from text alone', async () => {
    const evidence: LeakEvidence = { ...evidenceOf(referenceSession()), differences: [referenceDifference] }
    const [finding, ...others] = await findSuspects(evidence)
    expect(others).toEqual([])
    expect(finding).toMatchObject({
      verdict: 'maybe', confidence: 'likely', cache: 'kmalloc-128', type: 'seq_operations', objects: 2, bytes: 256, retainedBytes: null, unreachable: null, module: null,
      symbols: ['TestMod_ProcContentSeqShow', 'single_start', 'single_stop', 'single_next'], rule: 'seq_operations without single_release'
    })
    expect(finding.fix).toContain('TestMod_ProcContentSeqShow')
    expect(finding.fix).toContain('single_release')
    expect(finding.evidence.map(({ text }) => text)).toMatchSnapshot()
    expect(finding.evidence[0].addresses).toEqual(['0xffff80003a5b0000', '0xffff80003a5b0100'])
    for (const { code } of finding.evidence) expect(code).not.toBe('')
  })

  test('without slabinfo the contents alone are weak evidence', async () => {
    expect(await findSuspects(referenceSession())).toMatchObject([{ verdict: 'maybe', confidence: 'weak', symbols: ['TestMod_ProcContentSeqShow', 'single_start', 'single_stop', 'single_next'] }])
  })

  test('is a table whose columns are the finding', async () => {
    const table = await suspects(referenceSession())
    expect(table.columnNames()).toEqual([
      'verdict', 'confidence', 'cache', 'type', 'objects', 'bytes', 'retainedBytes', 'unreachable', 'module', 'symbols', 'rule', 'hypothesis', 'fix', 'evidence'
    ])
    expect(table.numRows()).toBe(1)
  })

  test('a series or a comparison alone names the cache and what to do next', async () => {
    const growth = { cache: 'kmalloc-cg-32', verdict: 'growing' as const, reason: '', bytesPerHour: 1e6, low: 9e5, high: 1.1e6, objects: 1e5, bytes: 3.2e6, reclaimable: false, code: '' }
    const found = await findSuspects({
      machines: [], differences: [referenceDifference], growth: [growth, { ...growth, cache: 'dentry', reclaimable: true }, { ...growth, cache: 'filp', verdict: 'steady' }]
    })
    expect(found.map(({ cache, verdict, confidence, rule }) => [cache, verdict, confidence, rule])).toEqual([
      ['kmalloc-128', 'maybe', 'weak', 'growing cache'], ['kmalloc-cg-32', 'maybe', 'weak', 'growing cache']
    ])
    expect(found[0].fix).toContain('kmem -S kmalloc-128')
    // What a cache holds is not what it grew by.
    expect(found.map(({ bytes }) => bytes)).toEqual([referenceDifference.deltaBytes, null])
  })

  test('a cache that grew by objects kept in store is not accused where a dump shows them', async () => {
    // As SLAB has it: slabinfo counts what lies in array caches as active.
    const growth = { cache: 'mm_struct', verdict: 'growing' as const, reason: '', bytesPerHour: 4e6, low: 3e6, high: 5e6, objects: 48, bytes: 49152, reclaimable: false, code: '' }
    const rulesOf = async (allocated: number): Promise<string[]> => {
      const system = machine({ kind: 'dump', architecture: 'x86_64', memory: sparseMemory(new Map()), caches: [cacheNamed('mm_struct', { allocated, total: 60 })] })
      return (await findSuspects({ ...evidenceOf(system), growth: [growth] })).map(({ rule }) => rule)
    }
    expect(await rulesOf(3)).toEqual([])
    expect(await rulesOf(55)).toEqual(['growing cache'])
  })

  test('small differences, and none, accuse nobody', async () => {
    expect(await findSuspects({ machines: [], growth: [], differences: [{ ...referenceDifference, deltaObjects: 20000, deltaBytes: 2 ** 21 }] })).toEqual([])
    expect(await findSuspects({ machines: [], growth: [], differences: [] })).toEqual([])
  })
})

/** A machine with these objects in slots of 96 bytes. */
function holding(kind: 'dump' | 'transcript', contents: readonly (readonly bigint[])[]) {
  const words = new Map<bigint, bigint>()
  contents.forEach((object, i) => Array.from({ length: 12 }, (_, at) => words.set(directMap + BigInt(i * 96 + at * 8), object[at] ?? 0n)))
  return machine({
    kind, architecture: 'x86_64', memory: sparseMemory(words), symbols: leakSymbols, caches: [cacheNamed('kmalloc-96', { objectBytes: 96, slotBytes: 96 })],
    objects: contents.map((_, i) => ({ address: directMap + BigInt(i * 96), cache: 0 }))
  })
}

describe('rules', () => {
  const sessions = Array.from({ length: 60 }, (_, i) => session(directMap + BigInt(i * 96), i))

  test("a sample's objects that hold a module's code are looked at, those of a dump only where the cache grows", async () => {
    const sampled = await findSuspects(holding('transcript', sessions))
    expect(sampled).toMatchObject([{ verdict: 'maybe', confidence: 'weak', rule: 'objects that name a module', module: 'leaky', symbols: ['leaky_work'], objects: 60 }])
    expect(await findSuspects(holding('dump', sessions))).toEqual([])
    const grown = { ...referenceDifference, cache: 'kmalloc-96' }
    expect(await findSuspects({ ...evidenceOf(holding('dump', sessions)), differences: [grown] })).toMatchObject([{ module: 'leaky' }])
  })

  test('a few open files of a dump are no suspects', async () => {
    expect(await findSuspects(holding('dump', Array.from({ length: 5 }, () => seqOperations)))).toEqual([])
    expect(await findSuspects(holding('dump', Array.from({ length: 500 }, () => seqOperations)))).toMatchObject([{ type: 'seq_operations', module: 'leaky', objects: 500 }])
  })

  test("one's own rule stands beside the others", async () => {
    const own: Rule = {
      name: 'everything is suspicious', text: 'any group at all',
      find: ({ machines }) => machines.flatMap(({ groups }) => groups.map((facts): Finding => findingOf(facts, {
        verdict: 'not a leak', confidence: 'certain', module: null, symbols: [], rule: 'everything is suspicious', hypothesis: '', fix: '', evidence: []
      })))
    }
    const found = await findSuspects(holding('transcript', sessions), { rules: [own, ...rules] })
    expect(found.map(({ verdict, rule }) => [verdict, rule])).toEqual([['maybe', 'objects that name a module'], ['not a leak', 'everything is suspicious']])
  })

  test('every rule says what it looks for', () => {
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length)
    for (const { text } of rules) expect(text).not.toBe('')
  })
})
