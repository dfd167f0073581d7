import type { ColumnTable } from 'arquero'
import { cellFormat } from './cellText.js'
import { escapeHtml } from './escapeHtml.js'
import { shownRows, type ShownColumn } from './shownRows.js'
import { shapeLine } from './textTable.js'

export interface HtmlTableOptions {
  /** The most rows shown: of a longer table, its head and its tail. Default 50. */
  readonly rows?: number
  /** Rows there are in truth, where the table is itself only a part. Default: the table's. */
  readonly total?: number
}

/** The most rows of a table in a notebook. */
const mostRows = 50
/** Longer cells are cut; their whole text is in the tooltip. */
const mostCharacters = 160
/** Names up to this length stay on their line; longer text breaks where it must, and does not push other columns out of sight. */
const unbrokenCharacters = 32
/** On a narrow page a column of longer text is not squeezed any further: the table scrolls. */
const leastWidth = '15em'
/** Addresses, words and hashes: digits that are compared one below the other. */
const hexadecimal = /^(0x[0-9a-f]+|[0-9a-f]{32,})$/

/**
 * A table as HTML that may stand in a notebook or page: everything from evidence escaped, at most 50 rows, units in the header,
 * what a column means as its tooltip, and a line "n of N rows".
 */
export function htmlTable(table: ColumnTable, options: HtmlTableOptions = {}): string {
  const { columns, count } = shownRows(table)
  const most = Math.max(1, options.rows ?? mostRows)
  const tail = count > most ? Math.floor(most / 4) : 0
  const head = Math.min(count, most - tail)
  const shown = Array.from({ length: head + tail }, (_, i) => i < head ? i : count - tail + i - head)
  const cells = columns.map((column) => columnCells(column, shown))
  const gap = `<tr>${columns.map(() => '<td style="text-align:center">…</td>').join('')}</tr>`
  const rows = shown.map((_, i) => `${i === head ? `${gap}\n` : ''}<tr>${cells.map((column) => column.cells[i]).join('')}</tr>`)
  return `<table>
<thead><tr>${cells.map(({ header }) => header).join('')}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
<p>${escapeHtml(shapeLine(shown.length, options.total ?? count))}</p>
`
}

function columnCells(column: ShownColumn, shown: readonly number[]): { header: string, cells: string[] } {
  const values = shown.map((row) => column.at(row))
  const format = cellFormat(column, values)
  // Both the attribute and the style: hosts that take styles away keep the attribute, and notebooks' own styles override it.
  const place = `align="${format.align}" style="text-align:${format.align}"`
  const isUnbroken = (text: string): boolean => format.align === 'right' || text.length <= unbrokenCharacters
  const cellPlace = (text: string): string => `${place.slice(0, -1)};${isUnbroken(text) ? 'white-space:nowrap' : `overflow-wrap:anywhere;min-width:${leastWidth}`}"`
  const unit = format.unit === '' ? '' : `<br><small>${escapeHtml(format.unit)}</small>`
  const meaning = column.description === undefined ? '' : ` title="${escapeHtml(column.description.text)}"`
  return {
    header: `<th ${place}${meaning}>${escapeHtml(column.name)}${unit}</th>`,
    cells: values.map((value) => {
      // The text is visible() already; doing it again changes nothing.
      const text = format.text(value)
      const long = text.length > mostCharacters
      const content = escapeHtml(long ? `${text.slice(0, mostCharacters - 1)}…` : text)
      const code = isUnbroken(text) ? '<code>' : '<code style="white-space:normal">'
      return `<td ${cellPlace(text)}${long ? ` title="${escapeHtml(text)}"` : ''}>${hexadecimal.test(text) ? `${code}${content}</code>` : content}</td>`
    })
  }
}
