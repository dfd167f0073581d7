import type { ImageRange } from '../../memory/imageRanges.js'
import type { Memory, PhysicalMemory } from '../../memory/memory.js'
import type { Vmcoreinfo } from '../../source/vmcoreinfo.js'
import type { SymbolTable } from '../../symbol/symbolTable.js'
import type { TypeTable } from '../../type/typeTable.js'
import type { Warnings } from '../../warnings.js'
import type { KernelView, LoadedModule, PageStructRun } from '../kernelView.js'

/** A kernel of whose page structures some stretches are read only. Everything else is the kernel's own. */
export class SampledView implements KernelView {
  readonly sampled = true

  constructor(readonly kernel: KernelView, readonly runs: readonly PageStructRun[]) {}

  get architecture(): 'x86_64' | 'arm64' { return this.kernel.architecture }
  get pageBytes(): number { return this.kernel.pageBytes }
  get memory(): Memory { return this.kernel.memory }
  get physical(): PhysicalMemory { return this.kernel.physical }
  get symbols(): SymbolTable { return this.kernel.symbols }
  get types(): TypeTable { return this.kernel.types }
  get vmcoreinfo(): Vmcoreinfo { return this.kernel.vmcoreinfo }
  get warnings(): Warnings { return this.kernel.warnings }
  get directMap(): KernelView['directMap'] { return this.kernel.directMap }
  get pageStructBytes(): number { return this.kernel.pageStructBytes }
  get image(): readonly ImageRange[] | undefined { return this.kernel.image }
  get modules(): readonly LoadedModule[] | undefined { return this.kernel.modules }
  get cpus(): readonly number[] { return this.kernel.cpus }

  pageStructRuns(): readonly PageStructRun[] {
    return this.runs
  }

  symbol(name: string): bigint | undefined {
    return this.kernel.symbol(name)
  }

  physicalOf(address: bigint): number | undefined {
    return this.kernel.physicalOf(address)
  }

  virtualOf(physical: number): bigint {
    return this.kernel.virtualOf(physical)
  }

  pageStructOf(frame: number): bigint | undefined {
    return this.kernel.pageStructOf(frame)
  }

  frameOfPageStruct(address: bigint): number | undefined {
    return this.kernel.frameOfPageStruct(address)
  }

  perCpu(address: bigint, cpu: number): bigint {
    return this.kernel.perCpu(address, cpu)
  }
}
