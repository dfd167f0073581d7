import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { openDump } from '../../lib/dump/openDump.js'
import { ALLOCATED, CACHED, FREE, UNKNOWN, type SlabObjects } from '../../lib/slab/model.js'
import type { TranscriptSystem } from '../../lib/system/transcriptSystem.js'
import { describeEvidence, evidence } from '../evidence.js'

interface TrueCache { allocated: number; total: number; slabs: number }

function trueCaches(folder: string): Record<string, TrueCache> {
  return JSON.parse(readFileSync(evidence(folder, 'caches.json'), 'utf8')) as Record<string, TrueCache>
}

/** Addresses of all allocated objects, as somebody else found them. */
function trueAddresses(folder: string, cache: string): bigint[] {
  return gunzipSync(readFileSync(evidence(folder, 'allocated', `${cache}.txt.gz`))).toString().trim().split('\n').map((line) => BigInt(`0x${line.replace(/^0x/, '')}`))
}

function addressesIn(objects: SlabObjects, state: number): bigint[] {
  return [...objects.address].filter((_, i) => objects.state[i] === state)
}

function ascending(addresses: bigint[]): bigint[] {
  return [...BigUint64Array.from(addresses).sort()]
}

async function systemOf(...files: string[]): Promise<TranscriptSystem> {
  return (await openDump(files)).system as TranscriptSystem
}

describeEvidence('the reference case', () => {
  test('its session, row by row', async () => {
    const system = await systemOf(evidence('seq-operations', 'session.crash.txt'))
    expect(system.caches()).toEqual([{
      name: 'kmalloc-128', address: 0xffff80007b000000n, objectBytes: 128, slotBytes: 128, allocated: 1723323, total: 1723968, slabs: 53874,
      slabBytes: 4096, bytes: 220667904, aliases: [], reclaimable: null
    }])
    const objects = system.objects(['kmalloc-128'])
    expect([ALLOCATED, CACHED, FREE].map((state) => addressesIn(objects, state).length)).toEqual([41, 7, 16])
    expect([...objects.slabs]).toEqual([0xffff80003a5b0000n, 0xffff80003ac5c000n])
    expect([...system.memory.heldRuns!()]).toEqual([{ start: 0xffff80003a5b0000n, end: 0xffff80003a5b0180n }])
    expect(system.symbols.all().map(({ name }) => name)).toEqual(['TestMod_ProcContentSeqShow', 'single_start', 'single_next', 'single_stop'])
    expect(system.symbols.at(0xffff00000824edd8n)).toMatchObject({ name: 'single_start', type: 't', line: 541 })
    expect(system.shownStructs).toEqual([{
      type: 'seq_operations', address: 0xffff80003a5b0000n, bytes: null, members: [
        { name: 'start', value: '0xffff00000824edd8 <single_start>' }, { name: 'stop', value: '0xffff00000824ee00 <single_stop>' },
        { name: 'next', value: '0xffff00000824ede8 <single_next>' }, { name: 'show', value: '0xffff000001415218 <TestMod_ProcContentSeqShow>' }
      ]
    }])
    expect(system.transcript.unknownLines).toBe(0)
  })

  test('both counts where slabinfo counts otherwise', async () => {
    const system = await systemOf(evidence('seq-operations', 'session.crash.txt'), evidence('seq-operations', 'leaking.slabinfo'))
    expect(system.disagreements.map(({ subject, statements }) => [subject, ...statements.map(({ value }) => value)])).toEqual([
      ['kmalloc-128 allocated', '1,723,323', '1,767,698'], ['kmalloc-128 total', '1,723,968', '1,770,688']
    ])
  })
})

describeEvidence('sessions of machines whose state is known', () => {
  // Of the live dump crash read the counts a moment apart: six caches differ by one object.
  test.each([['arm64-slab', 0], ['x86_64-slub', 0], ['x86_64-slub-debug', 6]])('%s: every cache with its counts', async (folder, moved) => {
    const truth = trueCaches(folder)
    const system = await systemOf(evidence(folder, 'crash', 'kmem-s.txt'))
    expect(system.caches().length).toBe(Object.keys(truth).length)
    const differing = system.caches().filter(({ name, allocated, total, slabs }) =>
      allocated !== truth[name].allocated || total !== truth[name].total || slabs !== truth[name].slabs)
    expect(differing.length).toBe(moved)
  })

  test.each(['kmalloc-128', 'seq_file'])('SLAB lists all objects: %s, address by address', async (cache) => {
    const system = await systemOf(evidence('arm64-slab', 'crash', `kmem-S-${cache}.txt.gz`))
    const objects = system.objects([cache])
    expect(objects.length).toBe(trueCaches('arm64-slab')[cache].total)
    expect(addressesIn(objects, ALLOCATED)).toEqual(ascending(trueAddresses('arm64-slab', cache)))
    expect(system.warnings.list()).toEqual([])
  })

  test.each([['kmalloc-cg-32', 38], ['kmalloc-96', 80], ['seq_file', 5]])('SLUB lists what it keeps lists of: %s', async (cache, allocated) => {
    const system = await systemOf(evidence('x86_64-slub', 'crash', `kmem-S-${cache}.txt.gz`))
    const truth = new Set(trueAddresses('x86_64-slub', cache))
    const found = addressesIn(system.objects([cache]), ALLOCATED)
    expect(found.length).toBe(allocated)
    expect(found.filter((address) => !truth.has(address))).toEqual([])
    expect(addressesIn(system.objects([cache]), CACHED).filter((address) => truth.has(address))).toEqual([])
  })

  test('slub_debug: full slabs are shown as rows, their objects lie behind red zones', async () => {
    const system = await systemOf(evidence('x86_64-slub-debug', 'crash', 'kmem-S-kmalloc-cg-32.txt.gz'), evidence('x86_64-slub-debug', 'crash', 'rd200.txt'))
    const truth = new Set(trueAddresses('x86_64-slub-debug', 'kmalloc-cg-32'))
    const objects = system.objects(['kmalloc-cg-32'])
    const found = addressesIn(objects, ALLOCATED)
    expect(found.length).toBe(100_000)
    expect(found.filter((address) => !truth.has(address))).toEqual([])
    expect(addressesIn(objects, UNKNOWN).filter((address) => truth.has(address))).toHaveLength(6)
  })

  test.each(['arm64-slab', 'x86_64-slub', 'x86_64-slub-debug'])('%s: what rd printed, rd -s prints again', async (folder) => {
    const files = readdirSync(evidence(folder, 'crash')).filter((name) => /^(?:rd|seed)/.test(name) && name.endsWith('.txt'))
    const system = await systemOf(...files.map((name) => evidence(folder, 'crash', name)))
    expect(system.transcript.words.disagreementCount).toBe(0)
    const { address, name, names, offset } = system.transcript.symbolicWords
    expect(address.length).toBeGreaterThan(7)
    // Each word of rd -s lies in memory as its symbol's address.
    for (let i = 0; i < address.length; i++) {
      const word = system.memory.tryRead(address[i], 8)
      if (typeof word === 'string') throw new Error(`${address[i].toString(16)} is ${word}`)
      expect(system.symbols.named(names[name[i]]).map((symbol) => symbol.address + BigInt(offset[i]))).toContain(new BigUint64Array(word.buffer)[0])
    }
  })

  test.each(['arm64-slab', 'x86_64-slub', 'x86_64-slub-debug'])('%s: the machine, its modules and symbols', async (folder) => {
    const system = await systemOf(...['sys.txt', 'mod.txt', folder === 'arm64-slab' ? 'sym.txt' : 'seed-session.txt'].map((name) => evidence(folder, 'crash', name)))
    expect(system.release).toMatch(/^6\.1\./)
    expect(system.architecture).toBe(folder === 'arm64-slab' ? 'arm64' : 'x86_64')
    expect(system.modules.map(({ name }) => name)).toContain('testmod')
    const [show] = system.symbols.named('TestMod_ProcContentSeqShow')
    expect(show.module).toBe('testmod')
    const kallsyms = gunzipSync(readFileSync(evidence(folder, 'kallsyms.gz'))).toString()
    expect(/^([0-9a-f]+) [tT] TestMod_ProcContentSeqShow\b/m.exec(kallsyms)?.[1]).toBe(show.address.toString(16))
  })

  test('a session with kallsyms beside it names what it leaves nameless', async () => {
    const dump = await openDump([evidence('arm64-slab', 'crash', 'rd-one.txt'), evidence('arm64-slab', 'kallsyms.gz')])
    expect(dump.symbol('ffffc7055c59f3e4').objects()).toMatchObject([{ name: 'single_start', offset: 4 }])
  })
})

describe('all evidence at once', () => {
  describeEvidence('each folder of sessions', () => {
    test.each(['arm64-slab', 'x86_64-slub', 'x86_64-slub-debug'])('%s', async (folder) => {
      const system = await systemOf(evidence(folder, 'crash'))
      expect(system.objects().length).toBeGreaterThan(300)
      expect(system.disagreements).toEqual([])
      expect(system.incomplete).toEqual([])
    })
  })
})
