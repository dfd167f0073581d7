import { BtfKind, KIND_MASK, KIND_SHIFT, mapNames, mapReferences, TYPE_WORDS, VLEN_MASK, type Btf } from '../source/btf.js'

/** The ids of one module's own types in a {@link TypeGraph}. */
export interface ModuleTypes {
  readonly module: string
  readonly firstId: number
  readonly endId: number
}

/** How many typedefs and qualifiers may stand between a name and its type: `MAX_RESOLVE_DEPTH` of kernel/bpf/btf.c. */
export const DEEPEST_CHAIN = 32

/**
 * All types of one machine under one numbering: the kernel's keep their ids, each module's follow. A type is a number;
 * everything about it is read out of `words` when asked for. Id 0 is void.
 */
export class TypeGraph {
  readonly words: Uint32Array
  readonly starts: Uint32Array
  readonly strings: Uint8Array
  /** One past the last id. */
  readonly endId: number
  readonly kernelEndId: number
  readonly littleEndian: boolean
  readonly modules: readonly ModuleTypes[]
  /** Bytes of a pointer: those of `long`, which is how libbpf tells as well. */
  readonly pointerBytes: number
  #enumsTellSign: boolean | undefined
  #hasNarrowIntegers: boolean | undefined
  #byKind: { ids: Uint32Array; ends: Uint32Array } | undefined

  /** @param modules split BTF whose base is `kernel`, by the module's name */
  constructor(kernel: Btf, modules: readonly (readonly [name: string, btf: Btf])[] = []) {
    this.kernelEndId = kernel.endId
    this.littleEndian = kernel.littleEndian
    if (modules.length === 0) {
      this.words = kernel.words
      this.starts = kernel.starts
      this.strings = kernel.strings
      this.endId = kernel.endId
      this.modules = []
    } else {
      const total = (of: (btf: Btf) => number): number => modules.reduce((sum, [, btf]) => sum + of(btf), of(kernel))
      this.words = new Uint32Array(total((btf) => btf.words.length))
      this.starts = new Uint32Array(total((btf) => btf.starts.length))
      this.strings = new Uint8Array(total((btf) => btf.strings.length))
      this.endId = this.starts.length
      const list: ModuleTypes[] = []
      let words = 0
      let id = 0
      let string = 0
      for (const [name, btf] of [['', kernel] as const, ...modules]) {
        this.words.set(btf.words, words)
        this.strings.set(btf.strings, string)
        for (let i = 0; i < btf.starts.length; i++) this.starts[id + i] = btf.starts[i] + words
        if (btf !== kernel) {
          const idShift = id - btf.firstId
          const stringShift = string - btf.firstString
          const own = this.starts.subarray(id, id + btf.starts.length)
          mapReferences(this.words, own, 0, (type) => (type < btf.firstId ? type : type + idShift))
          mapNames(this.words, own, 0, (offset) => (offset < btf.firstString ? offset : offset + stringShift))
          list.push({ module: name, firstId: id, endId: id + btf.starts.length })
        }
        words += btf.words.length
        id += btf.starts.length
        string += btf.strings.length
      }
      this.modules = list
    }
    this.pointerBytes = this.#findPointerBytes()
  }

  /** Whether the encoder said of any 32-bit enum that it is signed: only then does silence mean unsigned. */
  get enumsTellSign(): boolean {
    return (this.#enumsTellSign ??= this.ofKind(BtfKind.ENUM).some((id) => this.kindFlag(id)))
  }

  /** Whether any INT is narrower than its bytes: only then are there bit fields of the old encoding. */
  get hasNarrowIntegers(): boolean {
    return (this.#hasNarrowIntegers ??= this.ofKind(BtfKind.INT).some((id) => (this.words[this.body(id)] & 0xff) !== 8 * this.sizeOrType(id)))
  }

  /** The ids of all types of a kind, in order: a view, not to be written. */
  ofKind(kind: number): Uint32Array {
    const { ids, ends } = (this.#byKind ??= sortByKind(this.words, this.starts))
    return ids.subarray(kind === 0 ? 0 : ends[kind - 1], ends[kind])
  }

  kind(id: number): number {
    return (this.words[this.starts[id] + 1] >>> KIND_SHIFT) & KIND_MASK
  }

  vlen(id: number): number {
    return this.words[this.starts[id] + 1] & VLEN_MASK
  }

  kindFlag(id: number): boolean {
    return this.words[this.starts[id] + 1] >>> 31 === 1
  }

  /** The third word: bytes of a sized type, the type behind the others. */
  sizeOrType(id: number): number {
    return this.words[this.starts[id] + 2]
  }

  /** Index in `words` of the first word behind the `btf_type`. */
  body(id: number): number {
    return this.starts[id] + TYPE_WORDS
  }

  nameOffset(id: number): number {
    return this.words[this.starts[id]]
  }

  name(id: number): string {
    return this.string(this.nameOffset(id))
  }

  /** The string at an offset; empty where there is none. */
  string(offset: number): string {
    if (offset === 0 || offset >= this.strings.length) return ''
    const end = this.strings.indexOf(0, offset)
    const stop = end < 0 ? this.strings.length : end
    if (stop - offset < 24) {
      let text = ''
      for (let i = offset; i < stop; i++) text += String.fromCharCode(this.strings[i])
      return text
    }
    return Buffer.from(this.strings.buffer, this.strings.byteOffset + offset, stop - offset).toString('latin1')
  }

  /** The module whose BTF declares the type; null for the kernel's own. */
  moduleOf(id: number): string | null {
    if (id < this.kernelEndId) return null
    return this.modules.find(({ firstId, endId }) => id >= firstId && id < endId)?.module ?? null
  }

  /** Behind typedefs, qualifiers and tags. A loop of typedefs ends at void. */
  strip(id: number): number {
    for (let depth = 0; depth < DEEPEST_CHAIN; depth++) {
      switch (this.kind(id)) {
        case BtfKind.TYPEDEF:
        case BtfKind.VOLATILE:
        case BtfKind.CONST:
        case BtfKind.RESTRICT:
        case BtfKind.TYPE_TAG:
        case BtfKind.DECL_TAG:
          id = this.sizeOrType(id)
          break
        default:
          return id
      }
    }
    return 0
  }

  /** Bytes of a value of the type; undefined for void, functions, incomplete types and arrays without end. */
  bytesOf(id: number): number | undefined {
    let elements = 1
    for (let depth = 0; depth < DEEPEST_CHAIN; depth++) {
      id = this.strip(id)
      switch (this.kind(id)) {
        case BtfKind.INT:
        case BtfKind.FLOAT:
        case BtfKind.STRUCT:
        case BtfKind.UNION:
        case BtfKind.ENUM:
        case BtfKind.ENUM64:
        case BtfKind.DATASEC:
          return elements * this.sizeOrType(id)
        case BtfKind.PTR:
          return elements * this.pointerBytes
        case BtfKind.ARRAY:
          elements *= this.words[this.body(id) + 2]
          id = this.words[this.body(id)]
          break
        case BtfKind.VAR:
          id = this.sizeOrType(id)
          break
        default:
          return undefined
      }
    }
    return undefined
  }

  #findPointerBytes(): number {
    for (const id of this.ofKind(BtfKind.INT)) {
      const name = this.name(id)
      if (name === 'long unsigned int' || name === 'unsigned long' || name === 'long int' || name === 'long') return this.sizeOrType(id)
    }
    return 8
  }
}

function sortByKind(words: Uint32Array, starts: Uint32Array): { ids: Uint32Array; ends: Uint32Array } {
  const counts = new Uint32Array(KIND_MASK + 1)
  for (let id = 1; id < starts.length; id++) counts[(words[starts[id] + 1] >>> KIND_SHIFT) & KIND_MASK]++
  const ends = new Uint32Array(KIND_MASK + 1)
  for (let kind = 1; kind <= KIND_MASK; kind++) ends[kind] = ends[kind - 1] + counts[kind - 1]
  const ids = new Uint32Array(starts.length - 1)
  // `ends` first holds each kind's start and grows to its end.
  for (let id = 1; id < starts.length; id++) ids[ends[(words[starts[id] + 1] >>> KIND_SHIFT) & KIND_MASK]++] = id
  return { ids, ends }
}
