import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ALLOCATED, NO_INDEX, objectStates } from '../../lib/slab/model.js'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import type { Slabs } from '../../lib/slab/slabs.js'
import { openKernel, type OpenedKernel } from '../../lib/system/openKernel.js'
import { describeEvidence, evidence } from '../evidence.js'

const dumps = ['arm64-slab', 'x86_64-slub', 'x86_64-slub-6.12', 'x86_64-slub-debug']
const truthKeys = ['allocated', 'total', 'slabs', 'objectBytes', 'slotBytes'] as const
type Truth = Record<string, Record<(typeof truthKeys)[number], number> & { address: string }>

function addresses(file: string): bigint[] {
  const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n')
  return lines.map((line) => BigInt(`0x${line.replace(/^0x/, '')}`)).sort((a, b) => (a < b ? -1 : 1))
}

describeEvidence.each(dumps)('%s', (dump) => {
  let opened: OpenedKernel
  let slabs: Slabs

  beforeAll(async () => {
    opened = await openKernel(evidence(dump, 'vmcore'))
    slabs = readSlabs(opened.kernel)
  })
  afterAll(() => opened.dump.close())

  test('every cache has the totals that the oracle counted', () => {
    const truth = JSON.parse(readFileSync(evidence(dump, 'caches.json'), 'utf8')) as Truth
    const found = Object.fromEntries(slabs.caches().map((cache) => [cache.name, Object.fromEntries(truthKeys.map((key) => [key, cache[key]]))]))
    const wanted = Object.fromEntries(Object.entries(truth).map(([name, cache]) => [name, Object.fromEntries(truthKeys.map((key) => [key, cache[key]]))]))
    expect(found).toEqual(wanted)
    for (const { name, address } of slabs.caches()) expect(address).toBe(BigInt(truth[name].address))
  })

  test.each(readdirSync(evidence(dump, 'allocated')))('the allocated objects of %s are those that the oracle lists', (file) => {
    const name = file.replace('.txt.gz', '')
    const objects = slabs.objects([name])
    const found = [...objects.address].filter((_, i) => objects.state[i] === ALLOCATED)
    expect(found).toEqual(addresses(evidence(dump, 'allocated', file)))
  })

  test('states and counters agree in every cache, and no object is unknown', () => {
    const objects = slabs.objects()
    const allocated = new Array<number>(objects.caches.length).fill(0)
    const states = objectStates.map(() => 0)
    for (let i = 0; i < objects.length; i++) {
      states[objects.state[i]]++
      if (objects.state[i] === ALLOCATED) allocated[objects.cache[i]]++
    }
    expect(allocated).toEqual(slabs.caches().map((cache) => cache.allocated))
    expect(states[objectStates.indexOf('unknown')]).toBe(0)
    expect(states[objectStates.indexOf('cached')]).toBeGreaterThan(0)
    expect(opened.kernel.warnings.list()).toEqual([])
  })

  test('objects come in address order, each found again by any address in it', () => {
    const objects = slabs.objects()
    for (let i = 1; i < objects.length; i++) if (objects.address[i - 1] >= objects.address[i]) expect.fail(`row ${i} is out of order`)
    for (let i = 0; i < objects.length; i += 997) {
      const place = slabs.find(objects.address[i] + 5n)
      expect(place).toMatchObject({ object: objects.address[i], offset: 5, state: objects.state[i], slabAddress: objects.slabs[objects.slab[i]] })
      expect(place?.cache).toBe(objects.caches[objects.cache[i]])
      const slab = slabs.slabOfFrame(Math.floor(opened.kernel.physicalOf(objects.address[i])! / opened.kernel.pageBytes))
      expect(slab).toBe(place?.slab)
    }
  })

  test('slabs add up to the caches', () => {
    const { length, cache, objects, allocated, missingPages, corrupt } = slabs.slabs()
    const sums = slabs.caches().map(() => ({ allocated: 0, total: 0 }))
    for (let slab = 0; slab < length; slab++) {
      if (cache[slab] === NO_INDEX) continue
      sums[cache[slab]].allocated += allocated[slab]
      sums[cache[slab]].total += objects[slab]
    }
    expect(sums).toEqual(slabs.caches().map(({ allocated, total }) => ({ allocated, total })))
    expect([...missingPages].every((pages) => pages === 0)).toBe(true)
    expect([...corrupt].every((flag) => flag === 0)).toBe(true)
  })
})

describeEvidence('names of merged caches', () => {
  test('come from sysfs links', async () => {
    const { kernel, dump } = await openKernel(evidence('x86_64-slub', 'vmcore'))
    const aliases = Object.fromEntries(readSlabs(kernel).caches().map((cache) => [cache.name, cache.aliases]))
    expect(aliases['UDPv6']).toEqual(['UDPLITEv6'])
    const merged = Object.values(aliases).flat()
    expect(new Set(merged).size).toBe(merged.length)
    expect(merged.filter((name) => name.startsWith(':'))).toEqual([])
    dump.close()
  })
})
