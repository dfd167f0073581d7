import { inspection } from '../session/magics/cellParts.js'

/** What a person typed, told apart by how it begins and ends. */
export type Line =
  | { readonly kind: 'code', readonly code: string }
  | { readonly kind: 'magic', readonly name: string, readonly args: string, readonly isCode: boolean, readonly into: Target | null }
  | { readonly kind: 'inspect', readonly name: string, readonly detail: 0 | 1 }
  | { readonly kind: 'shell', readonly command: string }
  /** `EXPRESSION !| command`: its value as text into a command. */
  | { readonly kind: 'piped', readonly expression: string, readonly format: string | null, readonly command: string }

/** Where the text of a magic goes in place of the terminal. */
export type Target = { readonly kind: 'shell', readonly command: string } | { readonly kind: 'file', readonly file: string, readonly append: boolean }

/**
 * Reads `%name args | command`, `%name args > file`, `x?`, `?x`, `!command` and `EXPRESSION !| [--format csv] command`; all else is code.
 *
 * @example lineOf('%page dump.caches() | head -3') // { kind: 'magic', name: 'page', args: 'dump.caches()', into: { kind: 'shell', … }, … }
 */
export function lineOf(text: string): Line {
  const trimmed = text.trim()
  const magic = /^%([a-z]+)(?:\s+([^]*))?$/i.exec(trimmed)
  if (magic !== null) {
    const { args, into } = redirected(magic[2] ?? '')
    const words = args.split(/\s+/)
    const isCode = words.includes('--code')
    return { kind: 'magic', name: magic[1].toLowerCase(), args: isCode ? words.filter((word) => word !== '--code').join(' ') : args, isCode, into }
  }
  if (trimmed.startsWith('!')) return { kind: 'shell', command: trimmed.slice(1).trim() }
  const asked = inspection(trimmed)
  if (asked !== null) return { kind: 'inspect', name: asked.name, detail: asked.detail }
  const piped = /^([^]*?)\s!\|\s*(?:--format[= ](\w+)\s+)?([^\n]+)$/.exec(trimmed)
  if (piped !== null) return { kind: 'piped', expression: piped[1], format: piped[2] ?? null, command: piped[3] }
  return { kind: 'code', code: text }
}

/** Takes ` | command` or ` > file` off the end; neither counts inside of quotes or brackets, nor as part of `=>`, `||` or a comparison. */
function redirected(args: string): { args: string, into: Target | null } {
  let depth = 0
  let quote: string | undefined
  for (let i = 0; i < args.length; i++) {
    const character = args[i]
    if (quote !== undefined) {
      if (character === '\\') i++
      else if (character === quote) quote = undefined
      continue
    }
    if (/['"`]/.test(character)) quote = character
    else if (/[([{]/.test(character)) depth++
    else if (/[)\]}]/.test(character)) depth--
    if (depth > 0 || !/\s/.test(args[i - 1] ?? ' ')) continue
    const [, sign, rest] = /^(\||>>?)\s+(\S[^]*)$/.exec(args.slice(i)) ?? []
    if (sign === undefined) continue
    const before = args.slice(0, i).trimEnd()
    if (sign === '|') return { args: before, into: { kind: 'shell', command: rest.trim() } }
    return { args: before, into: { kind: 'file', file: rest.trim(), append: sign === '>>' } }
  }
  return { args: args.trimEnd(), into: null }
}

/** Whether brackets, quotes or a comment are still open: then a line more is wanted, whatever the compiler says. */
export function isOpen(tokens: readonly { readonly kind: string, readonly text: string }[]): boolean {
  let depth = 0
  for (const { kind, text } of tokens) {
    if (kind === 'comment' || kind === 'magic') continue
    // A template is open until a token ends it; its pieces have their own brackets.
    if (kind === 'string') {
      if (text.endsWith('${')) depth++
      if (text.startsWith('}')) depth--
      continue
    }
    for (const character of text) {
      if ('([{'.includes(character)) depth++
      if (')]}'.includes(character)) depth--
    }
  }
  const last = tokens.at(-1)
  const isUnclosed = last?.kind === 'comment' ? last.text.startsWith('/*') && !last.text.endsWith('*/')
    : last?.kind === 'string' && /^[`}]/.test(last.text) && (last.text.length === 1 || !/(?:^|[^\\])`$/.test(last.text))
  return depth > 0 || isUnclosed
}
