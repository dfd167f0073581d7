import { createRequire } from 'node:module'
import type ts from 'typescript'
import { compilerFacade } from './compilerFacade.js'
import type { Compiler, CompilerFacade } from './compilerFacade.js'

/** What of tslab is used: its converter, as `tslab/dist/converter.d.ts` declares it. */
export interface TslabConverter {
  convert(declarations: string, source: string): TslabResult
  complete(declarations: string, source: string, position: number): TslabCompletion
  inspect(declarations: string, source: string, position: number): ts.QuickInfo | undefined
  close(): void
}

export interface TslabResult {
  readonly output?: string
  readonly declOutput?: string
  readonly diagnostics: readonly TslabDiagnostic[]
  readonly lastExpressionVar?: string
  readonly hasToplevelAwait?: boolean
  readonly sideOutputs?: readonly { readonly path: string, readonly data: string }[]
}

export interface TslabDiagnostic {
  readonly start: { readonly line: number, readonly character: number }
  readonly end: { readonly line: number, readonly character: number }
  readonly messageText: string
  readonly code: number
  readonly fileName?: string
}

export interface TslabCompletion {
  readonly start: number
  readonly end: number
  readonly candidates: readonly string[]
  readonly original?: ts.CompletionInfo
}

export interface Tslab { readonly converter: TslabConverter, readonly compiler: Compiler, readonly facade: CompilerFacade }

/** Loads tslab's converter with a facade in place of its compiler, since what it hard-codes does not fit: see {@link compilerFacade}. */
export function loadTslab(options: { readonly folder: string, readonly typeCheck: boolean, readonly libraryTypes: string, readonly globalTypes: string }): Tslab {
  const require = createRequire(import.meta.url)
  const ofTslab = createRequire(require.resolve('tslab/package.json'))
  const compilerName = '@tslab/typescript-for-tslab'
  const compiler = ofTslab(compilerName) as Compiler
  const facade = compilerFacade(compiler, { ...options, resolveFrom: import.meta.url })
  ofTslab.cache[ofTslab.resolve(compilerName)]!.exports = facade.module
  const { createConverter } = ofTslab('./dist/converter.js') as { createConverter: () => TslabConverter }
  return { converter: createConverter(), compiler, facade }
}
