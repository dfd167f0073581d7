import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { crashCaches } from '../../lib/dump/crashFormat/cacheListing.js'
import { crashRead } from '../../lib/dump/crashFormat/memoryListing.js'
import { crashObjects } from '../../lib/dump/crashFormat/objectListing.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import type { VmcoreSystem } from '../../lib/system/vmcoreSystem.js'
import { blockMemory, cacheNamed, machine } from '../builders/machine.js'
import { describeEvidence, evidence } from '../evidence.js'

/** What crash printed, without the warning that it starts some sessions with. */
function printed(dump: string, file: string): string {
  const plain = evidence(dump, 'crash', file)
  const text = existsSync(plain) ? readFileSync(plain, 'utf8') : gunzipSync(readFileSync(`${plain}.gz`)).toString()
  return text.replace(/^WARNING: .*\n\n/, '')
}

describeEvidence.each([
  ['x86_64-slub', ['kmalloc-96', 'kmalloc-cg-32', 'seq_file']],
  ['x86_64-slub-debug', ['kmalloc-96', 'kmalloc-cg-32', 'seq_file']],
  ['arm64-slab', ['kmalloc-128', 'seq_file']]
] as const)('%s, as crash printed it', (dump, caches) => {
  let system: VmcoreSystem

  beforeAll(async () => {
    system = await openVmcore(evidence(dump, 'vmcore'))
  })
  afterAll(() => system.close())

  test('kmem -s', () => {
    const wanted = printed(dump, 'kmem-s.txt').split('\n')
    const found = crashCaches(system).split('\n')
    expect(found).toHaveLength(wanted.length)
    const different = found.filter((line, i) => line !== wanted[i]).map((line) => line.split(/\s+/).at(-1))
    // Of these crash counted one more each, the oracle as many as we do: what one open file of /proc takes, on a machine that was running.
    const openFile = ['proc_inode_cache', 'filp', 'dentry', 'lsm_inode_cache', 'lsm_file_cache', 'kmalloc-1k']
    expect(different).toEqual(dump === 'x86_64-slub-debug' ? openFile : [])
  })

  test.each(caches)('kmem -S %s', (cache) => {
    expect([...crashObjects(system, cache)].join('')).toBe(printed(dump, `kmem-S-${cache}.txt`))
  })

  test('rd', () => {
    const words = dump === 'x86_64-slub-debug' ? 20 : 16
    const sample = printed(dump, 'sample200.txt').trim().split('\n')
    const read = (count: number, symbols: boolean): string => sample.map((address) => crashRead(system, BigInt(`0x${address}`), { count, symbols })).join('')
    expect(read(words, false)).toBe(printed(dump, 'rd200.txt'))
    if (dump !== 'arm64-slab') expect(read(4, true)).toBe(printed(dump, 'rd-s200.txt'))
  })
})

describe('rd', () => {
  const base = 0xffff888000000000n
  const bytes = new Uint8Array(8192)
  bytes.set(Buffer.from('kernel memory, 64'))
  bytes.set([0xff, 0x00, 0x7f, 0x80], 4092)
  const system = machine({ memory: blockMemory(base, bytes, new Set([1])) })

  test.each([
    [64, 3, 'ffff888000000000:  6d206c656e72656b 36202c79726f6d65   kernel memory, 6\nffff888000000010:  0000000000000034                    4.......\n'],
    [32, 2, 'ffff888000000000:  6e72656b 6d206c65                     kernel m\n'],
    [16, 8, 'ffff888000000000:  656b 6e72 6c65 6d20 6d65 726f 2c79 3620   kernel memory, 6\n'],
    [8, 4, 'ffff888000000000:  6b 65 72 6e                                       kern\n']
  ] as const)('of %d bits', (bits, count, text) => {
    expect(crashRead(system, base, { bits, count })).toBe(text)
  })

  test('stops at a missing page with crash\'s words', () => {
    expect(crashRead(system, base + 4080n, { count: 4 })).toBe('ffff888000000ff0:  0000000000000000 807f00ff00000000   ................\n' +
      'rd: page excluded: kernel virtual address: ffff888000001000  type: "64-bit KVADDR"\n')
    expect(crashRead(system, base + 4084n, { count: 3 })).toContain('rd: page excluded: kernel virtual address: ffff888000000ffc')
    expect(crashRead(system, 0x1000n)).toBe('rd: invalid kernel virtual address: 1000  type: "64-bit KVADDR"\n')
  })

  test('wants a count', () => {
    expect(() => crashRead(system, base, { count: 0 })).toThrow('expected a count of words, got 0')
  })
})

describe('kmem', () => {
  const system = machine({ memory: blockMemory(0n, new Uint8Array(8)), caches: [cacheNamed('kmalloc-128', { slotBytes: 128, aliases: ['other'] })] })

  test('shows what is unknown as crash does', () => {
    expect(crashCaches(system, ['other'])).toBe('CACHE             OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME\n' +
      '0                     128          ?         ?      ?     ?k  kmalloc-128\n')
  })

  test('wants a cache that is there, and for -S a dump', () => {
    expect(() => crashCaches(system, ['none'])).toThrow('no cache named none')
    expect(() => [...crashObjects(system, 'kmalloc-128')]).toThrow('only a dump holds what kmem -S prints')
  })
})
