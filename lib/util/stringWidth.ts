import { createRequire } from 'node:module'

/** Characters that take one column and join with nothing: Latin, punctuation, arrows, lines, blocks, braille. */
const single = /^[ -~\u00a1-\u00ac\u00ae-\u024f\u2010-\u2027\u2190-\u2193\u2500-\u259f\u2800-\u28ff]*$/

let measure: ((text: string) => number) | undefined

/**
 * Columns that a text takes on a terminal, without its ANSI sequences. The package that knows takes 50 ms to load: it is asked where a text
 * has more than plain characters.
 *
 * @example stringWidth('日本') // 4
 */
export function stringWidth(text: string): number {
  if (single.test(text)) return text.length
  measure ??= (createRequire(import.meta.url)('string-width') as { default: (text: string) => number }).default
  return measure(text)
}
