import type { DisplayOutput, SessionOutput } from '../model.js'
import { send } from './channel.js'
import { OutputCap } from './outputCap.js'

/** Text is sent at once after a pause, else gathered for so long, or until there is so much of it. */
const gathering = { milliseconds: 25, characters: 1 << 15 }

/** An output in its place; one that is still being made holds back those behind it. */
interface Place { output: SessionOutput | null, ready: boolean }

const places: Place[] = []
const cap = new OutputCap()
let gathered = 0
let lastSent = 0
let timer: NodeJS.Timeout | undefined

/** Text of the running cell, or of what it left running. */
export function writeStream(name: 'stdout' | 'stderr', text: string): void {
  const wasReached = cap.isReached
  const shown = cap.take(text)
  if (shown !== '') append(name, shown)
  if (cap.isReached && !wasReached) put({ kind: 'notice', text: OutputCap.reached })
}

function append(name: 'stdout' | 'stderr', text: string): void {
  const last = places.at(-1)
  if (last?.output?.kind === 'stream' && last.output.name === name) last.output = { ...last.output, text: last.output.text + text }
  else places.push({ output: { kind: 'stream', name, text }, ready: true })
  gathered += text.length
  if (performance.now() - lastSent > gathering.milliseconds || gathered > gathering.characters) flushOutput()
  else timer ??= setTimeout(flushOutput, gathering.milliseconds).unref()
}

/** An output that is not text of a stream. */
export function put(output: SessionOutput): void {
  places.push({ output, ready: true })
  flushOutput()
}

/** Keeps a place for a display until its bundle is made. */
export function putLater(making: Promise<DisplayOutput | null>): void {
  const place: Place = { output: null, ready: false }
  places.push(place)
  const settle = (output: SessionOutput | null): void => {
    place.output = output
    place.ready = true
    flushOutput()
  }
  making.then(settle, (error: unknown) => settle({ kind: 'stream', name: 'stderr', text: `${(error as Error)?.stack ?? String(error)}\n` }))
}

/** Sends what can be sent. */
export function flushOutput(): void {
  clearTimeout(timer)
  timer = undefined
  lastSent = performance.now()
  // Text that waits behind a display which is never made must not fill memory.
  const all = gathered > gathering.characters * 8
  while (places.length > 0 && (places[0].ready || all)) {
    const { output } = places.shift()!
    if (output === null) continue
    if (output.kind === 'stream') gathered -= output.text.length
    send(output)
  }
}

/** Resolves when everything that the cell has shown so far is sent. */
export async function drained(): Promise<void> {
  while (places.some(({ ready }) => !ready)) await new Promise((resolve) => setTimeout(resolve, 1))
  flushOutput()
}

/** Ends a cell's output: what it was too much is told. What was not made in time is dropped where `force` says so. */
export function finishOutput(force: boolean): void {
  if (force) for (const place of places) place.ready = true
  flushOutput()
  const said = cap.finish()
  if (said !== null) put({ kind: 'notice', text: said })
}
