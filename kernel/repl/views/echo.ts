import { tokensOf, type TokenKind } from '../editor/tokens.js'

/** The same colours as the prompt has, as SGR codes. */
const codes: Readonly<Partial<Record<TokenKind, number>>> = {
  keyword: 35, literal: 33, string: 32, number: 33, type: 36, call: 34, magic: 36, comment: 90
}

/** A cell as it stays in the scrollback: as it stood at the prompt. */
export function echoed(code: string, label: string, colour: boolean): string {
  const text = colour ? tokensOf(code).map(({ kind, text: part }) => painted(part, codes[kind])).join('') : code
  const further = '. '.padStart(label.length)
  return text.split('\n').map((line, i) => `${i === 0 ? label : further}${line}`).join('\n') + '\n'
}

/** Line by line, so that a colour ends where its line does. */
function painted(text: string, code: number | undefined): string {
  if (code === undefined) return text
  return text.split('\n').map((line) => line === '' ? '' : `\u001b[${code}m${line}\u001b[0m`).join('\n')
}
