import { stringWidth } from '../util/stringWidth.js'
import { fitTo } from './textTable.js'

/** Text broken between words into lines of at most `width` terminal cells; a word that is longer by itself is cut. */
export function wrapTo(text: string, width: number): string[] {
  const lines: string[] = []
  let used = 0
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const wide = stringWidth(word)
    if (lines.length > 0 && used + 1 + wide <= width) {
      lines[lines.length - 1] += ` ${word}`
      used += 1 + wide
    } else {
      lines.push(fitTo(word, width))
      used = Math.min(wide, width)
    }
  }
  return lines
}
