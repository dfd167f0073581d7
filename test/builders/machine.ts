import type { FaultReason } from '../../lib/errors.js'
import type { Memory } from '../../lib/memory/memory.js'
import { ALLOCATED, type SlabCache, type SlabObjects } from '../../lib/slab/model.js'
import { SymbolTable, type SymbolRecord } from '../../lib/symbol/symbolTable.js'
import type { ShownStruct, System } from '../../lib/system/system.js'
import { Warnings } from '../../lib/warnings.js'

/** Memory that holds some words of 8 bytes and nothing else, as a crash session does. */
export function sparseMemory(words: ReadonlyMap<bigint, bigint>, littleEndian = true): Memory {
  const bytes = new Map<bigint, number>()
  for (const [address, value] of words) {
    for (let i = 0; i < 8; i++) {
      bytes.set(address + BigInt(i), Number((value >> BigInt((littleEndian ? i : 7 - i) * 8)) & 0xffn))
    }
  }
  const tryRead = (address: bigint, count: number): Uint8Array | FaultReason => {
    const found = new Uint8Array(count)
    for (let i = 0; i < count; i++) {
      const byte = bytes.get(address + BigInt(i))
      if (byte === undefined) return 'absent'
      found[i] = byte
    }
    return found
  }
  const starts = [...words.keys()].sort((a, b) => (a < b ? -1 : 1))
  return {
    littleEndian, pointerBytes: 8, tryRead, readMany: readManyBy(tryRead),
    * heldRuns() {
      let run: { start: bigint; end: bigint } | undefined
      for (const start of starts) {
        if (run?.end === start) {
          run.end += 8n
          continue
        }
        if (run) yield run
        run = { start, end: start + 8n }
      }
      if (run) yield run
    }
  }
}

/** One unbroken stretch of memory; pages in `excluded` (by number from the start) are not held. */
export function blockMemory(base: bigint, bytes: Uint8Array, excluded: ReadonlySet<number> = new Set()): Memory {
  const tryRead = (address: bigint, count: number): Uint8Array | FaultReason => {
    const at = Number(address - base)
    if (at < 0 || at + count > bytes.length) return 'unmapped'
    for (let page = at >> 12; page <= (at + count - 1) >> 12; page++) if (excluded.has(page)) return 'excluded'
    return bytes.subarray(at, at + count)
  }
  if (excluded.size > 0) return { littleEndian: true, pointerBytes: 8, tryRead, readMany: readManyBy(tryRead) }
  const baseHigh = Number(base >> 32n)
  const baseLow = Number(base & 0xffffffffn)
  return {
    littleEndian: true, pointerBytes: 8, tryRead,
    readMany(addresses, count, out, present) {
      const halves = new Uint32Array(addresses.buffer, addresses.byteOffset, addresses.length * 2)
      for (let i = 0; i < addresses.length; i++) {
        const at = (halves[i * 2 + 1] - baseHigh) * 0x100000000 + (halves[i * 2] - baseLow)
        out.set(bytes.subarray(at, at + count), i * count)
        present[i] = 1
      }
    }
  }
}

function readManyBy(tryRead: Memory['tryRead']): Memory['readMany'] {
  return (addresses, count, out, present) => {
    addresses.forEach((address, i) => {
      const found = tryRead(address, count)
      present[i] = typeof found === 'string' ? 0 : 1
      if (typeof found === 'string') out.fill(0, i * count, (i + 1) * count)
      else out.set(found, i * count)
    })
  }
}

export function cacheNamed(name: string, more: Partial<SlabCache> = {}): SlabCache {
  return {
    name, address: null, objectBytes: null, slotBytes: null, allocated: null, total: null, slabs: null, slabBytes: null, bytes: null, aliases: [],
    reclaimable: null, ...more
  }
}

export function objectsOf(caches: readonly SlabCache[], list: readonly { address: bigint; cache: number; state?: number }[]): SlabObjects {
  const sorted = [...list].sort((a, b) => (a.address < b.address ? -1 : 1))
  const slabs = [...new Set(sorted.map(({ address }) => address & ~0xfffn))]
  return {
    length: sorted.length, caches, address: BigUint64Array.from(sorted, ({ address }) => address), cache: Uint32Array.from(sorted, ({ cache }) => cache),
    slabs: BigUint64Array.from(slabs), slab: Uint32Array.from(sorted, ({ address }) => slabs.indexOf(address & ~0xfffn)),
    state: Uint8Array.from(sorted, ({ state }) => state ?? ALLOCATED), queued: new Uint8Array(sorted.length)
  }
}

export interface MachineParts {
  kind?: System['kind']
  architecture?: System['architecture']
  memory: Memory
  symbols?: readonly SymbolRecord[]
  caches?: readonly SlabCache[]
  objects?: readonly { address: bigint; cache: number; state?: number }[]
  shownStructs?: readonly ShownStruct[]
}

/** A machine of which a test says what is known. */
export function machine(parts: MachineParts): System {
  const caches = parts.caches ?? []
  return {
    kind: parts.kind ?? 'transcript', name: 'test machine', files: [], architecture: parts.architecture ?? null, release: null, buildId: null, pageBytes: 4096,
    memory: parts.memory, physical: undefined, symbols: new SymbolTable(parts.symbols ?? []), types: undefined, warnings: new Warnings(),
    ...(parts.shownStructs === undefined ? {} : { shownStructs: parts.shownStructs }),
    caches: () => caches,
    objects: (names) => {
      const wanted = (parts.objects ?? []).filter(({ cache }) => names === undefined || names.includes(caches[cache].name))
      return objectsOf(caches, wanted)
    }
  }
}
