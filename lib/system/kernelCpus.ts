import { FaultError } from '../errors.js'
import { cpusOfOffsets, perCpuOffsets, possibleCpus } from '../memory/cpus.js'
import { findPerCpu, type FoundPerCpu } from '../memory/findPerCpu.js'
import type { ImageRange } from '../memory/imageRanges.js'
import type { Memory, PhysicalMemory } from '../memory/memory.js'
import type { BtfTypes } from '../type/btfTypes.js'
import { perCpuVariables, type PerCpuVariable } from '../type/perCpuVariables.js'
import type { Warnings } from '../warnings.js'

export interface KernelCpuFacts {
  readonly memory: Memory
  readonly physical: PhysicalMemory
  readonly virtualOf: (physical: number) => bigint
  readonly symbol: (name: string) => bigint | undefined
  readonly image: () => readonly ImageRange[]
  readonly types: BtfTypes | undefined
  readonly warnings: Warnings
}

/** A kernel's CPUs and their per-CPU areas: by its symbols, or, where it shows none, by what the areas look like. */
export class KernelCpus {
  /** Possible CPUs, offline ones too. */
  readonly cpus: readonly number[]
  readonly #facts: KernelCpuFacts
  readonly #hasOffsets: boolean
  readonly #variables: ReadonlyMap<string, PerCpuVariable>
  readonly #found: FoundPerCpu | undefined
  readonly #offsets: ReadonlyMap<number, bigint>

  constructor(facts: KernelCpuFacts) {
    this.#facts = facts
    this.#hasOffsets = facts.symbol('__per_cpu_offset') !== undefined
    this.#variables = this.#hasOffsets || facts.types === undefined ? new Map<string, PerCpuVariable>() : perCpuVariables(facts.types.graph)
    this.#found = this.#find()
    this.cpus = possibleCpus(facts) ?? (this.#found ? [...this.#found.offsets.keys()] : cpusOfOffsets(facts))
    this.#offsets = this.#found?.offsets ?? perCpuOffsets(facts, this.cpus)
  }

  /** A per-CPU pointer or symbol as that CPU sees it. */
  address(address: bigint, cpu: number): bigint {
    const offset = this.#offsets.get(cpu)
    // A kernel for one CPU has no offsets.
    if (offset === undefined && this.#offsets.size > 0) throw new FaultError(address, 'absent', `per-CPU area of CPU ${cpu}`)
    return BigInt.asUintN(64, address + (offset ?? 0n))
  }

  /** A per-CPU variable of a kernel that shows no data symbols: BTF knows its place in the section. */
  symbol(name: string): bigint | undefined {
    const variable = this.#variables.get(name)
    return variable && this.#found?.base !== undefined ? BigInt.asUintN(64, this.#found.base + BigInt(variable.offset)) : undefined
  }

  #find(): FoundPerCpu | undefined {
    const { memory, physical, virtualOf, symbol, image, types, warnings } = this.#facts
    // A kernel that shows its data and no table of offsets is one for a single CPU.
    if (this.#hasOffsets || symbol('hrtimer_bases') !== undefined) return undefined
    const clocks = types?.member('hrtimer_cpu_base', 'clock_base')
    const back = types?.member('hrtimer_clock_base', 'cpu_base')
    const cpu = types?.member('hrtimer_cpu_base', 'cpu')
    const clockBytes = types?.sizeOf('hrtimer_clock_base')
    if (clocks?.bytes == null || back === undefined || cpu === undefined || !clockBytes) return undefined
    const found = findPerCpu({
      memory, physical, virtualOf, image: image(),
      landmark: {
        offset: this.#variables.get('hrtimer_bases')?.offset,
        selfPointers: Array.from({ length: Math.floor(clocks.bytes / clockBytes) }, (_, i) => clocks.offset + i * clockBytes + back.offset),
        cpuNumber: cpu.offset
      },
      ownOffset: this.#variables.get('this_cpu_off')?.offset
    })
    if (found === undefined) warnings.add('per-CPU areas were not found: what CPUs hold for themselves is unknown')
    return found
  }
}
