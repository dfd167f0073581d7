import type { FaultReason } from '../../lib/errors.js'
import type { Memory } from '../../lib/memory/memory.js'

/** Virtual memory of single words; what was never written is not mapped. */
export class WordMemory implements Memory {
  readonly pointerBytes = 8
  readonly #bytes = new Map<bigint, number>()

  constructor(readonly littleEndian = true) {}

  word(address: bigint, value: bigint): this {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), this.littleEndian)
    return this.write(address, bytes)
  }

  u32(address: bigint, value: number): this {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setUint32(0, value, this.littleEndian)
    return this.write(address, bytes)
  }

  write(address: bigint, bytes: Uint8Array): this {
    bytes.forEach((byte, i) => this.#bytes.set(address + BigInt(i), byte))
    return this
  }

  text(address: bigint, text: string): this {
    return this.write(address, Buffer.from(`${text}\0`, 'latin1'))
  }

  tryRead(address: bigint, bytes: number): Uint8Array | FaultReason {
    const out = new Uint8Array(bytes)
    for (let i = 0; i < bytes; i++) {
      const byte = this.#bytes.get(address + BigInt(i))
      if (byte === undefined) return 'unmapped'
      out[i] = byte
    }
    return out
  }

  readMany(addresses: BigUint64Array, bytes: number, out: Uint8Array, present: Uint8Array): void {
    addresses.forEach((address, i) => {
      const found = this.tryRead(address, bytes)
      present[i] = typeof found === 'string' ? 0 : 1
      out.set(typeof found === 'string' ? new Uint8Array(bytes) : found, i * bytes)
    })
  }
}
