import type { ColumnTable } from 'arquero'
import type { SampleOptions } from '../slab/sample/sampleSlabs.js'
import { findSymbols } from '../symbol/findSymbols.js'
import { sampleMachine } from '../system/sampledSystem.js'
import type { System } from '../system/system.js'
import { cachesTable } from '../table/caches.js'
import { objectsTable } from '../table/objects.js'
import { sampledCachesTable } from '../table/sampledCaches.js'
import { symbolsTable } from '../table/symbols.js'
import type { TypeDeclaration } from '../type/typeDeclaration.js'
import type { TypedValue } from '../type/typedValue.js'
import { readTyped, typeOf, type TypedReadOptions, type TypeOptions } from './typedRead.js'

/** One machine's evidence as a person holds it: what is known of it as tables, and the system itself for analyses. */
export interface Dump {
  readonly system: System
  /**
   * All caches: columns cache, address, objectBytes, slotBytes, allocated, total, slabs, slabBytes, bytes, aliases.
   *
   * With `sample`, of a machine whose page structures take too long to read: of about so many stretches of 64 pages, drawn at random (the same
   * ones for the same `seed`). allocated, total, slabs, bytes and share are then estimates with `…Low` and `…High` bounds of a 95 % interval,
   * which are equal where the kernel counts; scaledBy, seenSlabs and note say how far they carry. A dump that has no more stretches is
   * read whole.
   *
   * @throws UsageError where `sample` is no positive integer
   * @example dump.caches({ sample: 10_000 }).filter((d) => d.cache === 'dentry').object() // { allocated: 71020, allocatedLow: 70411, … }
   */
  caches(options?: Partial<SampleOptions>): ColumnTable
  /**
   * Objects of one cache, of several, or of all, in address order: columns address, cache, slab, state, queued and rank.
   *
   * @throws UsageError for a name that is no cache here
   */
  objects(cacheName?: string | readonly string[]): Promise<ColumnTable>
  /**
   * The symbol that holds an address, or all of a name: columns name, address, offset, module, type, file, line.
   * No rows where the evidence knows none.
   */
  symbol(nameOrAddress: string | bigint): ColumnTable
  /**
   * The declaration of a type with the offset of each member, as {@link typeOf}; it prints itself.
   *
   * @throws MissingSymbolError where the evidence holds no types, or none of that name
   */
  type(name: string, options?: TypeOptions): TypeDeclaration
  /**
   * A value of a type in the machine's memory, as {@link readTyped}; it prints itself as crash's `struct TYPE ADDRESS` does.
   *
   * @throws MissingSymbolError where the evidence holds no types, or none of that name
   */
  read(type: string, address: string | bigint, options?: TypedReadOptions): TypedValue
}

/**
 * The {@link Dump} over a system.
 *
 * @example dumpOf(system).caches().objects() // [{ cache: 'kmalloc-128', address: '0xffff80007b000000', … }]
 */
export function dumpOf(system: System): Dump {
  return {
    system,
    caches: ({ sample, seed } = {}) => sample === undefined ? cachesTable(system.caches()) : sampledCachesTable(sampleMachine(system, { sample, seed })),
    objects: async (cacheName) => objectsTable(system.objects(typeof cacheName === 'string' ? [cacheName] : cacheName)),
    symbol: (nameOrAddress) => symbolsTable(findSymbols(system.symbols, nameOrAddress)),
    type: (name, options) => typeOf(system, name, options),
    read: (type, address, options) => readTyped(system, type, address, options)
  }
}
