import type { CrashTranscript, SymbolStatement } from '../source/crash/crashTranscript.js'
import { SymbolTable, type SymbolRecord } from '../symbol/symbolTable.js'

/** So many rows of ascending addresses, one behind the other, are `sym -l` or `sym -m`: their neighbours are known. */
const wholeListRows = 16

/**
 * The symbols that a session shows. Each is known as far as the session put addresses into it, for what lies behind it was not shown,
 * except within a whole list (`sym -l`, `sym -m`).
 *
 * @param others further symbols with addresses, from words that were read both with `rd` and with `rd -s`
 */
export function transcriptSymbols(transcript: CrashTranscript, others: readonly SymbolRecord[] = []): SymbolTable {
  const bytes = listedBytes(transcript.symbols)
  const records = new Map<string, SymbolRecord>()
  transcript.symbols.forEach((statement, i) => add(records, {
    address: statement.address, name: statement.name, type: statement.type ?? '?', module: statement.module,
    shownBytes: bytes[i] || statement.offset + 1, file: statement.file, line: statement.line
  }))
  for (const record of others) add(records, record)
  return new SymbolTable(records.values())
}

function add(records: Map<string, SymbolRecord>, record: SymbolRecord): void {
  const key = `${record.address} ${record.name}`
  const known = records.get(key)
  records.set(key, known === undefined ? record : {
    address: known.address,
    name: known.name,
    type: known.type === '?' ? record.type : known.type,
    module: known.module ?? record.module,
    shownBytes: Math.max(known.shownBytes ?? 1, record.shownBytes ?? 1),
    file: known.file ?? record.file,
    line: known.line ?? record.line
  })
}

/** For each statement within a whole list: the distance to the next one. 0 elsewhere. */
function listedBytes(statements: readonly SymbolStatement[]): Float64Array {
  const bytes = new Float64Array(statements.length)
  for (let start = 0; start < statements.length;) {
    let end = start + 1
    while (end < statements.length && follows(statements[end - 1], statements[end])) end++
    if (end - start >= wholeListRows) {
      for (let i = start; i + 1 < end; i++) bytes[i] = Number(statements[i + 1].address - statements[i].address)
    }
    start = end
  }
  return bytes
}

function follows(before: SymbolStatement, after: SymbolStatement): boolean {
  return after.type !== null && before.type !== null && after.place.file === before.place.file && after.place.line === before.place.line + 1 &&
    after.address >= before.address && after.offset === 0 && before.offset === 0
}
