import { fork } from 'node:child_process'
import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import type { BenchOptions, BenchRow } from './benchRow.js'
import { programSeconds } from './measure.js'
import type { Reading } from './transcriptChild.js'

const objectBytes = 128
const wordsPerObject = objectBytes / 8
const rowsPerObject = wordsPerObject / 2

/**
 * A session that lists nothing and reads object after object, each with its command: `crash> rd ADDRESS 16` and eight rows. A quarter of the
 * objects hold code addresses, the rest noise.
 */
export function writeTranscript(file: string, bytes: number): { rows: number; bytes: number } {
  const descriptor = openSync(file, 'w')
  let seed = 1
  const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0)
  const hex = (value: number): string => value.toString(16).padStart(8, '0')
  let address = 0xffff888104890000n
  let rows = 0
  let written = 0
  let piece = ''
  for (let object = 0; written + piece.length < bytes; object++) {
    piece += `crash> rd ${address.toString(16)} ${wordsPerObject}\n`
    for (let row = 0; row < rowsPerObject; row++, rows++) {
      const code = object % 4 === 0 && row < 2
      const halves = code ? [0x8133a0b0, 0xffffffff, 0x8133a0e0, 0xffffffff] : [random(), random(), random(), random()]
      let ascii = ''
      for (const half of halves) {
        for (let shift = 0; shift < 32; shift += 8) {
          const byte = half >>> shift & 0xff
          ascii += byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : '.'
        }
      }
      const at = (address + BigInt(row * 16)).toString(16)
      piece += `${at}:  ${hex(halves[1])}${hex(halves[0])} ${hex(halves[3])}${hex(halves[2])}   ${ascii}\n`
    }
    address += BigInt(objectBytes * (1 + random() % 3))
    if (piece.length > 1 << 20) {
      written += writeSync(descriptor, piece)
      piece = ''
    }
  }
  writeSync(descriptor, piece)
  closeSync(descriptor)
  return { rows, bytes: statSync(file).size }
}

/** Reading a session of `rd` rows, in a process of its own, against counting its lines and against an awk script that counts its words. */
export async function benchTranscript({ smoke, folder }: BenchOptions): Promise<BenchRow[]> {
  const file = path.join(folder, 'session.txt')
  const { rows, bytes } = writeTranscript(file, smoke ? 1 << 20 : 1 << 30)
  const megabytes = bytes / 1e6
  const best = await bestReading(file, smoke ? 1 : 3)
  if (best.heldBytes !== rows * 16 || best.unknownLines !== 0) throw new Error(`read ${best.heldBytes} bytes of ${rows} rows, ${best.unknownLines} lines unknown`)
  const task = `read a crash session, ${Math.round(megabytes)} MB of rd`
  const ours = megabytes / best.seconds
  const note = `peak ${Math.round(best.peakBytes / 1e6)} MB for ${Math.round(best.heldBytes / 1e6)} MB of words, ${(megabytes / best.cpuSeconds).toFixed(0)} MB a CPU second`
  const script = String.raw`/^[0-9a-f]+:  / { words += NF - 2 } END { print words }`
  const times = smoke ? 1 : 3
  const peers: [string, number | null][] = [
    ['wc -l', programSeconds('wc', ['-l', file], /^\d+/, times)], ['awk, words of rows counted', programSeconds('awk', [script, file], /^\d/, times)]
  ]
  return peers.map(([peer, seconds], i) => ({ task, ours, unit: 'MB/s', peer, peers: seconds === null ? null : megabytes / seconds, note: i === 0 ? note : '' }))
}

async function bestReading(file: string, times: number): Promise<Reading> {
  let best: Reading | undefined
  for (let i = 0; i < times; i++) {
    const reading = await new Promise<Reading>((resolve, reject) => {
      const child = fork(path.join(import.meta.dirname, 'transcriptChild.ts'), [file])
      child.once('message', (message) => resolve(message as Reading))
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`the reading process ended with ${code}`)))
    })
    if (best === undefined || reading.seconds < best.seconds) best = reading
  }
  return best!
}
