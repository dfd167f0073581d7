import type { SymbolRecord } from './symbolTable.js'

/** One symbol of two sources, with what either knows; where both do, the first one's word holds. */
export function bothKnow(ours: SymbolRecord, theirs: SymbolRecord): SymbolRecord {
  // Only where both lack the neighbours does the merged symbol lack them.
  const alone = ours.shownBytes !== undefined && theirs.shownBytes !== undefined
  return {
    address: ours.address,
    name: ours.name,
    type: ours.type === '?' ? theirs.type : ours.type,
    module: ours.module ?? theirs.module,
    bytes: ours.bytes ?? theirs.bytes ?? null,
    ...(alone ? { shownBytes: Math.max(ours.shownBytes, theirs.shownBytes) } : {}),
    file: ours.file ?? theirs.file ?? null,
    line: ours.file == null ? theirs.line ?? null : ours.line ?? null
  }
}
