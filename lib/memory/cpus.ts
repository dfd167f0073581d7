import type { Memory } from './memory.js'

/** Linux NR_CPUS is at most this (x86-64 MAXSMP: 8192). */
export const mostCpus = 8192

/** CPUs whose bits are set in a kernel's CPU mask, an array of longs. */
export function cpusOfMask(bytes: Uint8Array, littleEndian: boolean): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const cpus: number[] = []
  for (let word = 0; word + 8 <= bytes.length; word += 8) {
    const low = view.getUint32(word + (littleEndian ? 0 : 4), littleEndian)
    const high = view.getUint32(word + (littleEndian ? 4 : 0), littleEndian)
    for (let bit = 0; bit < 64; bit++) {
      if (((bit < 32 ? low >>> bit : high >>> (bit - 32)) & 1) === 1) cpus.push(word * 8 + bit)
    }
  }
  return cpus
}

export interface CpuFacts {
  readonly memory: Memory
  readonly symbol: (name: string) => bigint | undefined
}

/** How many CPU numbers the kernel uses; undefined where it does not tell. */
function countOf({ memory, symbol }: CpuFacts): number | undefined {
  const at = symbol('nr_cpu_ids')
  const bytes = at === undefined ? 'unmapped' : memory.tryRead(at, 4)
  if (typeof bytes === 'string') return undefined
  const count = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, memory.littleEndian)
  return count >= 1 && count <= mostCpus ? count : undefined
}

/** CPUs that the kernel's own mask calls possible, offline ones too; undefined where it has no such mask in the evidence. */
export function possibleCpus(facts: CpuFacts): number[] | undefined {
  const { memory, symbol } = facts
  const count = countOf(facts)
  // `cpu_possible_mask` was a pointer to `cpu_possible_bits` before 4.5; `__cpu_possible_mask` is the mask itself since.
  const at = symbol('__cpu_possible_mask') ?? symbol('cpu_possible_bits')
  if (at === undefined) return undefined
  // Without a count: as far as the mask may reach, up to the first CPU that cannot be.
  const bytes = memory.tryRead(at, Math.ceil((count ?? 64) / 64) * 8)
  if (typeof bytes === 'string') return undefined
  const cpus = cpusOfMask(bytes, memory.littleEndian).filter((cpu) => count === undefined || cpu < count)
  return cpus.length > 0 ? cpus : undefined
}

/** Offsets of the per-CPU areas by CPU number: `__per_cpu_offset`, as far as it is readable. Empty where the kernel has one CPU only. */
export function perCpuOffsets(facts: CpuFacts, cpus: readonly number[]): Map<number, bigint> {
  const { memory, symbol } = facts
  const at = symbol('__per_cpu_offset')
  const offsets = new Map<number, bigint>()
  if (at === undefined) return offsets
  for (const cpu of cpus) {
    const bytes = memory.tryRead(at + BigInt(cpu * 8), 8)
    if (typeof bytes !== 'string') offsets.set(cpu, new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, memory.littleEndian))
  }
  return offsets
}

/**
 * CPUs by the offsets alone: entries before the unused ones, which are 0 or all repeat what they held at boot. For kernels whose masks
 * are not in the evidence.
 */
export function cpusOfOffsets(facts: CpuFacts): number[] {
  const { memory, symbol } = facts
  const at = symbol('__per_cpu_offset')
  if (at === undefined) return [0]
  const offsets: bigint[] = []
  const count = countOf(facts)
  for (let cpu = 0; cpu < (count ?? mostCpus); cpu++) {
    const bytes = memory.tryRead(at + BigInt(cpu * 8), 8)
    if (typeof bytes === 'string') break
    const offset = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, memory.littleEndian)
    if (offset === 0n) break
    const repeated = offsets.indexOf(offset)
    if (repeated >= 0) {
      offsets.length = repeated
      break
    }
    offsets.push(offset)
  }
  return offsets.length > 0 ? offsets.map((_, cpu) => cpu) : [0]
}
