import type { Memory } from '../memory/memory.js'
import { addressesAt } from '../util/addressHalves.js'
import { distinctSorted } from './objectReader.js'
import { nameConstants, NO_ROW, readRows } from './signatureRows.js'
import { groupRows } from './signatureTree.js'
import { describeHalves, describeWord, reachOf, type SignatureWord } from './signatureWord.js'
import { unlikeRows } from './unlikeRows.js'
import type { WordEncoder } from './wordEncoder.js'
import { WordRows } from './wordRows.js'

export type { SignatureWord }

/** Objects of one kind, by what they hold. */
export interface SignatureGroup {
  readonly objects: number
  /** Address of the first object with the most frequent contents. */
  readonly example: bigint
  /** Every word that was looked at, stale ones included. */
  readonly words: readonly SignatureWord[]
  /**
   * Bytes from the start of the object that its kind explains by the words alone: behind lie words that differ from object to object in kind,
   * or zeros. `sure` says whether the objects were enough to tell.
   */
  readonly reach: { readonly bytes: number; readonly sure: boolean }
}

/** Objects divided by what they hold. */
export interface Signatures {
  /** Largest first. */
  readonly groups: readonly SignatureGroup[]
  /** Objects asked for, each address once. */
  readonly objects: number
  /** Of these, the ones of which the evidence holds at least one word. */
  readonly readObjects: number
  /** Addresses of a group's objects, ascending. */
  addressesOf(group: SignatureGroup): BigUint64Array
  /** Of these, the ones that differ from their group in more than a quarter of the given words: what a group says holds for most of its objects. */
  unlike(group: SignatureGroup, words: readonly SignatureWord[]): BigUint64Array
}

export interface SignatureOptions {
  /** Bytes of each object to look at, from its start: at most its payload. */
  readonly objectBytes: number
  /** Bytes that the smallest object of the cache can have; 0 where unknown. */
  readonly leastBytes?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, objects: number) => void
}

/** Fewer objects may agree on stale words by chance. */
const enoughToTell = 16
/**
 * Divides objects into groups by what they hold: by class of word, and by value where it discriminates. Addresses may come in any order and
 * more than once; the result is the same. Words that the evidence does not hold are counted, and never taken for zero.
 *
 * @example
 * const { groups } = signaturesOf(memory, encoder, addresses, { objectBytes: 128 })
 * groups[0].words[0].symbol?.name // 'single_start'
 */
export function signaturesOf(memory: Memory, encoder: WordEncoder, addresses: BigUint64Array, options: SignatureOptions): Signatures {
  const distinct = distinctSorted(addresses)
  const wordBytes = memory.pointerBytes
  let objectBytes = Math.max(wordBytes, options.objectBytes - (options.objectBytes % wordBytes))
  nameConstants(memory, encoder, distinct, objectBytes)
  for (;;) {
    const rows = new WordRows(objectBytes / wordBytes)
    const rowOf = readRows(memory, encoder, distinct, objectBytes, rows, options)
    if (rowOf === undefined) {
      objectBytes = Math.max(wordBytes, Math.ceil(objectBytes / 2 / wordBytes) * wordBytes)
      continue
    }
    return describe(encoder, distinct, rows, rowOf, Math.ceil((options.leastBytes ?? 0) / wordBytes), wordBytes)
  }
}

function describe(
  encoder: WordEncoder, addresses: BigUint64Array, rows: WordRows, rowOf: Uint32Array, leastWords: number, wordBytes: number
): Signatures {
  const { groupOfRow, groups } = groupRows({
    length: rows.length, words: rows.words, codes: rows.codes, objects: rows.objects, classOf: (code) => encoder.classOf(code)
  }, leastWords)
  const members: number[][] = Array.from({ length: groups }, () => [])
  for (let row = 0; row < rows.length; row++) members[groupOfRow[row]].push(row)
  const described = members.map((own): SignatureGroup => new RowGroup(encoder, addresses, rows, own, leastWords, wordBytes))
  const numberOf = new Map<SignatureGroup, number>(described.map((group, number) => [group, number]))
  let membership: Membership | undefined
  const objectsOf = (number: number): Uint32Array => {
    membership ??= membersByGroup(rowOf, groupOfRow, groups)
    return membership.objects.subarray(membership.starts[number], membership.starts[number + 1])
  }
  return {
    groups: described.toSorted((a, b) => b.objects - a.objects || (a.example < b.example ? -1 : 1)),
    objects: addresses.length,
    readObjects: described.reduce((sum, { objects }) => sum + objects, 0),
    addressesOf: (group) => addressesAt(addresses, objectsOf(numberOf.get(group)!)),
    unlike(group, words) {
      const number = numberOf.get(group)!
      const unlike = unlikeRows(encoder, rows, members[number], words, wordBytes)
      return addressesAt(addresses, unlike.size === 0 ? new Uint32Array(0) : objectsOf(number).filter((object) => unlike.has(rowOf[object])))
    }
  }
}

/** Positions of each group's objects, ascending: group g's are from `starts[g]` to `starts[g + 1]`. */
interface Membership {
  readonly starts: Uint32Array
  readonly objects: Uint32Array
}

function membersByGroup(rowOf: Uint32Array, groupOfRow: Uint32Array, groups: number): Membership {
  const starts = new Uint32Array(groups + 1)
  for (const row of rowOf) if (row !== NO_ROW) starts[groupOfRow[row] + 1]++
  for (let group = 0; group < groups; group++) starts[group + 1] += starts[group]
  const next = starts.slice()
  const objects = new Uint32Array(starts[groups])
  for (let i = 0; i < rowOf.length; i++) if (rowOf[i] !== NO_ROW) objects[next[groupOfRow[rowOf[i]]]++] = i
  return { starts, objects }
}

/** A group whose words are described when somebody asks: a dump has thousands of groups, and few are looked at. */
class RowGroup implements SignatureGroup {
  readonly objects: number
  readonly example: bigint
  readonly #encoder: WordEncoder
  readonly #rows: WordRows
  readonly #own: readonly number[]
  readonly #leastWords: number
  readonly #wordBytes: number
  #words: readonly SignatureWord[] | undefined

  constructor(encoder: WordEncoder, addresses: BigUint64Array, rows: WordRows, own: readonly number[], leastWords: number, wordBytes: number) {
    this.#encoder = encoder
    this.#rows = rows
    this.#own = own
    this.#leastWords = leastWords
    this.#wordBytes = wordBytes
    let objects = 0
    let typical = own[0]
    for (const row of own) {
      objects += rows.objects[row]
      if (rows.objects[row] > rows.objects[typical] || (rows.objects[row] === rows.objects[typical] && rows.first[row] < rows.first[typical])) typical = row
    }
    this.objects = objects
    this.example = addresses[rows.first[typical]]
  }

  get words(): readonly SignatureWord[] {
    if (this.#words === undefined) {
      const words: SignatureWord[] = []
      for (let word = 0; word < this.#rows.words; word++) {
        const described = describeWord(this.#encoder, this.#rows, this.#own, word, this.objects, this.#wordBytes)
        words.push(...(describeHalves(this.#encoder, this.#rows, this.#own, word, described) ?? [described]))
      }
      this.#words = words
    }
    return this.#words
  }

  get reach(): { readonly bytes: number; readonly sure: boolean } {
    const wordBytes = this.#wordBytes
    return { bytes: reachOf(this.words, this.#leastWords * wordBytes, this.#rows.words * wordBytes), sure: this.objects >= enoughToTell }
  }
}
