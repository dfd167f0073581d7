/**
 * C0 and C1 controls, DEL, line and paragraph separators, zero-width and bidirectional formatting characters, lone surrogates:
 * everything that can move a cursor, hide text or turn its direction.
 */
const unseen = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]/
const everyUnseen = new RegExp(`${unseen.source}|[\\u{e0000}-\\u{e0fff}]`, 'gu')
const mayHide = new RegExp(unseen.source)

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * Text from evidence, fit for a terminal or a page: control characters, escape sequences and direction overrides
 * are written out instead of acting. Each becomes `\n`, `\x1b` or `\u202e`; everything else stays as it is.
 *
 * @example visible('kmalloc\u001b[31m') // 'kmalloc\\x1b[31m'
 */
export function visible(text: string): string {
  return mayHide.test(text) ? text.replace(everyUnseen, escaped) : text
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!
  if (short[character] !== undefined) return short[character]
  if (code > 0xffff) return `\\u{${code.toString(16)}}`
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
