import { describe, expect, test } from 'vitest'
import type { Finding } from '../../lib/analysis/finding.js'
import { evidenceOf, type GroupFacts, type LeakEvidence } from '../../lib/analysis/leakEvidence.js'
import { findSuspects } from '../../lib/analysis/suspects.js'
import type { KernelView } from '../../lib/slab/kernelView.js'
import type { System } from '../../lib/system/system.js'
import { readBtf } from '../../lib/source/btf.js'
import { typesOf, type BtfTypes } from '../../lib/type/btfTypes.js'
import { BtfBuilder } from '../builders/btf.js'
import { directMap, leakSymbols, seqOperations, session, text } from '../builders/leaks.js'
import { cacheNamed, machine, sparseMemory } from '../builders/machine.js'

const SLOT = 96

/** A dump with these objects, the first `lost` of each group of which nothing refers to. */
function lostObjects(cache: string, contents: readonly (readonly bigint[])[], lost = Infinity, extra: Partial<System> = {}, symbols = leakSymbols, further: readonly (readonly [bigint, bigint])[] = []): LeakEvidence {
  const words = new Map<bigint, bigint>(further)
  contents.forEach((object, i) => Array.from({ length: SLOT / 8 }, (_, at) => words.set(directMap + BigInt(i * SLOT + at * 8), object[at] ?? 0n)))
  const system = machine({
    kind: 'dump', architecture: 'x86_64', memory: sparseMemory(words), symbols, caches: [cacheNamed(cache, { objectBytes: SLOT, slotBytes: SLOT })],
    objects: contents.map((_, i) => ({ address: directMap + BigInt(i * SLOT), cache: 0 }))
  })
  const evidence = evidenceOf(Object.assign(system, extra))
  for (const group of evidence.machines[0].groups as GroupFacts[]) {
    const unreachable = Math.min(lost, group.group.objects)
    Object.assign(group, { unreachable, reachable: group.group.objects - unreachable, retainedBytes: null })
  }
  return evidence
}

const many = <T>(make: (i: number) => T, count = 120): T[] => Array.from({ length: count }, (_, i) => make(i))

describe('what lost objects tell of themselves', () => {
  test('list heads that point at themselves: taken off a list and not freed', async () => {
    const [finding, ...others] = await findSuspects(lostObjects('kmalloc-96', many((i) => session(directMap + BigInt(i * SLOT), i))))
    expect(others).toEqual([])
    expect(finding).toMatchObject({ verdict: 'leak', rule: 'list entry taken off and not freed', module: 'leaky', symbols: ['leaky_work'], unreachable: 120 })
    expect(finding.evidence[1].text).toBe('Their list heads at 0x0, 0x20 point at themselves.')
  })

  test('texts are quoted', async () => {
    const [finding] = await findSuspects(lostObjects('kmalloc-96', many((i) => [text('device-'), text(`name${100 + i}`)])))
    expect(finding).toMatchObject({ verdict: 'leak', rule: 'names not freed with their owner', module: null })
    expect(finding.hypothesis).toContain('“device-”')
    expect(finding.evidence.map((item) => item.text).join()).toContain('They read “device-”')
  })

  test('a count that is not zero: a reference was not given back', async () => {
    const [finding] = await findSuspects(lostObjects('cred_jar', many(() => [3n]), Infinity, { types: countedTypes('cred', 'usage') }))
    expect(finding).toMatchObject({ verdict: 'leak', confidence: 'certain', type: 'cred', rule: 'reference not given back' })
    expect(finding.fix).toContain('put_cred()')
    expect(finding.evidence.map((item) => item.text).join()).toContain('Their reference count is 3, 3, 3')
  })

  test('files of Linux 6.13 and later count from zero', async () => {
    const [finding] = await findSuspects(lostObjects('filp', many(() => [0n]), Infinity, { types: countedTypes('file', 'f_ref') }))
    expect(finding).toMatchObject({ type: 'file', rule: 'reference not given back' })
    expect(finding.evidence.map((item) => item.text).join()).toContain('Their reference count is 1, 1, 1')
  })

  test('so have structs with a counter of their own, a kref', async () => {
    const [finding] = await findSuspects(lostObjects('kmalloc-96', many(() => [2n, ...seqOperations.slice(0, 3)]), Infinity, { types: countedTypes('item', 'ref') }))
    expect(finding).toMatchObject({ type: 'item', rule: 'reference not given back' })
    expect(finding.fix).toContain('kref_put()')
  })

  test('a list head on which somebody may wait is no list entry', async () => {
    const waiting = many((i) => [0n, ...seqOperations.slice(0, 3), directMap + BigInt(i * SLOT + 32), directMap + BigInt(i * SLOT + 32)])
    expect(await findSuspects(lostObjects('kmalloc-96', waiting, Infinity, { types: countedTypes('item', 'ref', 'mutex') }))).toMatchObject([{ type: 'item', rule: 'objects that nothing refers to' }])
    expect(await findSuspects(lostObjects('kmalloc-96', waiting, Infinity, { types: countedTypes('item', 'ref', 'entry') }))).toMatchObject([{ type: 'item', rule: 'list entry taken off and not freed' }])
  })

  test('addresses near the kernel that nothing stands behind: their module is gone', async () => {
    const kernel = { physicalOf: () => undefined, symbol: () => undefined } as unknown as KernelView
    const gone = many((i) => [0xffffffffc0999000n, BigInt(i)])
    const [finding] = await findSuspects(lostObjects('kmalloc-96', gone, Infinity, { kernel }))
    expect(finding).toMatchObject({ verdict: 'leak', confidence: 'certain', rule: 'objects of a module that is gone' })
    expect(finding.evidence[1].text).toContain('0xffffffffc0999000 at 0x0')
    // Linux 6.13 and later keep the pages on x86-64, and wipe them.
    const mapped = { physicalOf: () => 0x5000, symbol: () => undefined } as unknown as KernelView
    const behind = (code: bigint): Promise<readonly Finding[]> => findSuspects(lostObjects('kmalloc-96', gone, Infinity, { kernel: mapped }, leakSymbols, [[0xffffffffc0999000n, code]]))
    expect(await behind(0xccccccccccccccccn)).toMatchObject([{ rule: 'objects of a module that is gone' }])
    expect(await behind(0x00841f0fccccccccn)).toMatchObject([{ rule: 'objects that nothing refers to' }])
    // What is referred to has an owner: old addresses lie about in it.
    expect(await findSuspects(lostObjects('kmalloc-96', gone, 0, { kernel }))).toEqual([])
    // sk_stamp of a socket is a second below zero, and a mask has no alignment.
    for (const number of [-1_000_000_000n, ~0x0100_0000n]) {
      const numbers = many((i) => [BigInt.asUintN(64, number), BigInt(i)])
      expect(await findSuspects(lostObjects('kmalloc-96', numbers, Infinity, { kernel }))).toMatchObject([{ rule: 'objects that nothing refers to' }])
    }
  })

  test('also on arm64, where modules lie among what vmalloc() maps', async () => {
    const symbols = ['_text', '_stext', '_end'].map((name, i) => ({ address: 0xffff000008080000n + BigInt(i * 0x1000000), name, type: 'T', module: null }))
    const unloaded = 0xffff000009000100n
    const kernel = { physicalOf: () => undefined, symbol: (name: string) => (name === 'last_unloaded_module' ? unloaded : undefined) } as unknown as KernelView
    const given = (address: (i: number) => bigint, name = text('departed')): LeakEvidence =>
      lostObjects('kmalloc-96', many((i) => [BigInt(i), address(i)]), Infinity, { kernel, architecture: 'arm64' }, symbols, [[unloaded, name], [unloaded + 8n, 0n]])
    const [finding] = await findSuspects(given(() => 0xffff000000999000n))
    expect(finding).toMatchObject({ rule: 'objects of a module that is gone', confidence: 'certain' })
    expect(finding.hypothesis).toContain('a module that is gone (departed was unloaded last)')
    expect(finding.evidence[1].text).toContain('0xffff000000999000 at 0x8')
    // Addresses that differ are of buffers, and where no module was unloaded none is gone.
    for (const other of [given((i) => 0xffff000000999000n + BigInt(i * 0x1000)), given(() => 0xffff000000999000n, 0n)]) {
      expect(await findSuspects(other)).toMatchObject([{ rule: 'objects that nothing refers to' }])
    }
  })

  test('what is still mapped is no sign of a module that is gone', async () => {
    const kernel = { physicalOf: () => 0x1000, symbol: () => undefined } as unknown as KernelView
    const found = await findSuspects(lostObjects('kmalloc-96', many((i) => [0xffffffffc0999000n, BigInt(i)]), 0, { kernel }))
    expect(found).toEqual([])
  })

  test('what only went with lost objects of another kind accuses nobody, and is told with those', async () => {
    const evidence = lostObjects('kmalloc-96', many((i) => [0x1234_5678_9abcn, BigInt(i)]))
    const [facts] = evidence.machines[0].groups
    const { group, signatures } = facts
    const examples = signatures.addressesOf(group).subarray(5, 8)
    Object.assign(facts, { lost: { dropped: 0, addresses: examples, takes: [] } })
    expect(await findSuspects(evidence)).toEqual([])
    Object.assign(facts, { lost: { dropped: 120, addresses: examples, takes: [{ facts, objects: 60 }] } })
    const [{ evidence: [reached, taken] }] = await findSuspects(evidence)
    expect(reached.addresses[0]).toBe(`0x${examples[0].toString(16)}`)
    expect(taken.text).toBe('With them go 60 objects in kmalloc-96: nothing else refers to these.')
  })

  test('seq_operations that lost files hold are not freed because the files are not: they accuse nobody', async () => {
    const evidence = lostObjects('kmalloc-96', many(() => seqOperations))
    expect(await findSuspects(evidence)).toMatchObject([{ verdict: 'leak', rule: 'seq_operations without single_release' }])
    const [facts] = evidence.machines[0].groups
    Object.assign(facts, { lost: { dropped: 0, addresses: facts.signatures.addressesOf(facts.group), takes: [] } })
    expect(await findSuspects(evidence)).toEqual([])
  })

  test('a struct in a cache of another name: its own cache was merged into that', async () => {
    const evidence = lostObjects('uid_cache', many(() => [3n, ...seqOperations.slice(0, 3)]), Infinity, { types: countedTypes('cred', 'usage') })
    Object.assign(evidence.machines[0].groups[0].cache!, { aliases: ['anon_vma', 'cred_jar'] })
    const [finding] = await findSuspects(evidence)
    expect(finding.evidence.map((item) => item.text).join('\n')).toMatch(/They are struct cred: .*\. cred_jar was merged into uid_cache\./)
  })

  test('objects that the dump lacks may hold them: a few are not called lost', async () => {
    const plain = many((i) => [0x1234_5678_9abcn, BigInt(i)])
    const evidence = lostObjects('kmalloc-96', plain)
    Object.assign(evidence.machines[0], { unreadObjects: 2 })
    expect(await findSuspects(evidence)).toMatchObject([{ verdict: 'leak' }])
    Object.assign(evidence.machines[0], { unreadObjects: 10 })
    expect(await findSuspects(evidence)).toMatchObject([{ verdict: 'maybe' }])
    Object.assign(evidence.machines[0], { unreadObjects: 20 })
    expect(await findSuspects(evidence)).toEqual([])
  })

  test('otherwise that they are lost, and a few are nothing to speak of', async () => {
    const plain = many((i) => [0x1234_5678_9abcn, BigInt(i)])
    expect(await findSuspects(lostObjects('kmalloc-96', plain))).toMatchObject([{ verdict: 'leak', rule: 'objects that nothing refers to', confidence: 'likely' }])
    expect(await findSuspects(lostObjects('kmalloc-96', plain, 20))).toMatchObject([{ verdict: 'maybe', confidence: 'weak' }])
    expect(await findSuspects(lostObjects('kmalloc-96', plain, 15))).toEqual([])
  })
})

/** A kernel that knows a struct with its count first, functions that fit its further members and nothing else, and perhaps a list head in it. */
function countedTypes(struct: 'cred' | 'file' | 'item', member: string, list?: 'mutex' | 'entry'): BtfTypes {
  const btf = new BtfBuilder()
  const count = btf.int('long unsigned int', 8)
  const members = ['single_start', 'single_stop', 'single_next'].map((name, i) => {
    const prototype = btf.prototype(count, ...Array.from({ length: i + 1 }, () => count))
    btf.function(name, prototype)
    return { name, type: btf.pointer(prototype), at: (i + 1) * 64 }
  })
  const counted = { cred: () => count, file: () => btf.struct('file_ref_t', 8, [{ name: 'refcnt', type: count, at: 0 }]), item: () => btf.struct('kref', 8, [{ name: 'refcount', type: count, at: 0 }]) }[struct]()
  const head = btf.struct('list_head', 16, [{ name: 'next', type: count, at: 0 }, { name: 'prev', type: count, at: 64 }])
  const lists = list === undefined ? [] : [{ name: list, type: list === 'entry' ? head : btf.struct('mutex', 16, [{ name: 'wait_list', type: head, at: 0 }]), at: 256 }]
  btf.struct(struct, SLOT, [{ name: member, type: counted, at: 0 }, ...members, ...lists])
  // Among so many others, it is no chance that a struct fits.
  for (let i = 0; i < 3000; i++) btf.struct(`other_${i}`, SLOT, [{ name: 'number', type: count, at: 0 }, { name: 'address', type: members[i % 3].type, at: 64 * (4 + i % 8) }])
  return typesOf(readBtf(btf.bytes()))
}
