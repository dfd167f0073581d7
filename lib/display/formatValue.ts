import { displayText } from './displayText.js'
import { formatTable, jsonText, type TableFormat } from './formatTable.js'
import { plainValue } from './plainValue.js'
import { isTable } from './valueKind.js'

/**
 * Any value as text for programs: a table with all its rows and columns, as `formatTable` has them; anything else as people read it
 * (`table`), or as one line of JSON, a list in `ndjson` a line each. Text is itself, in `table` and `csv` without quotes.
 *
 * @example await formatValue([1, 2], 'ndjson') // '1\n2\n'
 */
export async function formatValue(value: unknown, format: TableFormat): Promise<string> {
  if (isTable(value)) return formatTable(value, format, { width: Infinity, rows: Infinity })
  const isText = format === 'table' || format === 'csv'
  if (typeof value === 'string' && isText) return `${value}\n`
  if (format === 'table') return `${await displayText(value, { width: Infinity, rows: Infinity })}\n`
  if (format === 'csv' && (typeof value !== 'object' || value === null)) return `${await displayText(value)}\n`
  if (format === 'ndjson' && Array.isArray(value)) return value.map((item) => `${jsonText(plainValue(item))}\n`).join('')
  return `${jsonText(plainValue(value))}\n`
}
