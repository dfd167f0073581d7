import type { FaultReason } from '../../errors.js'
import type { PhysicalMemory } from '../memory.js'
import type { BlockStore, Run } from './blockStore.js'
import { PhysicalPages } from './physicalPages.js'

/** The same memory in pages of another size: for dumps whose page size came to light only after opening. */
export function repaged(physical: PhysicalMemory, pageBytes: number): PhysicalMemory {
  return physical.pageBytes === pageBytes ? physical : new PhysicalPages(new PageStore(physical), pageBytes)
}

class PageStore implements BlockStore {
  readonly blockBytes: number
  readonly blocks: number

  constructor(readonly physical: PhysicalMemory) {
    this.blockBytes = physical.pageBytes
    this.blocks = physical.frames
  }

  has(block: number): boolean {
    return this.physical.has(block)
  }

  read(block: number, target: Uint8Array): FaultReason | undefined {
    const page = this.physical.page(block)
    if (typeof page === 'string') return page
    target.set(page)
    return undefined
  }

  presentRuns(): Iterable<Run> {
    return this.physical.presentRuns()
  }
}
