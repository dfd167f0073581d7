/** What a machine word in an object looks like, by its value alone. */
export const wordClasses = [
  'missing', 'zero', 'small integer', 'ascii', 'user pointer', 'direct map pointer', 'slab pointer', 'vmalloc pointer',
  'page structure pointer', 'kernel pointer', 'other', 'error pointer', 'poison', 'self pointer', 'empty list head',
  'kernel text', 'kernel data', 'module text', 'module data', 'varying'
] as const

/**
 * - `missing`: the evidence does not hold the word; it is not zero
 * - `small integer`: below 2^20
 * - `ascii`: four to eight printable characters, then only NULs
 * - `self pointer`: an address within the same object; `empty list head` where a word and its neighbour both hold the address of the first
 * - `kernel pointer`: an address of the kernel's half of which no more is known
 * - `error pointer`: -1 to -4095, as ERR_PTR makes it, or a negative integer
 * - `varying`: only of a group, never of a word: its objects disagree about the class
 */
export type WordClass = (typeof wordClasses)[number]

/** One past the largest small integer. */
export const SMALL_END = 1 << 20

/** Positions in {@link wordClasses}, as typed arrays hold them. */
export const MISSING = 0
export const ZERO = 1
export const SMALL = 2
export const ASCII = 3
export const USER = 4
export const DIRECT = 5
export const SLAB = 6
export const VMALLOC = 7
export const PAGE_STRUCT = 8
export const KERNEL = 9
export const OTHER = 10
export const ERROR = 11
export const POISON = 12
export const SELF = 13
export const LIST_HEAD = 14
export const KERNEL_TEXT = 15
export const KERNEL_DATA = 16
export const MODULE_TEXT = 17
export const MODULE_DATA = 18
export const VARYING = 19

/** Values of include/linux/poison.h and mm/slab.h that mark memory nobody should use, with what they mean. */
export function poisonName(high: number, low: number): string | undefined {
  if (high === low) {
    if (low === 0x6b6b6b6b) return 'POISON_FREE'
    if (low === 0x5a5a5a5a) return 'POISON_INUSE'
    if (low === 0xa5a5a5a5) return 'POISON_END'
    if (low === 0xbbbbbbbb) return 'SLUB_RED_INACTIVE'
    if (low === 0xcccccccc) return 'SLUB_RED_ACTIVE'
    return undefined
  }
  // Either byte order: the last byte of a poisoned payload is POISON_END.
  if ((high === 0xa56b6b6b && low === 0x6b6b6b6b) || (high === 0x6b6b6b6b && low === 0x6b6b6ba5)) return 'POISON_FREE'
  // POISON_POINTER_DELTA 0xdead000000000000; the offsets were 0x100100 and 0x200200 before 4.15.
  if (high === 0xdead0000) return { 0x100: 'LIST_POISON1', 0x122: 'LIST_POISON2', 0x200: 'LIST_POISON2', 0x100100: 'LIST_POISON1', 0x200200: 'LIST_POISON2' }[low] ?? 'POISON_POINTER_DELTA'
  if (high === 0xd84156c5 && low === 0x635688c0) return 'RED_ACTIVE'
  if (high === 0x09f91102 && low === 0x9d74e35b) return 'RED_INACTIVE'
  return undefined
}

/**
 * Four to eight printable characters and then only NULs, in memory order. `first` holds the bytes at the lower addresses, least
 * significant first, whatever the machine's byte order.
 */
export function isAscii(first: number, second: number): boolean {
  for (let i = 0; i < 4; i++) {
    const byte = (first >>> (i * 8)) & 0xff
    if (byte < 0x20 || byte > 0x7e) return false
  }
  let ended = false
  for (let i = 0; i < 4; i++) {
    const byte = (second >>> (i * 8)) & 0xff
    if (byte === 0) ended = true
    else if (ended || byte < 0x20 || byte > 0x7e) return false
  }
  return true
}
