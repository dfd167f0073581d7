import { cellsOf, nextOffset, offsetAtCell, previousOffset } from './graphemes.js'
import { moved, type EditorState } from './editorState.js'

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

export function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset)
  return end < 0 ? text.length : end
}

const word = /[\p{L}\p{N}_$]/u

/** Start of the word at or before an offset. */
export function wordLeft(text: string, offset: number): number {
  let at = offset
  while (at > 0 && !word.test(text[previousOffset(text, at)])) at = previousOffset(text, at)
  while (at > 0 && word.test(text[previousOffset(text, at)])) at = previousOffset(text, at)
  return at
}

/** End of the word at or behind an offset. */
export function wordRight(text: string, offset: number): number {
  let at = offset
  while (at < text.length && !word.test(text[at])) at = nextOffset(text, at)
  while (at < text.length && word.test(text[at])) at = nextOffset(text, at)
  return at
}

/** One line up or down, to the same cell; undefined where there is no such line. */
export function vertically(state: EditorState, direction: -1 | 1): EditorState | undefined {
  const { text, cursor } = state
  const start = lineStart(text, cursor)
  const goal = state.goal ?? cellsOf(text.slice(start, cursor))
  if (direction < 0 ? start === 0 : lineEnd(text, cursor) === text.length) return undefined
  const target = direction < 0 ? lineStart(text, start - 1) : lineEnd(text, cursor) + 1
  return moved(state, target + offsetAtCell(text.slice(target, lineEnd(text, target)), goal), goal)
}
