import type { SlabCache } from '../../slab/model.js'
import type { System } from '../../system/system.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { structsOfCache } from './cacheStructs.js'
import { isGeneral, type Conclusions } from './conclusions.js'
import type { Finding } from './finding.js'
import { isKernelAddress, word64 } from './groupContents.js'
import type { HeldStatics } from './heldStatics.js'
import type { ObjectTypes } from './objectTypes.js'
import { isText } from './text.js'

/** Fewer pointers, or list heads, are no array. */
const LEAST_POINTERS = 2
const LEAST_HEADS = 8
/** `struct btf_header`, include/uapi/linux/btf.h of Linux: magic number and version, and the least its own length may be. */
const BTF_START = 0x0001eb9f
const BTF_FLAGS = 0xff000000
const LEAST_BTF_HEADER = 24

/** What the whole of an object's contents tells, where neither its single words nor what leads to it do. */
export class ContentTypes {
  constructor(readonly system: System, readonly types: BtfTypes, readonly conclusions: Conclusions, readonly objects: ObjectTypes, readonly statics: HeldStatics) {}

  /** What lies in an object at `address`, whose words are given in two halves each, low first. */
  of(cache: SlabCache | null, address: bigint, words: Uint32Array): Finding | undefined {
    const struct = this.#pointersTo(words)
    if (struct !== undefined) return { type: `${struct} *[]`, id: null, source: 'contents', rivals: 0, evidence: [`holds nothing but pointers to struct ${struct}`] }
    const arrays = cache === null ? [] : structsOfCache(this.system, cache, this.types).arrays
    if (arrays.length > 0) return { type: arrays[0], id: null, source: 'cache', rivals: arrays.length - 1, evidence: ['the cache has a name of it'] }
    if (cache === null || !isGeneral(cache)) return undefined
    const least = this.conclusions.leastBytes(cache)
    if (isText(new Uint8Array(words.buffer, words.byteOffset, words.byteLength), least)) {
      return { type: 'char[]', id: null, source: 'contents', rivals: 0, evidence: ['one text to its end, as long as the slot asks for'] }
    }
    if (areListHeads(address, words, least)) return { type: 'list_head[]', id: null, source: 'contents', rivals: 0, evidence: ['holds nothing but list heads, each of which is the beginning of its list'] }
    const header = isBtf(words, least) ? this.types.find('struct btf_header') : undefined
    return header === undefined ? undefined : { type: 'btf_header', id: header, source: 'contents', rivals: 0, evidence: ['BTF, with the types and names behind it that its header tells of'] }
  }

  /** The struct to which all words point that are not zero; undefined where they don't, or where there are too few. */
  #pointersTo(words: Uint32Array): string | undefined {
    let struct: string | undefined
    let pointers = 0
    for (let i = 0; i < words.length; i += 2) {
      if ((words[i] | words[i + 1]) === 0) continue
      const own = isKernelAddress(words[i + 1]) ? this.#structAt(words, i) : undefined
      if (own === undefined || (struct !== undefined && own !== struct)) return undefined
      struct = own
      pointers++
    }
    return pointers < LEAST_POINTERS ? undefined : struct
  }

  #structAt(words: Uint32Array, at: number): string | undefined {
    const { objects, system: { kernel } } = this
    const object = objects.target(words[at], words[at + 1])
    if (object >= 0) {
      const struct = objects.offsetIn(object, words[at], words[at + 1]) === 0 ? objects.struct[object] : 0
      return struct === 0 ? undefined : this.types.graph.name(struct)
    }
    const struct = this.statics.structAt(words[at], words[at + 1])
    if (struct !== 0) return this.types.graph.name(struct)
    const address = word64(words, at)
    const frame = kernel?.frameOfPageStruct(address)
    return frame !== undefined && kernel?.pageStructOf(frame) === address ? 'page' : undefined
  }
}

/** Whether an object holds list heads from its start on, so many that it needs its slot, and nothing behind them; most of the lists are empty. */
function areListHeads(address: bigint, words: Uint32Array, leastBytes: number): boolean {
  let heads = 0
  let empty = 0
  for (let at = 0; at + 3 < words.length && isKernelAddress(words[at + 1]) && isKernelAddress(words[at + 3]); at += 4) {
    const own = address + BigInt(at * 4)
    const isEmpty = word64(words, at) === own
    if (isEmpty !== (word64(words, at + 2) === own)) return false
    if (isEmpty) empty++
    heads++
  }
  return heads >= LEAST_HEADS && empty * 2 > heads && heads * 16 >= leastBytes && words.subarray(heads * 4).every((half) => half === 0)
}

/** Whether an object is a piece of BTF that needs its slot: a header, and types and strings where it says. */
function isBtf(words: Uint32Array, leastBytes: number): boolean {
  const [start, headerBytes, typesAt, typesBytes, stringsAt, stringsBytes] = words
  if (words.length < LEAST_BTF_HEADER / 4 || (start & ~BTF_FLAGS) !== BTF_START || headerBytes < LEAST_BTF_HEADER) return false
  const end = headerBytes + Math.max(typesAt + typesBytes, stringsAt + stringsBytes)
  return typesBytes > 0 && stringsBytes > 0 && end >= leastBytes && end <= words.length * 4
}
