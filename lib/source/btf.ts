import { FormatError } from '../errors.js'
import type { Warnings } from '../warnings.js'

/** Kinds of BTF types: `BTF_KIND_*` of include/uapi/linux/btf.h. */
export const BtfKind = {
  VOID: 0,
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FWD: 7,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  FLOAT: 16,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19
} as const

/** `btf_type.info`: vlen in bits 0–23 (0–15 before Linux 7.1, the rest zero), kind in 24–30, kind_flag in 31. */
export const VLEN_MASK = 0xffffff
export const KIND_SHIFT = 24
export const KIND_MASK = 0x7f

/** 32-bit words of a `struct btf_type` {name_off, info, size | type}. */
export const TYPE_WORDS = 3

/** Words behind the `btf_type`: once, and for each of its vlen elements. Indexed by kind; a FUNC's vlen is its linkage. */
const recordWords: readonly (readonly [once: number, each: number])[] = [
  /* VOID */ [0, 0], /* INT */ [1, 0], /* PTR */ [0, 0], /* ARRAY */ [3, 0], /* STRUCT */ [0, 3], /* UNION */ [0, 3],
  /* ENUM */ [0, 2], /* FWD */ [0, 0], /* TYPEDEF */ [0, 0], /* VOLATILE */ [0, 0], /* CONST */ [0, 0], /* RESTRICT */ [0, 0],
  /* FUNC */ [0, 0], /* FUNC_PROTO */ [0, 2], /* VAR */ [1, 0], /* DATASEC */ [0, 3], /* FLOAT */ [0, 0], /* DECL_TAG */ [1, 0],
  /* TYPE_TAG */ [0, 0], /* ENUM64 */ [0, 3]
]

const MAGIC = 0xeb9f
/** `struct btf_header` up to str_len; later kernels append layout_off and layout_len, and hdr_len says so. */
const HEADER_BYTES = 24
const HEADER_WITH_LAYOUT_BYTES = 32
/** `struct btf_layout` {u8 info_sz, u8 elem_sz, u16 flags}: one for each kind the encoder knew. */
const LAYOUT_BYTES = 4
/** `BTF_MAX_TYPE` and the string limits are far below; what is above is no BTF of a kernel. */
const FARTHEST_SECTION_BYTES = 0x40000000

/**
 * The types of one BTF blob as they lie in the file, in host byte order and indexed by id. No object per type:
 * a type is a place in `words`, its name an offset into the strings.
 */
export interface Btf {
  readonly name: string
  readonly littleEndian: boolean
  /** The blob that ids below `firstId` and string offsets below `firstString` refer to; undefined for a kernel's own BTF. */
  readonly base: Btf | undefined
  /** Id of the first type here: 1, or one past the last of the base. */
  readonly firstId: number
  /** One past the last id. */
  readonly endId: number
  /** The type section. Without a base three zero words stand before it: type 0, void. */
  readonly words: Uint32Array
  /** Where type `firstId + i` starts in `words`. Without a base entry 0 is void, and the index is the id. */
  readonly starts: Uint32Array
  readonly strings: Uint8Array
  /** String offset of the first byte of `strings`: 0, or one past the last of the base. */
  readonly firstString: number
}

export interface ReadBtfOptions {
  /** What to call it in errors. */
  name?: string
  /** For split BTF, as modules have it: what it was split from. */
  base?: Btf
  /** Bytes from the start up to the first that are missing (zeros stand for them): no type is read behind. */
  readableBytes?: number
  /** Receives what could not be read; the rest stays readable. */
  warnings?: Warnings
}

/** Whether bytes start as BTF does, in either byte order. */
export function isBtf(bytes: Uint8Array): boolean {
  return bytes.length >= HEADER_BYTES && bytes[2] === 1 && ((bytes[0] === 0x9f && bytes[1] === 0xeb) || (bytes[0] === 0xeb && bytes[1] === 0x9f))
}

/**
 * Reads a BTF blob (Documentation/bpf/btf.rst): a kernel's from `__start_BTF`, a module's from `struct btf.data` with its base,
 * or a file from /sys/kernel/btf or pahole, in either byte order. One pass finds where each type starts; nothing else is decoded.
 * A kind that is not known is skipped where the blob describes its layout (Linux 7.1 on); otherwise the types before it stay readable.
 *
 * @throws FormatError where there is no usable header, or a section lies outside of the bytes.
 *
 * @example
 * const btf = readBtf(bytes, { name: 'vmlinux' })
 * btf.endId // 69,870 types and void
 */
export function readBtf(bytes: Uint8Array, options: ReadBtfOptions = {}): Btf {
  const { name = 'BTF', base, warnings } = options
  const fail = (fact: string, offset: number, found?: string, expected?: string): never => {
    throw new FormatError(fact, { source: name, offset, found, expected })
  }
  if (bytes.length < HEADER_BYTES) fail('too short for a BTF header', 0, `${bytes.length} bytes`, `${HEADER_BYTES}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const littleEndian = view.getUint16(0, true) === MAGIC
  if (!littleEndian && view.getUint16(0) !== MAGIC) fail('not BTF', 0, `magic 0x${view.getUint16(0, true).toString(16)}`, '0xeb9f in either byte order')
  const u32 = (offset: number): number => view.getUint32(offset, littleEndian)
  if (bytes[2] !== 1) fail('unknown BTF version', 2, `${bytes[2]}`, '1')
  const headerBytes = u32(4)
  if (headerBytes < HEADER_BYTES || headerBytes > bytes.length) fail('wrong BTF header length', 4, `${headerBytes}`, `${HEADER_BYTES} to ${bytes.length}`)

  const section = (at: number, what: string): { start: number; bytes: number } => {
    const start = headerBytes + u32(at)
    const length = u32(at + 4)
    if (start > bytes.length) fail(`BTF ${what} section starts behind the end`, at, `${start}`, `at most ${bytes.length}`)
    if (length > FARTHEST_SECTION_BYTES) fail(`BTF ${what} section is impossibly long`, at + 4, `${length} bytes`)
    if (start + length > bytes.length) {
      warnings?.add(`${name}: BTF ${what} section is cut off: ${bytes.length - start} of ${length} bytes are there`)
    }
    return { start, bytes: Math.min(length, bytes.length - start) }
  }
  const types = section(8, 'type')
  if (options.readableBytes !== undefined) types.bytes = Math.max(0, Math.min(types.bytes, options.readableBytes - types.start))
  const text = section(16, 'string')
  const layout = headerBytes >= HEADER_WITH_LAYOUT_BYTES ? section(24, 'layout') : undefined

  const voidWords = base === undefined ? TYPE_WORDS : 0
  const words = new Uint32Array(voidWords + (types.bytes >>> 2))
  const wordBytes = new Uint8Array(words.buffer, voidWords * 4)
  wordBytes.set(bytes.subarray(types.start, types.start + (types.bytes & ~3)))
  if (littleEndian !== hostIsLittleEndian) Buffer.from(wordBytes.buffer, wordBytes.byteOffset, wordBytes.byteLength).swap32()

  const firstId = base === undefined ? 1 : base.endId
  const { starts, count, trouble } = findTypes(words, voidWords, firstId, (kind) => {
    if (kind < recordWords.length) return kind === BtfKind.VOID ? undefined : recordWords[kind]
    const at = kind * LAYOUT_BYTES
    if (layout === undefined || at + LAYOUT_BYTES > layout.bytes) return undefined
    const once = bytes[layout.start + at]
    const each = bytes[layout.start + at + 1]
    return (once & 3) === 0 && (each & 3) === 0 ? [once >>> 2, each >>> 2] : undefined
  })
  if (trouble !== undefined) {
    const offset = types.start + (trouble.word - voidWords) * 4
    warnings?.add(`${name}: BTF type ${trouble.id} at offset 0x${offset.toString(16)}: ${trouble.fact}; it and those behind it are not read`)
  }
  const btf: Btf = {
    name,
    littleEndian,
    base,
    firstId,
    endId: firstId + count,
    words,
    starts: base === undefined ? starts.subarray(0, count + 1) : starts.subarray(1, count + 1),
    strings: bytes.slice(text.start, text.start + text.bytes),
    firstString: base === undefined ? 0 : base.firstString + base.strings.length
  }
  dropBrokenReferences(btf, types.start - voidWords * 4, warnings)
  return btf
}

const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

interface FoundTypes {
  /** Entry 0 is void's place, entry i the i-th type's. */
  starts: Uint32Array
  count: number
  trouble: { id: number; word: number; fact: string } | undefined
}

function findTypes(words: Uint32Array, from: number, firstId: number, sizes: (kind: number) => readonly [number, number] | undefined): FoundTypes {
  const starts = new Uint32Array(1 + Math.floor((words.length - from) / TYPE_WORDS))
  const once = new Int32Array(KIND_MASK + 1).fill(-1)
  const each = new Int32Array(KIND_MASK + 1)
  for (let kind = 0; kind <= KIND_MASK; kind++) {
    const size = sizes(kind)
    if (size !== undefined) {
      once[kind] = TYPE_WORDS + size[0]
      each[kind] = size[1]
    }
  }
  let count = 0
  let at = from
  const stop = (fact: string): FoundTypes => ({ starts, count, trouble: { id: firstId + count, word: at, fact } })
  while (at < words.length) {
    if (at + TYPE_WORDS > words.length) return stop('the type section ends within it')
    const info = words[at + 1]
    const kind = (info >>> KIND_SHIFT) & KIND_MASK
    if (once[kind] < 0) return stop(`unknown kind ${kind}`)
    const next = at + once[kind] + each[kind] * (info & VLEN_MASK)
    if (next > words.length) return stop(`its ${info & VLEN_MASK} elements reach behind the type section`)
    starts[++count] = at
    at = next
  }
  return { starts, count, trouble: undefined }
}

/** Kinds whose third word is a type id. */
const pointsOn = kindSet('PTR', 'TYPEDEF', 'VOLATILE', 'CONST', 'RESTRICT', 'FUNC', 'FUNC_PROTO', 'VAR', 'DECL_TAG', 'TYPE_TAG')
/** Kinds whose elements hold a type id: in which word of an element, plus one. */
const elementReference = new Uint8Array(KIND_MASK + 1)
elementReference[BtfKind.STRUCT] = elementReference[BtfKind.UNION] = elementReference[BtfKind.FUNC_PROTO] = 2
elementReference[BtfKind.DATASEC] = 1

function kindSet(...names: (keyof typeof BtfKind)[]): Uint8Array {
  const set = new Uint8Array(KIND_MASK + 1)
  for (const name of names) set[BtfKind[name]] = 1
  return set
}

/**
 * Rewrites every type id in a run of types: `map(id)` for each id. Kinds that are not known hold none as far as anybody can tell.
 * `starts` from index `first` on.
 */
export function mapReferences(words: Uint32Array, starts: Uint32Array, first: number, map: (id: number, word: number) => number): void {
  for (let i = first; i < starts.length; i++) {
    const start = starts[i]
    const info = words[start + 1]
    const kind = (info >>> KIND_SHIFT) & KIND_MASK
    if (pointsOn[kind] === 1) words[start + 2] = map(words[start + 2], start + 2)
    const body = start + TYPE_WORDS
    if (kind === BtfKind.ARRAY) {
      words[body] = map(words[body], body)
      words[body + 1] = map(words[body + 1], body + 1)
    } else if (elementReference[kind] > 0) {
      const stride = recordWords[kind][1]
      let word = body + elementReference[kind] - 1
      for (let element = info & VLEN_MASK; element > 0; element--, word += stride) words[word] = map(words[word], word)
    }
  }
}

/** Kinds whose elements start with a name. */
const namedElements = kindSet('STRUCT', 'UNION', 'ENUM', 'ENUM64', 'FUNC_PROTO')

/** Rewrites every string offset in a run of types, as {@link mapReferences} does type ids. */
export function mapNames(words: Uint32Array, starts: Uint32Array, first: number, map: (offset: number) => number): void {
  for (let i = first; i < starts.length; i++) {
    const start = starts[i]
    words[start] = map(words[start])
    const info = words[start + 1]
    const kind = (info >>> KIND_SHIFT) & KIND_MASK
    if (namedElements[kind] === 0) continue
    let word = start + TYPE_WORDS
    for (let element = info & VLEN_MASK; element > 0; element--, word += recordWords[kind][1]) words[word] = map(words[word])
  }
}

/** Makes every reference to a type that does not exist one to type 0, so that no later reader can run out of the arrays. */
function dropBrokenReferences(btf: Btf, sectionStart: number, warnings: Warnings | undefined): void {
  let broken = 0
  let first = 0
  mapReferences(btf.words, btf.starts, btf.base === undefined ? 1 : 0, (id, word) => {
    if (id < btf.endId) return id
    if (broken++ === 0) first = word
    return 0
  })
  if (broken > 0) {
    warnings?.add(`${btf.name}: BTF refers ${broken} times to types that do not exist, first at offset 0x${(sectionStart + first * 4).toString(16)}`)
  }
}
