import type { System } from '../system/system.js'
import type { SignatureGroup, SignatureWord } from './signature.js'
import { shownTypeOf } from './shownTypes.js'

/** What struct lies in the objects of a group, and why. */
export interface TypeGuess {
  readonly type: string
  /** Of the struct; null where the evidence does not say. */
  readonly bytes: number | null
  readonly basis: string
  /** Names of members by their offset, as far as the guess knows them. */
  readonly members?: Readonly<Record<number, string>>
}

/** A struct that can be told by which functions stand where: declarative, for evidence that has no types of its own. */
export interface KnownType {
  readonly type: string
  readonly bytes: number
  /** Names of the functions at these offsets. */
  readonly functions: Readonly<Record<number, string>>
  /** Names of the members at these offsets. */
  readonly members: Readonly<Record<number, string>>
}

/**
 * Structs of the kernel told by their functions alone. Offsets are of 64-bit machines.
 * seq_operations: fs/seq_file.c, single_open(); member order start, stop, next, show in include/linux/seq_file.h.
 */
export const knownTypes: readonly KnownType[] = [
  {
    type: 'seq_operations', bytes: 32,
    functions: { 0: 'single_start', 8: 'single_stop', 16: 'single_next' }, members: { 0: 'start', 8: 'stop', 16: 'next', 24: 'show' }
  }
]

/** Members of struct vm_struct (include/linux/vmalloc.h) as they were before huge mappings came. */
const vmStructMembers = { 0: 'next', 8: 'addr', 16: 'size', 24: 'flags', 32: 'pages', 40: 'nr_pages', 48: 'phys_addr', 56: 'caller' }

/**
 * The type of a group: as the session printed it, as its functions tell it, or as the shape of its example does; undefined where none of
 * them says anything. With BTF at hand, typing.ts knows more.
 *
 * @example typeOfGroup(system, group)?.type // 'seq_operations'
 */
export function typeOfGroup(system: System, group: SignatureGroup, addresses: () => BigUint64Array): TypeGuess | undefined {
  return shownTypeOf(system, group, addresses) ?? byFunctions(group) ?? byShape(group)
}

function byFunctions(group: SignatureGroup): TypeGuess | undefined {
  for (const { type, bytes, functions, members } of knownTypes) {
    const offsets = Object.keys(functions).map(Number)
    const named = offsets.filter((offset) => nameAt(group, offset) === functions[offset])
    // A session may have named only some of them. The others must at least be code that it did not name otherwise.
    const open = offsets.filter((offset) => nameAt(group, offset) === undefined && isCode(wordAt(group, offset)))
    if (named.length * 2 > offsets.length && named.length + open.length === offsets.length) {
      const basis = named.map((offset) => `${functions[offset]} at 0x${offset.toString(16)}`).join(', ')
      return { type, bytes, basis, members }
    }
  }
  return undefined
}

/**
 * struct vm_struct (include/linux/vmalloc.h): next, addr, size, flags, pages, nr_pages, phys_addr, caller. No word of it is a constant, yet
 * they must fit each other: a page-aligned area in vmalloc space of whole pages, and as many pages as its size says, less one guard page.
 */
function byShape(group: SignatureGroup): TypeGuess | undefined {
  const [, address, size, flags, pages, count, , caller] = group.words
  if (caller === undefined || group.words.length < 8 || caller.offset !== 56) return undefined
  const classes = address.class === 'vmalloc pointer' && size.class === 'small integer' && flags.class === 'small integer'
    && /pointer/.test(pages.class) && count.class === 'small integer' && isCode(caller)
  if (!classes || address.value === null || size.value === null || count.value === null) return undefined
  const page = 4096n
  const whole = address.value % page === 0n && size.value % page === 0n
  if (!whole || (count.value !== size.value / page && count.value !== size.value / page - 1n)) return undefined
  return { type: 'vm_struct', bytes: 64, basis: 'an area in vmalloc space of as many pages as its size says, and a caller', members: vmStructMembers }
}

function wordAt(group: SignatureGroup, offset: number): SignatureWord | undefined {
  return group.words.find((word) => word.offset === offset)
}

function nameAt(group: SignatureGroup, offset: number): string | undefined {
  const word = wordAt(group, offset)
  return word?.symbol?.offset === 0 ? word.symbol.name : undefined
}

function isCode(word: SignatureWord | undefined): boolean {
  return word !== undefined && word.value !== null && (word.class === 'kernel text' || word.class === 'module text')
}
