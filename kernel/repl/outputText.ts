import type { SessionOutput } from '../session/session.js'

/** What a stream may do on a terminal: colours, tabs and line ends. Other controls are written out: text from evidence must not act. */
const acting = /\u001b(?!\[[\d;]*m)|[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f-\u009f]/g

/** Text of a stream, harmless on a terminal. */
export function shownText(text: string): string {
  return text.replace(acting, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

/** The text of what was displayed; what has none is named by its types. */
export function displayedText(data: Readonly<Record<string, unknown>>): string {
  const text = data['text/plain'] ?? data['text/markdown']
  if (typeof text === 'string') return shownText(text)
  return `(${Object.keys(data).join(', ')})`
}

/** Everything a cell showed, as text alone. */
export function textOf(outputs: readonly SessionOutput[]): string {
  return outputs.map((output) => {
    if (output.kind === 'stream') return shownText(output.text)
    return output.kind === 'display' ? `${displayedText(output.data)}\n` : ''
  }).join('')
}
