/** Where a person is in the history of cells while going up and down. */
export interface HistoryWalk {
  /** Position in the list; its length is the text being typed. */
  readonly position: number
  /** What was typed before going up. */
  readonly draft: string
  /** Only cells that start with this are shown. */
  readonly prefix: string
}

/**
 * The next older (-1) or newer (1) cell that starts with what stood before the cursor; undefined where there is none.
 * A text that was shown already is passed over.
 */
export function walkHistory(
  cells: readonly string[], walk: HistoryWalk | null, direction: -1 | 1, typed: { readonly text: string, readonly cursor: number }
): { readonly walk: HistoryWalk, readonly text: string } | undefined {
  const from = walk ?? { position: cells.length, draft: typed.text, prefix: typed.text.slice(0, typed.cursor) }
  for (let position = from.position + direction; position >= 0 && position < cells.length; position += direction) {
    if (cells[position].startsWith(from.prefix) && cells[position] !== typed.text) return { walk: { ...from, position }, text: cells[position] }
  }
  if (direction > 0 && from.position < cells.length) return { walk: { ...from, position: cells.length }, text: from.draft }
  return undefined
}
