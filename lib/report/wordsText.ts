import type { SignatureWordRow } from '../analysis/signatures.js'

/** Words that a line names at most. */
const mostWords = 16

/**
 * The words of a group in a line: symbols by name, pointers by where they lead, neighbours of a kind counted.
 *
 * @example wordsText(group.words) // 'single_start, single_stop, single_next, TestMod_ProcContentSeqShow'
 */
export function wordsText(words: readonly SignatureWordRow[]): string {
  const parts: { text: string; times: number }[] = []
  for (const word of words.slice(0, mostWords)) {
    const text = word.symbol ?? (word.class === 'slab pointer' && word.cache !== null ? `→ ${word.cache}` : word.class)
    const last = parts.at(-1)
    if (last?.text === text) last.times++
    else parts.push({ text, times: 1 })
  }
  const listed = parts.map(({ text, times }) => (times === 1 ? text : `${text} ×${times}`))
  return words.length > mostWords ? `${listed.join(', ')}, …` : listed.join(', ')
}
