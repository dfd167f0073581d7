import { expect, test } from 'vitest'
import { fileOperationsWithRelease } from '../../lib/analysis/fileOperations.js'
import { globalList } from '../../lib/analysis/rules/globalList.js'
import { findSuspects } from '../../lib/analysis/suspects.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import { describeEvidence, evidence } from '../evidence.js'

const dumps = [['x86_64-slub', 'kmalloc-cg-32', 100_001], ['arm64-slab', 'kmalloc-128', 59_999]] as const

describeEvidence.each(dumps)('suspects of %s', (dataset, cache, unreachable) => {
  test('the seq_operations leak is proven, with the table of functions at fault; the sessions are named by type', async () => {
    const system = await openVmcore(evidence(dataset, 'vmcore'))
    const found = await findSuspects(system)
    expect(found[0]).toMatchObject({
      verdict: 'leak', confidence: 'certain', cache, type: 'seq_operations', unreachable, module: 'testmod', rule: 'seq_operations without single_release',
      fix: 'In TestMod_ProcContentOps, set proc_release to single_release instead of seq_release.'
    })
    expect(found[0].symbols.slice(0, 3)).toEqual(['TestMod_ProcContentSeqShow', 'TestMod_ProcContentOps', 'TestMod_ProcContentOpen'])
    expect(found[0].hypothesis).toContain('Each open of /proc/testmod_content calls single_open()')
    expect(found.filter(({ verdict }) => verdict !== 'not a leak').map(({ verdict, confidence, type, module, rule }) => [verdict, confidence, type, module, rule])).toEqual([
      ['leak', 'certain', 'seq_operations', 'testmod', 'seq_operations without single_release'],
      ['leak', 'certain', 'TestModSession', 'testmod', 'owner of a work or timer dropped'],
      ['leak', 'certain', 'TestModNode', 'testmod', 'objects that nothing refers to']
    ])
    // Their live twins are not lost, and what keeps them is named.
    expect(found.filter(({ verdict }) => verdict === 'not a leak')).toMatchObject([{ type: 'TestModSession', rule: 'kept alive by a global list', symbols: ['testmod_live_sessions'] }])
    const told = JSON.stringify(found)
    for (const innocent of ['TestMod_ProcOk', 'truth_ops']) expect(told).not.toContain(innocent)
    system.close()
  }, 300_000)

  test('a table that releases with seq_release is no culprit unless its open calls single_open', async () => {
    const system = await openVmcore(evidence(dataset, 'vmcore'))
    const own = fileOperationsWithRelease(system, 'seq_release', ['single_open', 'single_open_size']).filter(({ module }) => module === 'testmod')
    expect(own.map(({ name, calls }) => [name, [...(calls ?? [])]]).sort()).toEqual([['TestMod_ProcContentOps', ['single_open']], ['truth_ops', []]])
    system.close()
  }, 300_000)
})

describeEvidence('lists that keep objects of x86_64-slub-6.12', () => {
  test("the module's is told of; the kernel's own of 722 probe entries, less than a hundredth of all bytes, is not", async () => {
    const system = await openVmcore(evidence('x86_64-slub-6.12', 'vmcore'))
    const found = await findSuspects(system, { rules: [globalList] })
    expect(found.map(({ symbols }) => symbols)).toEqual([['testmod_live_sessions']])
    system.close()
  }, 300_000)

  test("the module's is told of where its objects have a cache of their own as well", async () => {
    const system = await openVmcore(evidence('x86_64-slub-6.12', 'vmcore'))
    Object.assign(system.caches().find(({ name }) => name === 'kmalloc-96')!, { name: 'sessions' })
    const found = await findSuspects(system, { rules: [globalList] })
    expect(found.map(({ cache, type, symbols }) => [cache, type, ...symbols])).toEqual([['sessions', 'TestModSession', 'testmod_live_sessions']])
    system.close()
  }, 300_000)
})
