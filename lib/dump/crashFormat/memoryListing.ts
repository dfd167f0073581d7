import type { FaultReason } from '../../errors.js'
import { UsageError } from '../../errors.js'
import type { System } from '../../system/system.js'

export interface CrashReadOptions {
  /** Units to print; 1 as crash has it. */
  readonly count?: number
  /** Bits of a unit. */
  readonly bits?: 8 | 16 | 32 | 64
  /** Print symbols for what lies in kernel text or data, and no ASCII: `rd -s`. */
  readonly symbols?: boolean
}

const LINE_BYTES = 16
const ADDRESS_DIGITS = 16
/** crash's words for memory that it cannot read. */
const trouble: Record<FaultReason, string> = {
  unmapped: 'invalid kernel virtual address', absent: 'seek error: kernel virtual address', excluded: 'page excluded: kernel virtual address',
  corrupt: 'read error: kernel virtual address'
}

/**
 * What crash's `rd` prints of memory at a kernel address.
 *
 * @throws UsageError for a count that is none
 *
 * @example crashRead(system, 0xffff8e89812d1ec0n, { count: 4 })
 * // 'ffff8e89812d1ec0:  ffffffffa217b370 ffffffffa217b3a0   p.......…'
 */
export function crashRead(system: System, address: bigint, options: CrashReadOptions = {}): string {
  const { count = 1, bits = 64, symbols = false } = options
  if (!Number.isInteger(count) || count < 1) throw new UsageError(`expected a count of words, got ${count}`)
  const unit = bits / 8
  const perLine = LINE_BYTES / unit
  const lines: string[] = []
  for (let done = 0; done < count; done += perLine) {
    const units = Math.min(perLine, count - done)
    const at = BigInt.asUintN(64, address + BigInt(done * unit))
    // A line is read unit by unit, so that one that runs into a missing page shows what lies before it.
    const bytes = Array.from({ length: units }, (_, i) => system.memory.tryRead(BigInt.asUintN(64, at + BigInt(i * unit)), unit))
    const missing = bytes.findIndex((found) => typeof found === 'string')
    const held = (missing < 0 ? bytes : bytes.slice(0, missing)) as Uint8Array[]
    if (held.length > 0) lines.push(line(system, at, held, bits, symbols))
    if (missing >= 0) {
      const where = BigInt.asUintN(64, at + BigInt(missing * unit)).toString(16)
      lines.push(`rd: ${trouble[bytes[missing] as FaultReason]}: ${where}  type: "${bits}-bit KVADDR"\n`)
      break
    }
  }
  return lines.join('')
}

function line(system: System, address: bigint, units: readonly Uint8Array[], bits: number, symbols: boolean): string {
  const digits = bits / 4
  const perLine = (LINE_BYTES * 8) / bits
  const values = units.map((bytes) => valueOf(bytes, system.memory.littleEndian))
  const head = `${address.toString(16).padStart(ADDRESS_DIGITS)}:  `
  // Of a word that the evidence shows as a symbol only, there is no number to print.
  if (symbols || values.some((value) => system.symbols.at(value)?.standIn)) return `${head}${values.map((value) => `${(nameOf(system, value) ?? value.toString(16).padStart(digits, '0')).padEnd(16)} `).join('')}\n`
  const text = values.map((value) => `${value.toString(16).padStart(digits, '0')} `).join('')
  const ascii = units.flatMap((bytes) => [...bytes]).map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
  return `${head}${text.padEnd((digits + 1) * perLine)}  ${ascii}\n`
}

function valueOf(bytes: Uint8Array, littleEndian: boolean): bigint {
  let value = 0n
  for (let i = 0; i < bytes.length; i++) value = (value << 8n) | BigInt(bytes[littleEndian ? bytes.length - 1 - i : i])
  return value
}

/** A symbol and the decimal distance from it. */
function nameOf(system: System, value: bigint): string | undefined {
  if (value < 1n << 63n) return undefined
  const hit = system.symbols.at(value)
  return hit && (hit.offset === 0 ? hit.name : `${hit.name}+${hit.offset}`)
}
