import { readFileSync } from 'node:fs'
import { readTranscript } from '../../lib/source/crash/readTranscript.js'
import { fileChunks } from '../../lib/source/file.js'

/** What a process that did nothing else tells of its reading. */
export interface Reading {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakBytes: number
  readonly heldBytes: number
  readonly unknownLines: number
}

const file = process.argv[2]
const before = process.cpuUsage()
const start = performance.now()
const { words, unknownLines } = await readTranscript([{ file, chunks: fileChunks(file) }])
const { user, system } = process.cpuUsage(before)
const reading: Reading = {
  seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6, peakBytes: peakBytes(),
  heldBytes: words.heldBytes, unknownLines
}
process.send?.(reading, () => process.exit(0))

/** Of this program: what `getrusage` tells begins with the parent's memory. */
function peakBytes(): number {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
}
