import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Bench, BenchRow } from './benchRow.js'
import { benchSignatures } from './signatures.js'
import { benchSymbols } from './symbols.js'
import { benchTranscript } from './transcript.js'

/** All benches, in the order of the table. `npm run bench -- NAME…` runs some, `--smoke` all on tiny inputs. */
const benches: Readonly<Record<string, Bench>> = {
  transcript: benchTranscript,
  symbols: benchSymbols,
  signatures: benchSignatures
}

function shown(rows: readonly BenchRow[]): string {
  const cells = rows.map(({ task, ours, unit, peer, peers, note }) => [
    task, `${figure(ours)} ${unit}`, peer, peers === null ? '-' : `${figure(peers)} ${unit}`, peers === null ? '-' : `${figure(ours / peers)}x`, note
  ])
  const lines = [['task', 'ours', 'peer', "peer's", 'ratio', ''], ...cells]
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
  for (const name of names.length > 0 ? names : Object.keys(benches)) rows.push(...await benches[name]({ smoke, folder }))
  process.stdout.write(`${shown(rows)}\n`)
} finally {
  rmSync(folder, { recursive: true })
}
