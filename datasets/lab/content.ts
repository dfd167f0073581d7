import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { findSuspects, loadSlabinfo, openDump } from '../../lib/index.js'
import { inLabWords, kindAndState } from './testmod.js'

/**
 * What a dataset of the laboratory says, apart from what differs from boot to boot: addresses, times, and what the kernel does by itself. Two
 * that were made alike have the same content, and never the same bytes.
 */
export async function contentOf(folder: string): Promise<string> {
  const names = readdirSync(folder).sort()
  const lines: string[] = []
  for (const name of names) {
    const file = path.join(folder, name)
    if (name.startsWith('planted')) lines.push(...planted(gunzipSync(readFileSync(file)).toString()).map((line) => `${name}: ${line}`))
    if (name.startsWith('slabinfo-series')) lines.push(`${name}: ${new Set((await loadSlabinfo(file)).array('snapshot')).size} snapshots`)
    if (name.startsWith('vmcore')) lines.push(...(await dumped(file)).map((line) => `${name}: ${line}`))
  }
  return `${lines.join('\n')}\n`
}

export function contentHash(content: string): string {
  return createHash('sha256').update(content).digest('hex')
}

function planted(text: string): string[] {
  const counts = new Map<string, number>()
  for (const line of text.trim().split('\n')) {
    const what = kindAndState(line)
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  return [...counts].sort().map(([what, count]) => `${what} ${count}`)
}

/** The kernel, and the kinds of objects that are certainly lost: their number may differ by a few that an old pointer leads to. */
async function dumped(file: string): Promise<string[]> {
  const dump = await openDump(file)
  const { release, architecture } = dump.system
  const found = (await findSuspects(dump)).filter(({ verdict, confidence }) => verdict === 'leak' && confidence === 'certain')
  return [`${release} ${architecture}`, ...found.map(({ type, module, rule }) => inLabWords(`${type} of ${module}: ${rule}`)).sort()]
}
