import type { ColumnTable } from 'arquero'
import { dumpDetail } from '../memory/dumpDetail.js'
import { describedTable } from '../table/columns.js'
import { evidenceFiles, type EvidencePath } from './evidenceFiles.js'

/**
 * What files are, by their content: columns file, kind, detail, readable, hint. Folders stand for the files in them. `hint` says what makes
 * something readable of a file that slablab does not read.
 *
 * @throws UsageError for a path where nothing is
 * @example (await fileKinds(['vmcore'])).objects() // [{ file: 'vmcore', kind: 'kdump-compressed', readable: true, … }]
 */
export async function fileKinds(paths: readonly string[]): Promise<ColumnTable> {
  const files = await evidenceFiles(paths)
  const details = await Promise.all(files.map(detailOf))
  return describedTable({
    file: files.map(({ path }) => path),
    kind: files.map(({ kind }) => kind.kind),
    detail: details.map(({ detail }) => detail),
    readable: details.map(({ readable }) => readable),
    hint: details.map(({ hint }) => hint)
  })
}

/** Of a dump, what its headers say; a packed one is not unpacked for that. */
async function detailOf({ path, role, kind }: EvidencePath): Promise<{ detail: string; readable: boolean; hint: string | null }> {
  if (role === 'dump' && kind.text.indexOf(', in a ') < 0) return dumpDetail(path)
  return { detail: kind.text, readable: kind.readable, hint: kind.hint }
}
