import type { MemberPlace, TypeTable } from '../../lib/type/typeTable.js'

/** Where a member lies: its offset (8 bytes), its offset, size and C type, or its first bit and width. */
export type MemberSpec = number | readonly [offset: number, bytes: number, type?: string] | { readonly bit: number; readonly bits: number }

export interface StructSpec {
  readonly bytes: number
  readonly members?: Readonly<Record<string, MemberSpec>>
}

export interface TypesSpec {
  readonly structs: Readonly<Record<string, StructSpec>>
  readonly enumerators?: Readonly<Record<string, number>>
}

/** Types of a kernel that a test writes down: `{ structs: { list_head: { bytes: 16, members: { next: 0, prev: 8 } } } }`. */
export function structTypes(spec: TypesSpec): TypeTable {
  const plain = (name: string): string => name.replace(/^(struct|union|enum) /, '')
  return {
    length: Object.keys(spec.structs).length,
    sizeOf: (name) => spec.structs[plain(name)]?.bytes,
    member: (struct, path) => placeOf(spec.structs[plain(struct)]?.members?.[path]),
    enumerator: (name) => {
      const value = spec.enumerators?.[name]
      return value === undefined ? undefined : BigInt(value)
    }
  }
}

function placeOf(member: MemberSpec | undefined): MemberPlace | undefined {
  if (member === undefined) return undefined
  if (typeof member === 'number') return { offset: member, bytes: 8, bitOffset: null, bits: null, type: 'void *' }
  if ('bit' in member) return { offset: member.bit >>> 3, bytes: 4, bitOffset: member.bit, bits: member.bits, type: 'unsigned int' }
  return { offset: member[0], bytes: member[1], bitOffset: null, bits: null, type: member[2] ?? 'unsigned int' }
}

/** The spec with some structs' members added, replaced, or (undefined) taken away: one kernel as a change to another. */
export function varied(spec: TypesSpec, changes: Readonly<Record<string, Readonly<Record<string, MemberSpec | undefined>>>>, more: Partial<TypesSpec> = {}): TypesSpec {
  const structs: Record<string, StructSpec> = { ...spec.structs, ...more.structs }
  for (const [name, members] of Object.entries(changes)) {
    const kept = Object.entries({ ...structs[name]?.members, ...members }).filter(([, place]) => place !== undefined) as [string, MemberSpec][]
    structs[name] = { bytes: structs[name]?.bytes ?? 64, members: Object.fromEntries(kept) }
  }
  return { structs, enumerators: { ...spec.enumerators, ...more.enumerators } }
}
