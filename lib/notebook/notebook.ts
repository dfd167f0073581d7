/**
 * A notebook as nbformat 4.5 defines it (nbformat.v4.5.schema.json), with the names of that format. Texts that a file may hold as lists of
 * lines are one string here.
 */
export interface Notebook {
  readonly cells: readonly Cell[]
  readonly metadata: Metadata
}

export type Metadata = Readonly<Record<string, unknown>>

/** By MIME type: text, base64 for images, JSON for types that end with `json`. */
export type OutputData = Readonly<Record<string, unknown>>

interface CellBase {
  /** Unique in its notebook: 1 to 64 of `A-Z a-z 0-9 - _`. */
  readonly id: string
  readonly metadata: Metadata
  readonly source: string
}

export interface CodeCell extends CellBase {
  readonly cell_type: 'code'
  /** Null where the cell was not run. */
  readonly execution_count: number | null
  readonly outputs: readonly Output[]
}

export interface TextCell extends CellBase {
  readonly cell_type: 'markdown' | 'raw'
  /** Images of the text, by file name. */
  readonly attachments?: Readonly<Record<string, OutputData>>
}

export type Cell = CodeCell | TextCell

export type Output =
  | { readonly output_type: 'stream', readonly name: 'stdout' | 'stderr', readonly text: string }
  | { readonly output_type: 'display_data', readonly data: OutputData, readonly metadata: Metadata }
  | { readonly output_type: 'execute_result', readonly data: OutputData, readonly metadata: Metadata, readonly execution_count: number | null }
  | { readonly output_type: 'error', readonly ename: string, readonly evalue: string, readonly traceback: readonly string[] }

/** What marks a cell for programs: `parameters`, for one. */
export function tagsOf({ metadata: { tags } }: Cell): readonly string[] {
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : []
}

export function codeCell(id: string, source: string, tags: readonly string[] = []): CodeCell {
  return { cell_type: 'code', id, metadata: tags.length === 0 ? {} : { tags }, source, execution_count: null, outputs: [] }
}

export function markdownCell(id: string, source: string, tags: readonly string[] = []): TextCell {
  return { cell_type: 'markdown', id, metadata: tags.length === 0 ? {} : { tags }, source }
}

/** Metadata by which front ends know that slablab runs a notebook. */
export const slablabKernel: Metadata = {
  kernelspec: { display_name: 'slablab', language: 'typescript', name: 'slablab' },
  language_info: { file_extension: '.ts', mimetype: 'text/typescript', name: 'typescript' }
}

/** A new notebook for slablab's kernel. */
export function newNotebook(cells: readonly Cell[], metadata: Metadata = {}): Notebook {
  return { cells, metadata: { ...slablabKernel, ...metadata } }
}

/** A notebook without its outputs and with nothing said about how it ran. */
export function withoutOutputs(notebook: Notebook): Notebook {
  return { ...notebook, cells: notebook.cells.map((cell) => cell.cell_type === 'code' ? { ...cell, execution_count: null, outputs: [] } : cell) }
}
