import type { Diagnostic } from './converter/messages.js'
import type { CellError } from './model.js'

const shown = 10

/** What keeps a cell from running, each with the line that it is about. */
export function diagnosticError(diagnostics: readonly Diagnostic[], code: string, file: string): CellError {
  const lines = code.split('\n')
  const blocks = diagnostics.slice(0, shown).map((diagnostic) => {
    const head = `${heading(diagnostic, file)}`
    return diagnostic.file === null ? [head, ...excerpt(diagnostic, lines)] : [head]
  })
  if (diagnostics.length > shown) blocks.push([`… and ${diagnostics.length - shown} more`])
  const name = diagnostics.some(({ code: number }) => number < 2000) ? 'SyntaxError' : 'TypeScriptError'
  return { name, message: heading(diagnostics[0], file), traceback: blocks.flat() }
}

function heading({ code, message, file, line, column }: Diagnostic, cell: string): string {
  return `${file ?? cell}:${line + 1}:${column + 1} TS${code}: ${message}`
}

/** The line, and what of it is meant. */
function excerpt({ line, column, endLine, endColumn }: Diagnostic, lines: readonly string[]): string[] {
  const text = lines[line]
  if (text === undefined) return []
  const number = `  ${line + 1} | `
  const width = Math.max(1, (endLine === line ? endColumn : text.length) - column)
  // A tab before the mark stays a tab, so that the mark stands below what it marks.
  return [number + text, ' '.repeat(number.length) + text.slice(0, column).replace(/[^\t]/g, ' ') + '^'.repeat(width)]
}
