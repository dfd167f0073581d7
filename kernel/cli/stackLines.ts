import { counted, formatBytes, formatPercent, visible } from '../../lib/index.js'

/** A row of `allocationStacks`. */
interface StackRow {
  readonly cache: string
  readonly objects: number
  readonly bytes: number
  readonly share: number
  readonly stack: readonly string[]
  readonly recordedBy: string
  readonly example: string
}

/** Stacks for people: a dozen functions read better one below the other than in a cell of a table. */
export function* stackLines(rows: readonly StackRow[], most: number): Generator<string> {
  for (const { cache, objects, bytes, share, stack, recordedBy, example } of rows.slice(0, most)) {
    yield visible(`${cache}: ${counted(objects, 'object')}, ${formatBytes(bytes)}, ${formatPercent(share)} of its objects that ${recordedBy} recorded, such as ${example}`)
    yield '\n'
    for (const frame of stack) yield `  ${visible(frame)}\n`
  }
  if (rows.length > most) {
    const rest = rows.slice(most)
    const bytes = rest.reduce((sum, row) => sum + row.bytes, 0)
    yield `${counted(rest.length, 'smaller stack')} (${formatBytes(bytes)}) not shown; a file, a pipe and --format csv get all\n`
  }
}
