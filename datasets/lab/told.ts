import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { findReachable, findSuspects, type Dump } from '../../lib/index.js'

const words = ['lost', 'reached', 'unknown'] as const

export interface Told {
  readonly text: string
  readonly lost: ReadonlySet<bigint>
}

/** The truths beside a dump: kind, state and address of what was planted. */
export function plantedIn(folder: string, name = 'planted.txt.gz'): readonly string[][] {
  const truth = path.join(folder, name)
  return existsSync(truth) ? gunzipSync(readFileSync(truth)).toString().trim().split('\n').map((line) => line.split(' ')) : []
}

/** What slablab says of a dump: of each kind that was planted how many are lost, what else is, and its findings. */
export async function told(dump: Dump, planted: readonly string[][]): Promise<Told> {
  const { objects, reached, doubts } = await findReachable(dump)
  const positions = new Map<bigint, number>()
  objects.address.forEach((address, i) => positions.set(address, i))
  const counts = new Map<string, number>()
  for (const [kind, state, address] of planted) {
    const position = positions.get(BigInt(`0x${address}`))
    const what = `${kind} ${state}: ${position === undefined ? 'not in use' : words[reached[position]]}`
    counts.set(what, (counts.get(what) ?? 0) + 1)
  }
  const lost = new Set(Array.from(objects.address).filter((_, i) => words[reached[i]] === 'lost'))
  const others = new Set(lost)
  for (const [, , address] of planted) others.delete(BigInt(`0x${address}`))
  const findings = (await findSuspects(dump)).map(({ verdict, confidence, cache, type, objects, unreachable, rule }) => `${verdict}, ${confidence}: ${objects} ${type ?? '?'} of ${cache}, ${unreachable ?? 'who knows how many'} of them lost, ${rule}`)
  return { text: [...[...counts].sort().map(([what, count]) => `${what} ${count}`), `lost in all: ${lost.size}, not planted: ${others.size}`, ...findings, ...doubts].join('\n'), lost }
}
