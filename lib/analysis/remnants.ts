import type { SignatureWord } from './signature.js'

/** Content of a file in a kernel object: what a former user of the memory left there. */
export interface Remnant {
  /** Bytes from the start of the object at which the recognised part starts and ends. */
  readonly start: number
  readonly end: number
  /** Where the object's present owner must have stopped writing, if its beginning was overwritten. */
  readonly boundary: number | null
  readonly text: string
}

/** Elf64_Ehdr (elf.h): magic and class in the first word, e_phoff at 0x20, e_ehsize and e_phentsize at 0x34 and 0x36, 64 bytes in all. */
const elfMagic = 0x464c457fn
const headerBytes = 0x40
const programHeaders = 0x20
const sizes = 0x30

/**
 * Remains of 64-bit ELF headers among words: whole ones by their magic, and ones whose beginning somebody else has since written over by
 * the fields that never vary (program headers follow at 0x40, this header has 0x40 bytes, a program header 0x38).
 *
 * @example elfRemnants(group.words)[0].boundary // 32
 */
export function elfRemnants(words: readonly SignatureWord[]): Remnant[] {
  const valueAt = new Map(words.map(({ offset, value }) => [offset, value]))
  const found: Remnant[] = []
  for (const { offset: start, value } of words) {
    const fixed = valueAt.get(start + programHeaders) === BigInt(headerBytes) && isSizes(valueAt.get(start + sizes))
    const magic = value !== null && (value & 0xffffffffn) === elfMagic && ((value >> 32n) & 0xffn) === 2n
    if (magic) {
      found.push({ start, end: start + headerBytes, boundary: null, text: `an ELF header at 0x${start.toString(16)}` })
    } else if (fixed) {
      const from = start + programHeaders
      const text = `an older ELF header, overwritten up to 0x${from.toString(16)}`
      found.push({ start: from, end: start + headerBytes, boundary: from, text })
    }
  }
  return found
}

/** e_flags (any), e_ehsize 0x40, e_phentsize 0x38: the upper half of the word at 0x30, little-endian. */
function isSizes(value: bigint | null | undefined): boolean {
  return value !== null && value !== undefined && value >> 32n === 0x00380040n
}
