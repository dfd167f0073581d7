import { MissingSymbolError } from '../../errors.js'
import { scanPages, type ScanPagesOptions } from '../../memory/scanPages.js'
import type { System } from '../../system/system.js'
import { readFrameRoles } from './frameRoles.js'
import { ObjectIndex } from './objectIndex.js'
import { ReferenceCollector, type ReferenceGraph } from './referenceGraph.js'
import { DeadRanges } from './deadRanges.js'
import { LiveWords } from './liveWords.js'
import { neverReturnedTo } from './neverReturned.js'
import { cachedStacks, idleIrqStacks, taskStacks } from './stacks.js'
import { StalePointers } from './stalePointers.js'
import { weakMemory } from './weakMemory.js'

/** Caches of tools that watch the allocator: their objects name others without using them. */
const watchers = new Set(['kmemleak_object', 'kmemleak_scan_area'])

const graphs = new WeakMap<System, Promise<ReferenceGraph>>()
const liveWords = new WeakMap<System, LiveWords>()

/**
 * All references to slab objects in a dump, by one pass over its pages; kept for further questions about the same system.
 *
 * @throws MissingSymbolError for evidence that is no dump; the signal's reason where it was aborted
 */
export async function readReferences(system: System, options: ScanPagesOptions = {}): Promise<ReferenceGraph> {
  const known = graphs.get(system)
  if (known !== undefined) return known
  const made = scanSystem(system, options)
  graphs.set(system, made)
  // What was aborted can be asked for again.
  made.catch(() => graphs.delete(system))
  return made
}

async function scanSystem(system: System, options: ScanPagesOptions): Promise<ReferenceGraph> {
  const live = readLiveWords(system)
  const collector = new ReferenceCollector(live)
  await scanPages(live.view.physical, (frame, page) => collector.visit(frame, page), { ...options, skip: (frame) => collector.skip(frame) })
  return collector.done()
}

/**
 * What tells which words of a dump may be references; kept.
 *
 * @throws MissingSymbolError for evidence that is no dump
 */
export function readLiveWords(system: System): LiveWords {
  let made = liveWords.get(system)
  if (made === undefined) liveWords.set(system, (made = newLiveWords(system)))
  return made
}

function newLiveWords({ kernel, slabs }: System): LiveWords {
  if (kernel === undefined || slabs === undefined) {
    throw new MissingSymbolError('the machine\'s memory', 'references are looked for in all of it, and a transcript shows a few words')
  }
  kernel.physical.readAhead?.()
  const objects = slabs.objects()
  const index = new ObjectIndex(kernel, objects)
  const dead = new DeadRanges(kernel)
  const stacks = taskStacks(kernel, objects)
  for (const { start, live } of stacks) dead.add('dead parts of stacks', start, live)
  for (const { start, end } of neverReturnedTo(kernel, stacks)) dead.add('dead parts of stacks', start, end)
  for (const { start, end } of idleIrqStacks(kernel)) dead.add('dead parts of stacks', start, end)
  for (const { start, end } of cachedStacks(kernel)) dead.add('stacks of tasks that are gone', start, end)
  for (const { start, end } of slabs.ownArrays()) dead.add('arrays of the slab allocator', start, end)
  for (const { reason, start, end } of weakMemory(kernel)) dead.add(reason, start, end)
  return new LiveWords(kernel, index, readFrameRoles(kernel), dead, objects.caches.map(({ name }) => watchers.has(name)), new StalePointers(kernel), slabs)
}

/** The object whose payload holds an address, or -1. */
export function objectHolding(index: ObjectIndex, address: bigint): number {
  const physical = index.physicalOfWord(Number(address & 0xffffffffn), Number(BigInt.asUintN(64, address) >> 32n))
  return physical < 0 ? -1 : index.objectAt(physical)
}

