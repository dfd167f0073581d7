import type { SignatureWord } from './signature.js'
import { ASCII, DIRECT, KERNEL, KERNEL_DATA, LIST_HEAD, MODULE_DATA, OTHER, PAGE_STRUCT, SELF, SLAB, SMALL, USER, VMALLOC, wordClasses, ZERO } from './wordClass.js'
import { FIRST_VALUE_CODE, type WordEncoder } from './wordEncoder.js'
import type { WordRows } from './wordRows.js'

/** Part of the words in question that an object must have like its group. */
const ALIKE = 3 / 4
/** A list's neighbour may be in a slab, the object itself, or the head in static data: pointers all the same. */
const pointers: ReadonlySet<number> = new Set([DIRECT, SLAB, VMALLOC, KERNEL, SELF, LIST_HEAD, KERNEL_DATA, MODULE_DATA, PAGE_STRUCT])

/** What is neither an address nor nothing. */
const values: ReadonlySet<number> = new Set([SMALL, ASCII, OTHER, USER])

/**
 * Rows of a group that are unlike it in words by which it is told: it says what nine in ten of its objects have, not what all do. A number
 * where the others have an address, or the other way round, is enough.
 */
export function unlikeRows(encoder: WordEncoder, rows: WordRows, own: readonly number[], words: readonly SignatureWord[], wordBytes: number): Set<number> {
  const found = new Set<number>()
  for (const row of own) {
    let alike = 0
    let asked = 0
    for (const word of words) {
      const code = rows.codes[row * rows.words + word.offset / wordBytes]
      const wanted = wordClasses.indexOf(word.class)
      if (isOpposite(encoder.classOf(code), wanted)) found.add(row)
      // A number may be 0 as well.
      if (encoder.classOf(code) === ZERO && values.has(wanted) && wanted !== ASCII) continue
      asked++
      if (isAlike(encoder, code, word)) alike++
    }
    if (alike < asked * ALIKE) found.add(row)
  }
  return found
}

function isOpposite(own: number, wanted: number): boolean {
  return (pointers.has(own) && values.has(wanted)) || (values.has(own) && pointers.has(wanted))
}

function isAlike(encoder: WordEncoder, code: number, word: SignatureWord): boolean {
  const own = encoder.classOf(code)
  const wanted = wordClasses.indexOf(word.class)
  if (pointers.has(wanted)) return pointers.has(own)
  if (values.has(wanted)) return values.has(own)
  return own === wanted && (word.value === null || code < FIRST_VALUE_CODE || encoder.valueOf(code) === word.value)
}
