import type { Memory } from '../memory/memory.js'

/** A 64-bit word in the machine's byte order; undefined where it is not readable. */
export function wordAt(memory: Memory, address: bigint): bigint | undefined {
  const bytes = memory.tryRead(address, 8)
  return typeof bytes === 'string' ? undefined : new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, memory.littleEndian)
}

/** An unsigned 32-bit number in the machine's byte order; undefined where it is not readable. */
export function u32At(memory: Memory, address: bigint): number | undefined {
  const bytes = memory.tryRead(address, 4)
  return typeof bytes === 'string' ? undefined : new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, memory.littleEndian)
}
