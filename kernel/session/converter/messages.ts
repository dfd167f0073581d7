import type { Completeness, Completions, Inspection } from '../model.js'

/** A source map, as JSON, from one text to the one that it was made of. */
export interface MapStep {
  readonly map: string
  /** Lines of the latter that got `exportPrefix` before the map was made. */
  readonly widened: readonly number[]
}

/** A module that a cell needs: CommonJS made of a local .ts file. */
export interface SideModule {
  /** Where it would lie, with `.js` as its extension. */
  readonly path: string
  readonly code: string
  /** From the code to what was written, in the order of the look-ups. */
  readonly maps: readonly MapStep[]
  /** What it imports. */
  readonly imports: readonly string[]
}

/** A cell as JavaScript. */
export interface ConvertedCell {
  readonly code: string
  readonly maps: readonly MapStep[]
  readonly imports: readonly string[]
  readonly sideModules: readonly SideModule[]
  readonly hasAwait: boolean
  /** Under which name the cell leaves the value of its last expression. */
  readonly lastValue: string | null
  /** What the cell declares. */
  readonly names: readonly string[]
  /** Declarations of all that is in scope afterwards. */
  readonly declarations: string
}

export interface Diagnostic {
  readonly code: number
  readonly message: string
  /** The file, where it is not the cell itself. */
  readonly file: string | null
  /** From 0; of the cell, or of the file. */
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

export type Conversion =
  | { readonly ok: true, readonly cell: ConvertedCell }
  | { readonly ok: false, readonly diagnostics: readonly Diagnostic[] }

export interface ConverterOptions {
  readonly folder: string
  readonly typeCheck: boolean
  readonly libraryTypes: string
  readonly globalTypes: string
}

/** What the thread is asked, by the name of the question. */
export interface ConverterCalls {
  prelude: { args: [], result: string }
  convert: { args: [declarations: string, code: string], result: Conversion }
  complete: { args: [declarations: string, code: string, cursor: number], result: Completions }
  inspect: { args: [declarations: string, code: string, cursor: number, detail: 0 | 1], result: Inspection }
  isComplete: { args: [code: string], result: Completeness }
}

export type ConverterCall = keyof ConverterCalls

export interface ConverterRequest { readonly id: number, readonly call: ConverterCall, readonly args: readonly unknown[] }
export type ConverterReply = { readonly id: number, readonly result: unknown } | { readonly id: number, readonly error: string }
