import { describe, expect, test } from 'vitest'
import { readSlabs } from '../../lib/slab/readSlabs.js'
import { Owners } from '../../lib/slab/owners.js'
import { slub61, slub71 } from '../builders/slabLayouts.js'
import { SlubKernel, type TestSlab } from '../builders/slubKernel.js'
import { varied, type MemberSpec } from '../builders/structTypes.js'

const cgroups: Record<string, { bytes: number; members: Record<string, MemberSpec> }> = {
  obj_cgroup: { bytes: 48, members: { memcg: 16 } },
  mem_cgroup: { bytes: 64, members: { 'css.cgroup': 0 } },
  cgroup: { bytes: 64, members: { kn: 24 } },
  kernfs_node: { bytes: 64, members: { parent: 8, name: 16 } },
  codetag: { bytes: 32, members: { flags: [0, 4], lineno: [4, 4], modname: 8, function: 16, filename: 24 } }
}
const pointers = varied(slub61, { slab: { memcg_data: 0x38 } }, { structs: cgroups })
const extensions = varied(slub71, { slab: { obj_exts: 0x38 } }, {
  structs: { ...cgroups, slabobj_ext: { bytes: 16, members: { objcg: 0, ref: [8, 8], 'ref.ct': 8 } } }
})
const strided = varied(extensions, { slab: { stride: [0x2c, 4] } })
const inObjects = varied(extensions, { slab: { obj_exts_in_object: { bit: 0x15f, bits: 1 } } })

function text(kernel: SlubKernel, value: string): bigint {
  const address = kernel.alloc(value.length + 1)
  kernel.writeText(address, value)
  return address
}

/** An obj_cgroup of the cgroup at a path. */
function objcg(kernel: SlubKernel, ...path: string[]): bigint {
  let parent = 0n
  for (const name of ['', ...path]) {
    const node = kernel.alloc(64)
    kernel.set('kernfs_node', node, { parent, name: text(kernel, name) })
    parent = node
  }
  const [cgroup, memcg, charged] = [kernel.alloc(64), kernel.alloc(64), kernel.alloc(48)]
  kernel.set('cgroup', cgroup, { kn: parent }).set('mem_cgroup', memcg, { 'css.cgroup': cgroup }).set('obj_cgroup', charged, { memcg })
  return charged
}

function codetag(kernel: SlubKernel, file: string, line: number, name: string, module?: string): bigint {
  const tag = kernel.alloc(32)
  kernel.set('codetag', tag, {
    lineno: line, function: text(kernel, name), filename: text(kernel, file), modname: module === undefined ? 0 : text(kernel, module)
  })
  return tag
}

function ownersOf(kernel: SlubKernel): Owners {
  const view = kernel.view()
  return new Owners(view, readSlabs(view).table)
}

function slabWith(types: typeof slub61): { kernel: SlubKernel; slab: TestSlab } {
  const kernel = new SlubKernel({ types })
  return { kernel, slab: kernel.slab(kernel.cache('kmalloc-cg-256', { objectBytes: 128, slotBytes: 256 })) }
}

describe('whom objects are charged to', () => {
  test('as pointers with flags in the low bits', () => {
    const { kernel, slab } = slabWith(pointers)
    const vector = kernel.alloc(8 * 16)
    kernel.write(vector + 8n * 3n, objcg(kernel, 'system.slice', 'leaky.service')).write(vector + 8n * 4n, objcg(kernel))
    kernel.set('slab', slab.page, { memcg_data: vector | 1n })
    const owners = ownersOf(kernel)
    expect([2, 3, 4].map((slot) => owners.cgroup(0, slot))).toEqual([null, '/system.slice/leaky.service', '/'])
    expect(owners.site(0, 3)).toBeNull()
  })

  test.each([['one behind the other', extensions, 16], ['a stride apart', strided, 32], ['in the objects\' own padding', inObjects, 256]] as const)(
    'and where they were allocated, %s', (_, types, stride) => {
      const { kernel, slab } = slabWith(types)
      const vector = stride === 256 ? slab.address + 200n : kernel.alloc(16 * stride)
      const entry = vector + BigInt(5 * stride)
      kernel.write(entry, objcg(kernel, 'user.slice')).write(entry + 8n, codetag(kernel, 'fs/seq_file.c', 577, 'single_open', 'testmod'))
      kernel.write(vector + BigInt(6 * stride) + 8n, 1)
      kernel.set('slab', slab.page, { obj_exts: vector | 5n, ...(stride === 32 ? { stride } : {}), ...(stride === 256 ? { obj_exts_in_object: 1 } : {}) })
      const owners = ownersOf(kernel)
      expect(owners.cgroup(0, 5)).toBe('/user.slice')
      expect(owners.site(0, 5)).toEqual({ file: 'fs/seq_file.c', line: 577, function: 'single_open', module: 'testmod' })
      expect([owners.cgroup(0, 6), owners.site(0, 6)]).toEqual([null, null])
    })

  test('is unknown where the kernel keeps nothing, or the dump lost it', () => {
    const { kernel, slab } = slabWith(slub61)
    expect(slab.objects).toBe(16)
    expect(ownersOf(kernel).exist).toBe(false)
    const lost = slabWith(extensions)
    lost.kernel.set('slab', lost.slab.page, { obj_exts: 0x1000 })
    expect(ownersOf(lost.kernel).cgroup(0, 0)).toBeNull()
    const wild = slabWith(pointers)
    const vector = wild.kernel.alloc(128)
    wild.kernel.write(vector, 0x1234n).set('slab', wild.slab.page, { memcg_data: vector })
    expect(ownersOf(wild.kernel).cgroup(0, 0)).toBeNull()
  })
})
