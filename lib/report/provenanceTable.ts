import type { ColumnTable } from 'arquero'
import { evidenceFiles } from '../dump/evidenceFiles.js'
import { describedTable } from '../table/columns.js'
import { inputOf } from './provenance.js'

export interface ProvenanceOptions {
  /** The sha256 that each file had, in the order of the files; null where it is not known. */
  readonly recorded?: readonly (string | null)[]
}

/**
 * What files are, to the byte: columns file, kind, bytes, sha256, and with `recorded` also changed: whether a file is no longer the one
 * whose sha256 was recorded. The last cell of a notebook says by it what the notebook rests on.
 *
 * @throws UsageError where there is no such file
 * @example (await provenance(['vmcore'], { recorded: ['91853506…'] })).objects() // [{ file: 'vmcore', …, changed: false }]
 */
export async function provenance(files: string | readonly string[], options: ProvenanceOptions = {}): Promise<ColumnTable> {
  const { recorded } = options
  const inputs = (await evidenceFiles(typeof files === 'string' ? [files] : files)).map(({ path, kind }) => inputOf(path, kind.text))
  return describedTable({
    ...Object.fromEntries((['file', 'kind', 'bytes', 'sha256'] as const).map((key) => [key, inputs.map((input) => input[key])])),
    ...(recorded === undefined ? {} : { changed: inputs.map(({ sha256 }, i) => sha256 === null || recorded[i] == null ? null : sha256 !== recorded[i]) })
  })
}
