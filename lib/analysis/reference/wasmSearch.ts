import { CHUNK_SHIFT } from '../../memory/frameMap.js'
import { wasmModule } from '../../source/wasmModule.js'
import type { ObjectIndex } from './objectIndex.js'
import type { ObjectSearch, PageSearch } from './pageSearch.js'
import type { TargetRange } from './targetRanges.js'

/** What assembly/search.ts exports. */
interface SearchModule {
  readonly memory: { readonly buffer: ArrayBuffer }
  pageAddress(): number
  wordAddress(): number
  objectAddress(): number
  reserve(bytes: number): number
  aim(first: bigint, length: bigint, tagged: boolean): void
  useTables(pageShift: number, chunks: number, slabs: number, states: number): void
  wordsInRange(pageBytes: number): number
  pointersToObjects(pageBytes: number, pageStart: number): number
}

const MOST_PAGE_BYTES = 1 << 16
/** Of a slab's entry in the module's table. */
const SLAB_BYTES = 32

function searchModule(): SearchModule | undefined {
  return wasmModule('lib/analysis/reference/search.wasm') as SearchModule | undefined
}

/** Words of a page within a range of addresses; undefined where the build did not make the module. */
export function wasmRangeSearch({ start, end }: TargetRange, tagged: boolean): PageSearch | undefined {
  const module = searchModule()
  if (module === undefined) return undefined
  module.aim(start, end - start, tagged)
  return searchBy(module, (bytes) => module.wordsInRange(bytes))
}

/** Pointers to allocated objects; undefined where the build did not make the module, or the objects are too many for its memory. */
export function wasmObjectSearch(index: ObjectIndex): ObjectSearch | undefined {
  const module = searchModule()
  if (module === undefined || !fillTables(module, index)) return undefined
  // Slabs are known by physical address: words are aimed at from physical 0 on.
  module.aim(index.start - BigInt(index.startPhysical), BigInt(index.endPhysical), index.tagged)
  return searchBy(module, (bytes, start) => module.pointersToObjects(bytes, start))
}

/** Copies what is known of objects into the module's memory; false where there is no room. */
function fillTables(module: SearchModule, index: ObjectIndex): boolean {
  const { objects, slabOf, pageShift } = index
  const chunks = [...slabOf.chunks()]
  // Addresses come as signed numbers.
  const reserve = (bytes: number): number => module.reserve(bytes) >>> 0
  const chunkTable = reserve(Math.ceil(index.endPhysical / 2 ** (pageShift + CHUNK_SHIFT)) * 4)
  const slabTable = reserve(objects.slabs.length * SLAB_BYTES)
  const stateTable = reserve(objects.length)
  const places = chunks.map(([, numbers]) => reserve(numbers.byteLength))
  if (chunkTable === 0 || slabTable === 0 || stateTable === 0 || places.includes(0)) return false
  const { buffer } = module.memory
  const words = new Uint32Array(buffer)
  chunks.forEach(([position, numbers], i) => {
    words[chunkTable / 4 + position] = places[i]
    words.set(numbers, places[i] / 4)
  })
  for (let slab = 0; slab < objects.slabs.length; slab++) {
    const { first, end } = index.range(slab)
    if (first === end) continue
    const base = index.base(slab)
    const slotBytes = index.slotBytes(slab)
    const entry = (slabTable + slab * SLAB_BYTES) / 4
    words[entry] = base % 2 ** 32
    words[entry + 1] = base / 2 ** 32
    words[entry + 2] = first
    // Without a size of its own a slot holds nothing.
    words[entry + 3] = slotBytes === 0 ? 0 : end - first
    words[entry + 4] = Math.max(1, slotBytes)
    words[entry + 5] = index.payloadBytes(first)
  }
  new Uint8Array(buffer).set(objects.state, stateTable)
  module.useTables(pageShift, chunkTable, slabTable, stateTable)
  return true
}

interface Search extends PageSearch, Omit<ObjectSearch, 'find' | 'words'> {
  find(page: Uint8Array, start?: number): number
}

function searchBy(module: SearchModule, search: (bytes: number, start: number) => number): Search {
  const { buffer } = module.memory
  const page = new Uint8Array(buffer, module.pageAddress(), MOST_PAGE_BYTES)
  return {
    find: (bytes, start = 0) => {
      page.set(bytes)
      return search(bytes.length, start)
    },
    words: new Uint32Array(buffer, module.wordAddress(), MOST_PAGE_BYTES / 8),
    objects: new Uint32Array(buffer, module.objectAddress(), MOST_PAGE_BYTES / 8)
  }
}
