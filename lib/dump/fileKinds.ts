import type { ColumnTable } from 'arquero'
import { describedTable } from '../table/columns.js'
import { evidenceFiles } from './evidenceFiles.js'

/**
 * What files are, by their content: columns file, kind, detail, readable, hint. Folders stand for the files in them. `hint` says what makes
 * something readable of a file that slablab does not read.
 *
 * @throws UsageError for a path where nothing is
 * @example (await fileKinds(['vmcore'])).objects() // [{ file: 'vmcore', kind: 'kdump-compressed', readable: true, … }]
 */
export async function fileKinds(paths: readonly string[]): Promise<ColumnTable> {
  const files = await evidenceFiles(paths)
  return describedTable({
    file: files.map(({ path }) => path),
    kind: files.map(({ kind }) => kind.kind),
    detail: files.map(({ kind }) => kind.text),
    readable: files.map(({ kind }) => kind.readable),
    hint: files.map(({ kind }) => kind.hint)
  })
}
