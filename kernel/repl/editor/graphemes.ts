import stringWidth from 'string-width'

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const ascii = /^[\x20-\x7e]*$/

/** Terminal cells that a text without line ends takes: wide characters two, combining marks none. */
export function cellsOf(text: string): number {
  return ascii.test(text) ? text.length : stringWidth(text)
}

/** The characters of a text as a person sees them: an emoji with its modifiers is one. */
export function graphemesOf(text: string): string[] {
  return ascii.test(text) ? [...text] : Array.from(segmenter.segment(text), ({ segment }) => segment)
}

/** Where the character before `offset` starts. */
export function previousOffset(text: string, offset: number): number {
  if (offset <= 0) return 0
  if (text[offset - 1] === '\n') return offset - 1
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const last = graphemesOf(text.slice(start, offset)).at(-1)
  return offset - (last?.length ?? 1)
}

/** Where the character at `offset` ends. */
export function nextOffset(text: string, offset: number): number {
  if (offset >= text.length) return text.length
  if (text[offset] === '\n') return offset + 1
  const end = text.indexOf('\n', offset)
  const [first] = graphemesOf(text.slice(offset, end < 0 ? undefined : end))
  return offset + first.length
}

/** The offset in a line that lies nearest to a cell, at the start of a character. */
export function offsetAtCell(line: string, cell: number): number {
  let offset = 0
  let used = 0
  for (const grapheme of graphemesOf(line)) {
    const width = cellsOf(grapheme)
    if (used + width > cell) break
    used += width
    offset += grapheme.length
  }
  return offset
}
