import { varied, type TypesSpec } from './structTypes.js'

/** Parts that every kernel has. */
const common: TypesSpec['structs'] = {
  list_head: { bytes: 16, members: { next: 0, prev: 8 } },
  callback_head: { bytes: 16, members: { next: 0, func: 8 } },
  page: { bytes: 64, members: { flags: 0, compound_head: 8, page_type: [0x30, 4], _mapcount: [0x30, 4] } }
}

/** SLUB as v6.1 has it: per-CPU slabs, `PG_slab` a page flag (bit 9). */
export const slub61: TypesSpec = {
  structs: {
    ...common,
    slab: {
      bytes: 64,
      members: {
        slab_list: [8, 16], next: 8, callback_head: [8, 16], slab_cache: 0x18, freelist: 0x20, counters: 0x28,
        inuse: { bit: 0x140, bits: 16 }, objects: { bit: 0x150, bits: 15 }, frozen: { bit: 0x15f, bits: 1 }
      }
    },
    kmem_cache: {
      bytes: 0x100 + 8 * 1024,
      members: {
        cpu_slab: 0, flags: 8, size: [0x18, 4], object_size: [0x1c, 4], offset: [0x28, 4], 'oo.x': [0x30, 4], oo: [0x30, 4], refcount: [0x3c, 4],
        inuse: [0x48, 4], red_left_pad: [0x50, 4], name: 0x58, list: [0x60, 16], 'list.next': 0x60, 'list.prev': 0x68,
        kobj: [0x70, 64], random: 0xb8, node: [0x100, 8 * 1024, 'struct kmem_cache_node *[1024]']
      }
    },
    kmem_cache_cpu: { bytes: 48, members: { freelist: 0, tid: 8, slab: 0x10, partial: 0x18 } },
    kmem_cache_node: { bytes: 64, members: { nr_partial: 8, partial: [0x10, 16], nr_slabs: 0x20, total_objects: 0x28, full: [0x30, 16] } }
  },
  enumerators: { PG_slab: 9 }
}

/** v6.1 without SLAB_FREELIST_HARDENED. */
export const slub61Plain = varied(slub61, { kmem_cache: { random: undefined } })

/** Before v5.17 a slab's members lay in `struct page`, and `struct kmem_cache_cpu` had `page`. */
export const slub510 = ((): TypesSpec => {
  const { slab, ...rest } = slub61.structs
  const members = { ...common.page.members, ...slab.members, slab_list: undefined }
  return varied({ ...slub61, structs: rest }, { page: members, kmem_cache_cpu: { slab: undefined, page: 0x10 } })
})()

/** v6.18: page types, sheaves beside per-CPU slabs, the barn in the node, flags numbered by an enum. */
export const slub618 = varied(slub61, {
  slab: {
    slab_cache: 8, slab_list: [0x10, 16], next: 0x10, callback_head: [0x10, 16], obj_exts: 0x38
  },
  kmem_cache: { cpu_sheaves: 0xe0, sheaf_capacity: [0xe8, 4] },
  kmem_cache_node: { barn: 0x40 }
}, {
  structs: {
    slub_percpu_sheaves: { bytes: 32, members: { main: 8, spare: 16, rcu_free: 24 } },
    slab_sheaf: { bytes: 32, members: { callback_head: [0, 16], barn_list: [0, 16], capacity: [0, 4], cache: 16, size: [24, 4], node: [28, 4], objects: [32, 0] } },
    node_barn: { bytes: 48, members: { sheaves_full: [8, 16], sheaves_empty: [24, 16], nr_full: [40, 4], nr_empty: [44, 4] } },
    rcu_data: { bytes: 64, members: { 'cblist.head': 0, 'nocb_bypass.head': 8 } }
  },
  enumerators: {
    PGTY_slab: 0xf5, _SLAB_CONSISTENCY_CHECKS: 0, _SLAB_RED_ZONE: 1, _SLAB_POISON: 2, _SLAB_KMALLOC: 3, _SLAB_STORE_USER: 7, _SLAB_TYPESAFE_BY_RCU: 9,
    _SLAB_ACCOUNT: 13, _SLAB_RECLAIM_ACCOUNT: 15, _SLAB_FLAGS_LAST_BIT: 19
  }
})

/** v7.1: no per-CPU slabs, nodes and barns in `per_node[]`, `compound_info` instead of `compound_head`. */
export const slub71 = varied(slub618, {
  page: { compound_head: undefined, compound_info: 8 },
  kmem_cache: { cpu_slab: undefined, node: undefined, per_node: [0x100, 16 * 1024, 'struct kmem_cache_per_node_ptrs[1024]'] },
  kmem_cache_node: { barn: undefined }
}, { structs: { kmem_cache_per_node_ptrs: { bytes: 16, members: { barn: 0, node: 8 } } } })

/** SLAB as v6.1 has it. */
export const slab61: TypesSpec = {
  structs: {
    ...common,
    slab: { bytes: 64, members: { slab_list: [8, 16], callback_head: [8, 16], slab_cache: 0x18, freelist: 0x20, s_mem: 0x28, active: [0x30, 4] } },
    kmem_cache: {
      bytes: 0x100 + 8 * 1024,
      members: {
        cpu_cache: 0, size: [0x18, 4], flags: [0x20, 4], num: [0x24, 4], gfporder: [0x28, 4], name: 0x58, list: [0x60, 16], 'list.next': 0x60,
        'list.prev': 0x68, refcount: [0x70, 4], object_size: [0x74, 4], node: [0x100, 8 * 1024, 'struct kmem_cache_node *[1024]']
      }
    },
    array_cache: { bytes: 16, members: { avail: [0, 4], limit: [4, 4], entry: [16, 0] } },
    alien_cache: { bytes: 24, members: { ac: [8, 16] } },
    kmem_cache_node: {
      bytes: 0x80, members: { slabs_partial: [8, 16], slabs_full: [24, 16], slabs_free: [40, 16], total_slabs: 56, free_slabs: 64, free_objects: 72, shared: 80, alien: 88 }
    },
    freelist_idx_t: { bytes: 1 }
  },
  enumerators: { PG_slab: 9 }
}

/** SLAB with two-byte object numbers, as kernels with large pages have. */
export const slab61Wide: TypesSpec = { ...slab61, structs: { ...slab61.structs, freelist_idx_t: { bytes: 2 } } }

/** SLAB with DEBUG_SLAB: payloads start after a red zone. */
export const slab61Debug = varied(slab61, { kmem_cache: { obj_offset: [0x78, 4] } })
