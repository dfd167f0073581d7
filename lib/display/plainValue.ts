import type { ColumnDescription } from '../table/columns.js'
import { hex } from '../util/hex.js'

export type PlainValue = null | boolean | number | string | PlainValue[] | { [key: string]: PlainValue }

/**
 * A value as JSON can hold it, raw: unknown, NaN and infinities are null, times ISO 8601 in UTC, addresses and other 64-bit words
 * `0x` and 16 digits, lists and nested objects kept. `description` says what the value's column means.
 *
 * @example plainValue(0xffff80003a5b0000n) // '0xffff80003a5b0000'
 */
export function plainValue(value: unknown, description?: ColumnDescription): PlainValue {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) return null
      if (description?.type === 'time') return isoTime(new Date(value))
      return description?.type === 'address' ? hex(value) : value
    case 'bigint':
      return description?.type === 'number' ? Number(value) : hex(value)
    case 'object':
      return value === null ? null : plainObject(value)
    default:
      return null
  }
}

function plainObject(value: object): PlainValue {
  if (value instanceof Date) return isoTime(value)
  if (Array.isArray(value)) return value.map((item) => plainValue(item))
  if (ArrayBuffer.isView(value)) return Array.from(
    value as unknown as ArrayLike<number | bigint>, (item) => plainValue(item)
  )
  if (value instanceof Set) return Array.from(value, (item) => plainValue(item))
  const entries = value instanceof Map ? [...value] as [unknown, unknown][] : Object.entries(value)
  const result: Record<string, PlainValue> = {}
  for (const [key, member] of entries) {
    if (typeof member !== 'function' && member !== undefined) result[String(key)] = plainValue(member)
  }
  return result
}

function isoTime(time: Date): string | null {
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}
