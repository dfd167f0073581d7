import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Bench, BenchRow } from './benchRow.js'
import { benchDump } from './dump.js'
import { benchFull } from './full.js'
import { benchKernel } from './kernel.js'
import { benchLarge } from './large.js'
import { benchLeaks } from './leaks.js'
import { benchSignatures } from './signatures.js'
import { benchSymbols } from './symbols.js'
import { benchTables } from './tables.js'
import { benchTranscript } from './transcript.js'

/** All benches, in the order of the table. `npm run bench -- NAME…` runs some, `--smoke` all on tiny inputs. */
const benches: Readonly<Record<string, Bench>> = {
  kernel: benchKernel,
  dump: benchDump,
  full: benchFull,
  large: benchLarge,
  tables: benchTables,
  transcript: benchTranscript,
  symbols: benchSymbols,
  signatures: benchSignatures,
  leaks: benchLeaks
}

function shown(rows: readonly BenchRow[]): string {
  const cells = rows.map(({ task, ours, unit, peer, peers, limit, note }) => {
    const less = unit === 's' || unit === 'MB'
    const measure = (value: number | null | undefined): string => (value == null ? '-' : `${figure(value)} ${unit}`)
    const ratio = ours === null || peers === null ? '-' : `${figure(less ? peers / ours : ours / peers)}x`
    const share = ours === null || limit === undefined ? '' : `${Math.round((less ? ours / limit : limit / ours) * 100)} %`
    return [task, measure(ours), peer, measure(peers), ratio, measure(limit), share, note]
  })
  const lines = [['task', 'ours', 'peer', "peer's", 'times better', 'limit', 'of the limit', ''], ...cells]
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()).join('\n')
}

function figure(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}

const names = process.argv.slice(2).filter((name) => !name.startsWith('-'))
const smoke = process.argv.includes('--smoke')
const unknown = names.find((name) => benches[name] === undefined)
if (unknown !== undefined) throw new Error(`no bench named ${unknown}: there are ${Object.keys(benches).join(', ')}`)
const folder = mkdtempSync(path.join(tmpdir(), 'slablab-bench-'))
try {
  const rows: BenchRow[] = []
  for (const name of names.length > 0 ? names : Object.keys(benches)) {
    // Some take minutes: what is known so far is told meanwhile.
    const found = await benches[name]({ smoke, folder })
    process.stderr.write(`${shown(found)}\n\n`)
    rows.push(...found)
  }
  process.stdout.write(`${shown(rows)}\n`)
} finally {
  rmSync(folder, { recursive: true })
}
