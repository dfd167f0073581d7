import { fork } from 'node:child_process'
import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import type { BenchOptions, BenchRow } from './benchRow.js'
import { randomFrom } from '../builders/random.js'
import { rowOf } from './dump.js'
import { programSeconds } from './measure.js'
import { slablab } from './ours.js'
import { measured } from './processes.js'
import type { Reading } from './transcriptChild.js'

const objectBytes = 128
const wordsPerObject = objectBytes / 8
const rowsPerObject = wordsPerObject / 2
const objectsPerSlab = 32
/** As many as the machine of the reference case leaked: a session of 1.1 GB. */
const leaked = 1_767_698

/**
 * The reference case as text: `kmem -S kmalloc-128` lists all objects, then each is read with a command of its own, `crash> rd ADDRESS 16` and
 * eight rows. All begin with the four functions of a seq_operations; the rest is what lay there before.
 */
export function writeTranscript(file: string, objects: number): { rows: number; bytes: number } {
  const descriptor = openSync(file, 'w')
  let piece = ''
  const write = (text: string, last = false): void => {
    piece += text
    if (!last && piece.length < 1 << 20) return
    writeSync(descriptor, piece)
    piece = ''
  }
  const slabs = Math.ceil(objects / objectsPerSlab)
  const addressOf = (object: number): string => (0xffff800010000000n + BigInt(object * objectBytes)).toString(16)
  write('crash> kmem -S kmalloc-128\nCACHE             OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME\n')
  write(`ffff80007b000000      128  ${objects}  ${slabs * objectsPerSlab}  ${slabs}     4k  kmalloc-128\n`)
  for (let slab = 0; slab < slabs; slab++) {
    const used = Math.min(objectsPerSlab, objects - slab * objectsPerSlab)
    write(`SLAB              MEMORY            TOTAL  ALLOCATED  FREE\n${(0xffff7e0000000000n + BigInt(slab * 64)).toString(16)}  `)
    write(`${addressOf(slab * objectsPerSlab)}     ${objectsPerSlab}         ${used}    ${objectsPerSlab - used}\nFREE / [ALLOCATED]\n`)
    for (let i = 0; i < used; i++) write(`  [${addressOf(slab * objectsPerSlab + i)}]\n`)
  }
  const random = randomFrom(1)
  for (let object = 0; object < objects; object++) {
    write(`crash> rd ${addressOf(object)} ${wordsPerObject}\n`)
    for (let row = 0; row < rowsPerObject; row++) {
      const noise = (): number => Math.floor(random() * 2 ** 32)
      const halves = row < 2 ? [0x0824edd8 + row * 0x10, 0xffff0000, 0x0824ee00 + row * 0x10, 0xffff0000] : [noise(), noise(), noise(), noise()]
      write(rowText((BigInt(`0x${addressOf(object)}`) + BigInt(row * 16)).toString(16), halves))
    }
  }
  write('', true)
  closeSync(descriptor)
  return { rows: objects * rowsPerObject, bytes: statSync(file).size }
}

/** Two words, as crash prints them. */
function rowText(address: string, [low, high, nextLow, nextHigh]: number[]): string {
  const hex = (value: number): string => value.toString(16).padStart(8, '0')
  let ascii = ''
  for (const half of [low, high, nextLow, nextHigh]) {
    for (let shift = 0; shift < 32; shift += 8) {
      const byte = (half >>> shift) & 0xff
      ascii += byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : '.'
    }
  }
  return `${address}:  ${hex(high)}${hex(low)} ${hex(nextHigh)}${hex(nextLow)}   ${ascii}\n`
}

/**
 * Reading a session, in a process of its own, against counting its lines and against an awk script that counts its words; and a whole process
 * that groups its objects.
 */
export async function benchTranscript({ smoke, folder }: BenchOptions): Promise<BenchRow[]> {
  const file = path.join(folder, 'session.txt')
  const { rows, bytes } = writeTranscript(file, smoke ? 1000 : leaked)
  const megabytes = bytes / 1e6
  const best = await bestReading(file, smoke ? 1 : 3)
  if (best.heldBytes !== rows * 16 || best.unknownLines !== 0) throw new Error(`read ${best.heldBytes} bytes of ${rows} rows, ${best.unknownLines} lines unknown`)
  const task = `read a crash session of ${Math.round(megabytes)} MB: kmem -S, then rd of each object`
  const ours = megabytes / best.seconds
  const note = `peak ${Math.round(best.peakBytes / 1e6)} MB for ${Math.round(best.heldBytes / 1e6)} MB of words, ${(megabytes / best.cpuSeconds).toFixed(0)} MB a CPU second`
  const script = String.raw`/^[0-9a-f]+:  / { words += NF - 2 } END { print words }`
  const times = smoke ? 1 : 3
  const peers: [string, number | null][] = [
    ['wc -l', programSeconds('wc', ['-l', file], /^\d+/, times)], ['awk, words of rows counted', programSeconds('awk', [script, file], /^\d/, times)]
  ]
  const grouped = measured({ group: slablab(['signatures', file, '--cache', 'kmalloc-128', '--format', 'csv'], /^kmalloc-128,/m) }, times).group
  return [
    ...peers.map(([peer, seconds], i) => ({ task, ours, unit: 'MB/s', peer, peers: seconds === null ? null : megabytes / seconds, limit: 150, note: i === 0 ? note : '' })),
    rowOf('the same, its objects grouped', grouped, '', null)
  ]
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
