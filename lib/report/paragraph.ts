import { wrapTo } from '../display/wrapTo.js'
import { stringWidth } from '../util/stringWidth.js'

/**
 * Text in lines of at most `width` columns, broken between words; `first` stands before the first line, and as many blanks before the
 * others.
 *
 * @example paragraph('one two three', 9, '- ') // '- one two\n  three\n'
 */
export function paragraph(text: string, width: number, first = ''): string {
  const indent = ' '.repeat(stringWidth(first))
  return wrapTo(text, width - indent.length).map((line, i) => `${i === 0 ? first : indent}${line}\n`).join('')
}
