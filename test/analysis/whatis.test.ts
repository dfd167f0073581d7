import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hexdump } from '../../lib/analysis/hexdump.js'
import { whatis } from '../../lib/analysis/whatis.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import type { VmcoreSystem } from '../../lib/system/vmcoreSystem.js'
import { blockMemory, cacheNamed, machine } from '../builders/machine.js'
import { describeEvidence, evidence } from '../evidence.js'
import { plantedObjects } from '../planted.js'

describeEvidence('what lies at an address of a dump', () => {
  let system: VmcoreSystem
  let debug: VmcoreSystem

  beforeAll(async () => {
    system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    debug = await openVmcore(evidence('x86_64-slub-debug', 'vmcore'))
  })
  afterAll(() => {
    system.close()
    debug.close()
  })

  test('an object, from anywhere in it', () => {
    expect(whatis(system, 'ffff8e89812d1ec8').object(0)).toEqual({
      address: '0xffff8e89812d1ec8', kind: 'slab object', cache: 'kmalloc-cg-32', slab: '0xffff8e89812d1000', slot: 118, object: '0xffff8e89812d1ec0',
      offset: 8, state: 'allocated', queued: false, symbol: null, module: null, type: 'seq_operations', typeBasis: expect.stringContaining('single_start') as string,
      neighbours: [{ address: '0xffff8e89812d1ea0', state: 'allocated' }, { address: '0xffff8e89812d1ee0', state: 'allocated' }],
      cgroup: null, file: null, line: null, stack: null, pid: null, freeStack: null, freePid: null
    })
  })

  test('the type of an object that nothing in it names alone, by all that is known of the machine', () => {
    const [session] = plantedObjects('x86_64-slub').filter(({ kind }) => kind === 'S')
    expect(whatis(system, session.address).object(0)).toMatchObject({ type: 'TestModSession', typeBasis: expect.stringContaining('TestMod_SessionWork fits') as string })
    const [node] = plantedObjects('x86_64-slub').filter(({ kind }) => kind === 'N')
    expect(whatis(system, node.address).object(0)).toMatchObject({ type: 'TestModNode' })
    const [dentry] = system.objects(['dentry']).address
    expect(whatis(system, dentry).object(0)).toMatchObject({ type: 'dentry', typeBasis: 'the cache dentry holds nothing else' })
  })

  test('the parts of a slot around an object, and who allocated it', () => {
    const redZone = whatis(debug, '0xffff8f4d812c8518').object(0) as { stack: string[] }
    expect(redZone).toMatchObject({ kind: 'left red zone', object: '0xffff8f4d812c8520', offset: -8 })
    expect(redZone.stack.slice(0, 3)).toEqual(['kmalloc_trace+0x26', 'single_open+0x2a', 'TestMod_ProcContentOpen+0x1b [testmod]'])
    const freed = whatis(debug, '0xffff8f4d840b3008').object(0) as { stack: string[]; freeStack: string[] }
    expect(freed).toMatchObject({ state: 'free', pid: 368, freePid: 49 })
    expect([freed.stack[1], freed.freeStack[0]]).toEqual(['kernfs_fop_open+0x300', 'kfree_rcu_work+0x28c'])
    expect(whatis(debug, '0xffff8f4d812c8550').object(0)).toMatchObject({ kind: 'behind a slab object', offset: 48, slot: 8 })
    expect(whatis(debug, '0xffff8f4d812c8fff').object(0)).toMatchObject({ kind: 'unused end of a slab', slot: null, object: null, offset: 4095, neighbours: [] })
  })

  test.each([
    ['single_start', { kind: 'kernel symbol', symbol: 'single_start', module: null, cache: null, neighbours: [] }],
    ['TestMod_ProcContentSeqShow+4', { kind: 'module symbol', symbol: 'TestMod_ProcContentSeqShow+0x4', module: 'testmod' }],
    ['fffff6aa4004b440', { kind: 'page structure', cache: 'kmalloc-cg-32', slab: '0xffff8e89812d1000', state: null, object: null }],
    ['0xffff8e8980000000', { kind: 'kernel page', cache: null }],
    ['0x1234', { kind: 'user address or number' }]
  ])('%s', (address, wanted) => {
    expect(whatis(system, address).object(0)).toMatchObject(wanted)
  })

  test('what is neither address nor symbol is wrong usage', () => {
    expect(() => whatis(system, 'no such thing')).toThrow('expected an address or a symbol, got no such thing')
  })

  test('a hex dump ends with the object, and names what words point at', () => {
    const rows = hexdump(system, '0xffff8e89812d1ec0').objects()
    expect(rows).toHaveLength(4)
    expect(rows[3]).toEqual({
      address: '0xffff8e89812d1ed8', offset: 24, value: '0xffffffffc043e0d0', text: '..C.....', symbol: 'TestMod_ProcContentSeqShow', module: 'testmod', cache: null, missing: null
    })
    expect(hexdump(system, '0xffff8e89812d1ec0', { type: 'seq_operations' }).array('member')).toEqual(['start', 'stop', 'next', 'show'])
    // A planted session starts with a list head that points at itself.
    const planted = gunzipSync(readFileSync(evidence('x86_64-slub', 'planted.txt.gz'))).toString()
    const session = `0x${/^S (?:0x)?([0-9a-f]+)/m.exec(planted)![1]}`
    expect(hexdump(system, session, { bytes: 20 }).objects()).toMatchObject([{ value: session, cache: 'kmalloc-96', symbol: null }, { value: session }, {}])
    expect(hexdump(system, 'init_task').numRows()).toBe(32)
  })
})

describe('what lies at an address of a session', () => {
  const cache = cacheNamed('kmalloc-64', { objectBytes: 64, slotBytes: 64 })
  const base = 0xffff888000001000n
  const system = machine({
    memory: blockMemory(base, new Uint8Array(4096)), caches: [cache],
    objects: [{ address: base, cache: 0 }, { address: base + 64n, cache: 0, state: 1 }, { address: base + 256n, cache: 0 }]
  })

  test('is the listed object that holds it', () => {
    expect(whatis(system, base + 70n).object(0)).toMatchObject({
      kind: 'slab object', cache: 'kmalloc-64', slot: 1, object: '0xffff888000001040', offset: 6, state: 'free', type: null,
      neighbours: [{ address: '0xffff888000001000', state: 'allocated' }, { address: '0xffff888000001100', state: 'allocated' }]
    })
    expect(whatis(system, base + 128n).object(0)).toMatchObject({ cache: null, object: null })
    expect(whatis(system, base - 1n).object(0)).toMatchObject({ cache: null, object: null })
  })

  test('reads as far as it is held', () => {
    expect(hexdump(system, base + 64n).numRows()).toBe(8)
    const end = hexdump(system, base + 4088n, { bytes: 16 })
    expect(end.object(1)).toMatchObject({ value: null, text: null, missing: 'unmapped' })
  })
})
