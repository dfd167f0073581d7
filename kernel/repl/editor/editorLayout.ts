import { cellsOf, graphemesOf } from './graphemes.js'
import type { EditorText } from './editorState.js'
import { tokensOf, type Token } from './tokens.js'

/** What a terminal shows of the text being typed: rows of coloured stretches, and where the cursor stands. */
export interface EditorLayout {
  readonly rows: readonly EditorRow[]
  readonly cursor: { readonly row: number, readonly column: number }
  /** Rows above and below that there was no room for. */
  readonly above: number
  readonly below: number
}

export interface EditorRow {
  /** Whether the text's first line begins here, another line, or the rest of a long one. */
  readonly start: 'first' | 'line' | 'wrapped'
  readonly tokens: readonly Token[]
}

/**
 * Lays a text out for `width` cells a row and at most `rows` rows; of a longer text, those around the cursor.
 * Long lines go on in the next row.
 *
 * @param paint whether it is code that is coloured
 */
export function layOutEditor({ text, cursor }: EditorText, width: number, rows: number, paint = true): EditorLayout {
  const all: { start: EditorRow['start'], tokens: Token[] }[] = [{ start: 'first', tokens: [] }]
  let used = 0
  let offset = 0
  let place: { row: number, column: number } | undefined
  const note = (): void => {
    if (offset === cursor) place = { row: all.length - 1, column: used }
  }
  for (const token of paint ? tokensOf(text) : [{ kind: 'plain' as const, text }]) {
    for (const grapheme of graphemesWithEnds(token.text)) {
      const cells = grapheme === '\n' ? 0 : cellsOf(grapheme)
      if (used + cells > width && grapheme !== '\n') {
        all.push({ start: 'wrapped', tokens: [] })
        used = 0
      }
      note()
      offset += grapheme.length
      if (grapheme === '\n') {
        all.push({ start: 'line', tokens: [] })
        used = 0
        continue
      }
      append(all.at(-1)!.tokens, token.kind, grapheme)
      used += cells
    }
  }
  // The cursor behind a full row stands on the next.
  if (used >= width && cursor === text.length) {
    all.push({ start: 'wrapped', tokens: [] })
    used = 0
  }
  note()
  place ??= { row: all.length - 1, column: used }
  const first = Math.max(0, Math.min(place.row - Math.floor(rows / 2), all.length - rows))
  return {
    rows: all.slice(first, first + rows), cursor: { row: place.row - first, column: place.column },
    above: first, below: Math.max(0, all.length - first - rows)
  }
}

function append(tokens: Token[], kind: Token['kind'], text: string): void {
  const last = tokens.at(-1)
  if (last?.kind === kind) tokens[tokens.length - 1] = { kind, text: last.text + text }
  else tokens.push({ kind, text })
}

function graphemesWithEnds(text: string): string[] {
  return text.split(/(\n)/).flatMap((part) => part === '\n' ? [part] : graphemesOf(part))
}
