import { createRequire, Module } from 'node:module'
import path from 'node:path'
import type ts from 'typescript'
import { compiledScript, type CompiledScript } from '../compiledScript.js'
import { built } from '../installed.js'
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

const ofTslab = createRequire(createRequire(import.meta.url).resolve('tslab/package.json'))
const compilerFile = ofTslab.resolve('@tslab/typescript-for-tslab')

/** The compiler that tslab requires: 8 MB, of which a session needs half. */
export const compilerScript: CompiledScript = {
  file: compilerFile, cache: built.compiledCompiler, parameters: 'exports, require, module, __filename, __dirname'
}

/** Loads tslab's converter with a facade in place of its compiler, since what it hard-codes does not fit: see {@link compilerFacade}. */
export function loadTslab(options: { readonly folder: string, readonly typeCheck: boolean, readonly libraryTypes: string, readonly globalTypes: string }): Tslab {
  const compiler = loadCompiler()
  const facade = compilerFacade(compiler, { ...options, resolveFrom: import.meta.url })
  ofTslab.cache[compilerFile] = Object.assign(new Module(compilerFile), { exports: facade.module, loaded: true })
  const { createConverter } = ofTslab('./dist/converter.js') as { createConverter: () => TslabConverter }
  return { converter: createConverter(), compiler, facade }
}

function loadCompiler(): Compiler {
  const module = { exports: {} }
  const run = compiledScript(compilerScript).runInThisContext() as (...args: readonly unknown[]) => void
  run(module.exports, ofTslab, module, compilerFile, path.dirname(compilerFile))
  return module.exports as Compiler
}
