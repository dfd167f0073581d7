import { describe, expect, test } from 'vitest'
import { cacheContents } from '../../lib/analysis/cacheContents.js'
import type { GrowthFact } from '../../lib/analysis/leakEvidence.js'
import { evidenceOf, machineFacts } from '../../lib/analysis/leakEvidence.js'
import { addReachability } from '../../lib/analysis/addReachability.js'
import { findSuspects } from '../../lib/analysis/suspects.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import { summarize } from '../../lib/report/summary.js'
import { describeEvidence, evidence } from '../evidence.js'

const healthy = 'datasets/healthy/vmcore'
const growing = (cache: string): GrowthFact =>
  ({ cache, verdict: 'growing', reason: 'grew by 1 MiB in 2 h', bytesPerHour: 5e5, low: null, high: null, objects: 4096, bytes: 2 ** 20, reclaimable: false, code: 'growth(…)' })

describe('a cache that grows by objects that are alive', () => {
  test('its objects are named, and what refers to them, its own links left aside', async () => {
    const machine = machineFacts(await openVmcore(healthy))
    await addReachability(machine)
    const found = (await cacheContents(machine, 'kmalloc-256'))!
    expect(found).toMatchObject({ type: { type: 'device_private' }, unreachable: 0, holder: undefined, place: 'device.p' })
    expect(found.items[0].text).toMatch(/^Of 6\d\d objects that are in use in kmalloc-256 of vmcore, 6\d\d are struct device_private, /)
    expect(found.items[1].text).toMatch(/^All 6\d\d are referred to: of 64 that were looked at, device\.p refers to \d+/)
    // Of a union's sides the one that is declared to lead there.
    expect((await cacheContents(machine, 'dentry'))?.place).toMatch(/\bi_dentry\.first$/)
    expect(await cacheContents(machine, 'no-such-cache')).toBeUndefined()
  })

  test('the finding and the headline say so, and accuse nobody of losing them', async () => {
    const facts = { ...evidenceOf(await openVmcore(healthy)), growth: [growing('kmalloc-256')] }
    const suspects = await findSuspects(facts)
    expect(suspects).toMatchObject([{ verdict: 'maybe', confidence: 'weak', rule: 'growing cache', cache: 'kmalloc-256', type: 'device_private', unreachable: 0, symbols: [] }])
    expect(suspects[0].fix).toBe('Look at who lets device.p refer to struct device_private, and when they are to be taken off and freed.')
    const { title, summary } = summarize(suspects, facts)
    expect(title).toBe('kmalloc-256 grows by struct device_private')
    expect(summary).toMatch(/6\d\d of its objects are struct device_private; they are not lost, for something still refers to them/)
  })
})

describeEvidence('a cache with sessions on a list, and others that were dropped', () => {
  test('the variable is named that keeps those alive which are', async () => {
    const machine = machineFacts(await openVmcore(evidence('x86_64-slub-6.12', 'vmcore')))
    await addReachability(machine)
    const found = (await cacheContents(machine, 'kmalloc-96'))!
    expect(found).toMatchObject({ type: { type: 'TestModSession' }, unreachable: 5400, holder: { name: 'testmod_live_sessions', module: 'testmod', objects: 600 } })
    expect(found.items[1].text).toBe('600 of 6,000 are referred to: without testmod_live_sessions of the module testmod 600 could not be reached.')
  })

  test('where the dump is not whole, none of the others is called lost or alive', async () => {
    const system = await openVmcore(evidence('x86_64-slub-6.12', 'vmcore'))
    Object.defineProperty(system, 'incomplete', { value: ['it breaks off'] })
    const found = (await cacheContents(machineFacts(system), 'kmalloc-96'))!
    expect(found.unreachable).toBeNull()
    expect(found.items[1].text).toMatch(/^600 of 6,000 are referred to: .* Of 5,400 the dump does not tell\.$/)
  })
})
