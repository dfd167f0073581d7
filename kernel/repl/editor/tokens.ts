export type TokenKind = 'keyword' | 'literal' | 'string' | 'number' | 'comment' | 'type' | 'call' | 'magic' | 'plain'

/** A stretch of code that is painted in one colour. */
export interface Token {
  readonly kind: TokenKind
  readonly text: string
}

const keywords = new Set(('abstract as async await break case catch class const continue debugger declare default delete do else enum export extends finally for ' +
  'from function get if implements import in infer instanceof interface is keyof let namespace new of out private protected public readonly return ' +
  'satisfies set static super switch this throw try type typeof using var void while with yield').split(' '))
const literals = new Set(['true', 'false', 'null', 'undefined', 'NaN', 'Infinity'])
const types = new Set(['any', 'bigint', 'boolean', 'never', 'number', 'object', 'string', 'symbol', 'unknown'])
/** Behind these a slash begins a regular expression; behind a value it divides. */
const beforeExpression = /[=([{,;:!&|?+\-*%~^<>\n]$|^$|\b(?:return|typeof|case|in|of|await|yield|void|delete)$/

const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['comment', /\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)/y],
  ['string', /'(?:\\[^]|[^'\\\n])*'?|"(?:\\[^]|[^"\\\n])*"?/y],
  ['number', /(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?|\.\d[\d_]*)n?/y],
  ['plain', /[\p{L}_$@#][\p{L}\p{N}_$]*/uy]
]
const regexp = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y

/**
 * Code as coloured tokens, joined they are the code again. Unfinished code is as good as any: what a person is typing always is.
 * A small tokenizer of its own: TypeScript's scanner takes a third of a second to load.
 */
export function tokensOf(code: string): Token[] {
  const magic = /^\s*(?:%[^\n]*|![^\n]*)/.exec(code)
  const tokens: Token[] = []
  let at = 0
  if (magic !== null) {
    tokens.push({ kind: 'magic', text: magic[0] })
    at = magic[0].length
  }
  scan(code, at, tokens, false)
  return tokens
}

/** Reads until the end, or until the bracket that ends a `${`; returns where it stopped. */
function scan(code: string, from: number, tokens: Token[], inTemplate: boolean): number {
  let at = from
  let depth = 0
  let before = ''
  const push = (kind: TokenKind, text: string): void => {
    const last = tokens.at(-1)
    if (last?.kind === kind && kind === 'plain') tokens[tokens.length - 1] = { kind, text: last.text + text }
    else tokens.push({ kind, text })
    at += text.length
    if (kind !== 'comment' && text.trim() !== '') before = text.trimEnd()
  }
  while (at < code.length) {
    const character = code[at]
    if (character === '`') {
      at = template(code, at, tokens)
      before = '`'
      continue
    }
    if (inTemplate && character === '}' && depth === 0) return at
    if (character === '{') depth++
    if (character === '}') depth--
    if (character === '/' && code[at + 1] !== '/' && code[at + 1] !== '*' && beforeExpression.test(before)) {
      const found = match(regexp, code, at)
      if (found !== undefined) {
        push('string', found)
        continue
      }
    }
    const found = firstMatch(code, at)
    if (found === undefined) push('plain', code[at])
    else push(found.kind === 'plain' ? nameKind(found.text, code, at + found.text.length, before) : found.kind, found.text)
  }
  return at
}

function template(code: string, from: number, tokens: Token[]): number {
  let start = from
  for (let at = from + 1; at < code.length; at++) {
    if (code[at] === '\\') at++
    else if (code[at] === '`') {
      tokens.push({ kind: 'string', text: code.slice(start, at + 1) })
      return at + 1
    } else if (code[at] === '$' && code[at + 1] === '{') {
      tokens.push({ kind: 'string', text: code.slice(start, at + 2) })
      start = at = scan(code, at + 2, tokens, true)
    }
  }
  if (start < code.length) tokens.push({ kind: 'string', text: code.slice(start) })
  return code.length
}

function firstMatch(code: string, at: number): Token | undefined {
  for (const [kind, pattern] of patterns) {
    const text = match(pattern, code, at)
    if (text !== undefined) return { kind, text }
  }
  return undefined
}

function match(pattern: RegExp, code: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(code)?.[0]
}

function nameKind(name: string, code: string, end: number, before: string): TokenKind {
  if (before.endsWith('.') && !before.endsWith('..')) return /^\s*\(/.test(code.slice(end, end + 8)) ? 'call' : 'plain'
  if (keywords.has(name)) return 'keyword'
  if (literals.has(name)) return 'literal'
  if (types.has(name) || /^[A-Z]\w*[a-z]/.test(name)) return 'type'
  return /^\s*\(/.test(code.slice(end, end + 8)) ? 'call' : 'plain'
}
