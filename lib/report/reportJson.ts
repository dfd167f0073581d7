import type { ColumnTable } from 'arquero'
import { signaturesTable } from '../analysis/signatures.js'
import { suspectsTable } from '../analysis/suspects.js'
import { formatTable } from '../display/formatTable.js'
import type { Missing, Provenance, Report } from './reportModel.js'

/** A report as other programs read it: docs/contracts.md. Every list is an array, also an empty one. */
export interface ReportJson {
  readonly summary: string
  readonly compare: readonly unknown[]
  readonly growth: readonly unknown[]
  readonly signatures: readonly unknown[]
  readonly suspects: readonly unknown[]
  readonly missing: readonly Missing[]
  readonly provenance: Provenance
}

/** The machine-readable form of a report: rows as the commands of these names write them. */
export function reportJson({ summary, compare, growth, signatures, suspects, missing, incomplete, provenance }: Report): ReportJson {
  return {
    summary,
    compare: rowsOf(compare?.table),
    growth: rowsOf(growth?.table),
    signatures: rowsOf(signatures === null ? undefined : signaturesTable(signatures.groups)),
    suspects: rowsOf(suspectsTable(suspects)),
    missing: [...incomplete.map((reason): Missing => ({ text: `Not all of the evidence could be used: ${reason}.`, command: null, where: null })), ...missing],
    provenance
  }
}

function rowsOf(table: ColumnTable | undefined): unknown[] {
  return table === undefined ? [] : (JSON.parse(formatTable(table, 'json')) as unknown[])
}
