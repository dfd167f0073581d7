import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { findReachable, findSuspects, openDump } from '../../lib/index.js'
import { command, say } from './command.js'

const words = ['lost', 'reached', 'unknown'] as const

/** What slablab says of a dump: its findings, and of each kind that was planted how many are lost. */
async function told(file: string, planted: readonly string[][]): Promise<{ text: string; lost: Set<bigint> }> {
  const dump = await openDump(file)
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
  const findings = (await findSuspects(dump)).map(({ verdict, confidence, cache, type, unreachable, rule }) => `${verdict}, ${confidence}: ${unreachable} ${type ?? '?'} of ${cache}, ${rule}`)
  return { text: [...[...counts].sort().map(([what, count]) => `${what} ${count}`), `lost in all: ${lost.size}`, ...findings, ...doubts].join('\n'), lost }
}

/** Compares what a dump that holds everything says with what is left of it at levels 1 and 31. */
async function compareLevels(folder: string): Promise<boolean> {
  const whole = path.join(folder, 'vmcore')
  const truth = path.join(folder, 'planted.txt.gz')
  const planted = existsSync(truth) ? gunzipSync(readFileSync(truth)).toString().trim().split('\n').map((line) => line.split(' ')) : []
  const expected = await told(whole, planted)
  process.stdout.write(`${expected.text}\n`)
  const work = mkdtempSync(path.join(tmpdir(), 'lab-levels-'))
  try {
    let same = true
    for (const level of [1, 31]) {
      const filtered = path.join(work, `level-${level}`)
      command('makedumpfile', ['-c', '-d', String(level), whole, filtered])
      const found = await told(filtered, planted)
      const differing = [...expected.lost].filter((address) => !found.lost.has(address)).length + [...found.lost].filter((address) => !expected.lost.has(address)).length
      const alike = found.text === expected.text && differing === 0
      process.stdout.write(alike ? `level ${level}: the same\n` : `level ${level}: differs in ${differing} objects\n${found.text}\n`)
      same &&= alike
    }
    return same
  } finally {
    rmSync(work, { recursive: true })
  }
}

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  say('expected the FOLDER of a dump that holds everything, as npm run lab -- --level 0 --decoys --out FOLDER makes it')
  process.exitCode = 2
} else if (!await compareLevels(folder)) process.exitCode = 1
