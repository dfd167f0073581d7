import type { BtfTypes } from './btfTypes.js'

/** Where a member lies in its struct, anonymous inner structs and unions looked through. */
export interface MemberPlace {
  /** Bytes from the start of the struct. For a bit field: of the byte that holds its first bit. */
  readonly offset: number
  /** Bytes of the member; of the storage unit for a bit field. Null where the type's size is unknown. */
  readonly bytes: number | null
  /** For a bit field: its first bit from the start of the struct, and its width. */
  readonly bitOffset: number | null
  readonly bits: number | null
  /** How C would write the member's type: `struct list_head`, `void *`, `unsigned int[4]`. */
  readonly type: string
}

/** Types of one kernel, its modules' included. The BTF reader makes it. */
export interface TypeTable {
  /** The types themselves where they come from BTF: for declarations, typed reads and matching. A transcript shows none. */
  readonly btf?: BtfTypes
  /** How many types. */
  readonly length: number
  /** Bytes of a struct, union, enum or typedef of that name (`kmem_cache` or `struct kmem_cache`); undefined where there is none. */
  sizeOf(name: string): number | undefined
  /**
   * A member by path from a struct, union or typedef: `member('kmem_cache', 'oo.x')`; undefined where any part does not exist,
   * which is how slablab asks what a kernel has.
   */
  member(struct: string, path: string): MemberPlace | undefined
  /** The value of an enumerator, of whatever enum: `enumerator('_SLAB_RED_ZONE')`. */
  enumerator(name: string): bigint | undefined
}
