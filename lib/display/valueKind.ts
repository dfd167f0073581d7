import type { ColumnTable } from 'arquero'

/** The method by which a value says how it is displayed: it returns a MIME bundle, or a promise of one. */
export const displayMethod: unique symbol = Symbol.for('Jupyter.display')

/** Content by MIME type, as notebooks take it: text as strings, images as base64, JSON as it is. */
export type MimeData = Readonly<Record<string, unknown>>

/** An arquero table, of whichever copy of arquero: known by its shape. */
export function isTable(value: unknown): value is ColumnTable {
  return isObject(value) && [
    'numRows', 'columnNames', 'column', 'indices', 'isFiltered', 'isOrdered', 'reify'
  ].every((name) => typeof value[name] === 'function')
}

const composing = ['mark', 'layer', 'hconcat', 'vconcat', 'concat', 'facet', 'repeat']

/** A vega-lite or vega specification: it says so by its schema, or has both a drawing and data. */
export function isPlot(value: unknown): value is object {
  if (!isObject(value) || Array.isArray(value)) return false
  if (typeof value.$schema === 'string') return /\/schema\/vega(-lite)?\/v\d/.test(value.$schema)
  return composing.some((name) => name in value) && 'data' in value && ('encoding' in value || !('mark' in value))
}

/** A specification in vega's own language, not in vega-lite's. */
export function isVega(value: object): boolean {
  return '$schema' in value && typeof value.$schema === 'string' && /\/schema\/vega\/v\d/.test(value.$schema)
}

/** A value that knows how it is displayed. */
export function hasDisplay(value: unknown): value is { [displayMethod]: () => unknown } {
  return (isObject(value) || typeof value === 'function') && typeof (
    value as Record<symbol, unknown>
  )[displayMethod] === 'function'
}

/** An object whose keys are all MIME types, and there is at least one. */
export function isMimeData(value: unknown): value is MimeData {
  if (!isObject(value) || Array.isArray(value)) return false
  const keys = Object.keys(value)
  return keys.length > 0 && keys.every((key) => /^[a-z]+\/[a-z0-9][a-z0-9!#$&^_.+-]*$/i.test(key))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
