import type { ColumnDescription } from '../table/columns.js'
import { hex } from '../util/hex.js'
import { formatBytes, formatCount } from '../util/units.js'
import { visible } from '../util/visible.js'
import { plainValue } from './plainValue.js'

/** What stands where a value is unknown. */
export const unknownText = '-'

/** Byte columns whose largest value is below this are shown exactly: 1,344 B tells more than 1.31 KiB. */
const exactBytes = 100_000

/** Units that are not written beside each number. */
const counting = new Set(['objects', 'pages', 'slabs'])

/** How the cells of one column are written, decided once from the values that are shown. */
export interface CellFormat {
  readonly align: 'left' | 'right'
  /** The unit a header has to name, because neither the cells nor the column's name do. */
  readonly unit: string
  text(value: unknown): string
}

/**
 * Chooses how a column is shown to people: counts with separators, bytes in one style for the whole column, shares in per cent,
 * addresses of fixed width, everything hostile made visible.
 */
export function cellFormat({ name, description }: {
  readonly name: string, readonly description: ColumnDescription | undefined
}, values: readonly unknown[]): CellFormat {
  const numeric = description === undefined
    ? values.some(isNumber) && values.every((value) => value == null || isNumber(value))
    : description.type === 'number'
  if (!numeric) return { align: 'left', unit: '', text: (value) => wordText(value, description) }
  const unit = description?.unit ?? ''
  // Numbers without a unit name something: lines and slots are not counts.
  const write = numberFormat(unit, values, description !== undefined && unit === '')
  return {
    align: 'right',
    unit: counting.has(unit) && !name.toLowerCase().includes(unit) ? unit : '',
    text: (value) => isNumber(value) ? write(Number(value)) : wordText(value, description)
  }
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

function numberFormat(unit: string, values: readonly unknown[], plain: boolean): (value: number) => string {
  const whole = values.every((value) => !isNumber(value) || !Number.isFinite(Number(value)) || Number.isInteger(Number(value)))
  const exact = whole && values.every((value) => !isNumber(value) || Math.abs(Number(value)) < exactBytes)
  return (value) => {
    if (Number.isNaN(value)) return unknownText
    if (!Number.isFinite(value)) return value < 0 ? '−∞' : '∞'
    switch (unit) {
      case 'bytes': return exact ? `${signed(formatCount(value))} B` : formatBytes(value)
      case 'bytes/h': return `${formatBytes(value)}/h`
      case 'share': return `${signed((value * 100).toFixed(Math.abs(value) < 0.0995 && value !== 0 ? 2 : 1))} %`
      case 's': return `${signed(trimmed(value))} s`
      default: return signed(whole ? plain ? String(value) : formatCount(value) : trimmed(value))
    }
  }
}

/** A number with at most three decimals, or with four significant digits where it is small. */
function trimmed(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.01) return String(Number(value.toPrecision(4)))
  return value.toLocaleString('en-US', { maximumFractionDigits: 3 })
}

/** A true minus sign, as in formatBytes. */
function signed(text: string): string {
  return text.replace(/^-/, '−')
}

function wordText(value: unknown, description: ColumnDescription | undefined): string {
  if (value === null || value === undefined) return unknownText
  if (description?.type === 'time' && isNumber(value)) return timeText(new Date(Number(value)))
  if (value instanceof Date) return timeText(value)
  if (typeof value === 'string') return visible(value)
  if (typeof value === 'bigint') return hex(value)
  if (typeof value === 'number') return description?.type === 'address' ? hex(value) : String(value)
  if (typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return value.map(itemText).join(', ')
  return visible(JSON.stringify(plainValue(value)))
}

/** UTC to the second, to the millisecond where there is a part of one. */
function timeText(time: Date): string {
  if (Number.isNaN(time.getTime())) return unknownText
  return time.toISOString().replace('T', ' ').replace(/(\.000)?Z$/, 'Z')
}

/** One item of a list. A word of a signature is shown as offset and what stands there. */
function itemText(item: unknown): string {
  if (typeof item !== 'object' || item === null || item instanceof Date) return wordText(item, undefined)
  if ('offset' in item && 'class' in item) {
    const word = item as { offset: unknown, class: unknown, value?: unknown, symbol?: unknown }
    const small = word.class === 'small integer' && typeof word.value === 'string' ? word.value.replace(/^0x0*(?=.)/, '0x') : null
    return `${wordText(word.offset, undefined)}:${wordText(word.symbol ?? small ?? word.class, undefined)}`
  }
  // An item of evidence: what was seen is enough in a table.
  if ('text' in item && typeof item.text === 'string') return visible(item.text)
  return visible(JSON.stringify(plainValue(item)))
}
