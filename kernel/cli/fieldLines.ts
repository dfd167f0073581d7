import { visible } from '../../lib/index.js'

/** One record as lines of name and value, for people; fields that are null or empty are left out, lists go on below. */
export function fieldLines(record: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(record).map(([name, value]): [string, string[]] => [name, linesOf(value)]).filter(([, lines]) => lines.length > 0)
  const width = Math.max(...fields.map(([name]) => name.length))
  return fields.map(([name, lines]) => lines.map((line, i) => `${(i === 0 ? name : '').padEnd(width)}  ${visible(line)}\n`).join('')).join('')
}

function linesOf(value: unknown): string[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value.flatMap(linesOf)
  if (typeof value === 'object') return [Object.values(value).join(', ')]
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean' ? [String(value)] : []
}
