import type ts from 'typescript'
import type { Completeness } from '../model.js'
import type { Compiler } from './compilerFacade.js'

/** TS1160 and TS1010: a template or a comment that is not closed can go on, whatever it holds. */
const unclosed = new Set([1160, 1010])

const indentation = '  '

/** Whether a cell can run as it stands; where it can't yet, how its next line is indented. */
export function isComplete(compiler: Compiler, code: string): Completeness {
  const source = compiler.createSourceFile('cell.ts', code, compiler.ScriptTarget.ES2022)
  const errors = (source as ts.SourceFile & { parseDiagnostics: readonly ts.DiagnosticWithLocation[] }).parseDiagnostics
  if (errors.length === 0) return { status: 'complete', indent: '' }
  const end = code.trimEnd().length
  // The parser recovers from the first error by guessing; only that one tells what is wrong.
  const [first] = errors
  const isAtEnd = first.start >= end || unclosed.has(first.code)
  return isAtEnd ? { status: 'incomplete', indent: indentAfter(compiler, code) } : { status: 'invalid', indent: '' }
}

/** Two spaces more than the last line where it opens more than it closes. */
function indentAfter(compiler: Compiler, code: string): string {
  const line = code.trimEnd().split('\n').at(-1) ?? ''
  const current = /^\s*/.exec(line)![0]
  const scanner = compiler.createScanner(compiler.ScriptTarget.ES2022, true, compiler.LanguageVariant.Standard, line)
  const { OpenBraceToken, OpenParenToken, OpenBracketToken, CloseBraceToken, CloseParenToken, CloseBracketToken, EndOfFileToken } = compiler.SyntaxKind
  let open = 0
  for (let token = scanner.scan(); token !== EndOfFileToken; token = scanner.scan()) {
    if (token === OpenBraceToken || token === OpenParenToken || token === OpenBracketToken) open++
    else if ((token === CloseBraceToken || token === CloseParenToken || token === CloseBracketToken) && open > 0) open--
  }
  return open > 0 ? current + indentation : current
}
