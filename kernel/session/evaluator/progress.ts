import { send } from './channel.js'
import type { Library } from './library.js'
import { runningSignal } from './running.js'

interface LongWork { readonly optionsAt: number, readonly what: string }

/** Functions of the library that tell how far they are, where their options stand, and what they do. */
const longWork: Readonly<Partial<Record<keyof Library, LongWork>>> = {
  allocationStacks: { optionsAt: 1, what: 'reading allocation records' },
  describeSignatures: { optionsAt: 2, what: 'reading objects' },
  findReachable: { optionsAt: 1, what: 'following references' },
  findSuspects: { optionsAt: 1, what: 'looking for suspects' },
  groupTypes: { optionsAt: 2, what: 'reading objects' },
  objectsLike: { optionsAt: 2, what: 'reading objects' },
  owners: { optionsAt: 1, what: 'reading owners' },
  reachability: { optionsAt: 1, what: 'following references' },
  references: { optionsAt: 2, what: 'looking for references' },
  report: { optionsAt: 1, what: 'making the report' },
  signatures: { optionsAt: 2, what: 'reading objects' },
  suspects: { optionsAt: 1, what: 'looking for suspects' },
  types: { optionsAt: 2, what: 'reading objects' }
}

/** Between two words on how far it is, and before the first. */
const pause = 150

let isWanted = false

export function setProgress(wanted: boolean): void {
  isWanted = wanted
}

/** The library, its long work ending with the cell that is interrupted, and telling how far it is where the front end asks for that. */
export function withProgress(library: Library): Record<string, unknown> {
  const told: Record<string, unknown> = { ...library }
  for (const [name, work] of Object.entries(longWork)) told[name] = telling(library[name as keyof Library] as (...args: unknown[]) => unknown, work)
  return told
}

function telling(run: (...args: unknown[]) => unknown, { optionsAt, what }: LongWork): (...args: unknown[]) => unknown {
  const told = (...args: unknown[]): unknown => {
    const whole = [...args]
    while (whole.length < optionsAt) whole.push(undefined)
    // Work that a person interrupts ends, rather than going on behind the next cell.
    whole[optionsAt] = { signal: runningSignal(), ...(isWanted ? { onProgress: progressOf(what) } : {}), ...(args[optionsAt] as object | undefined) }
    return run(...whole)
  }
  return Object.defineProperty(told, 'name', { value: run.name })
}

/** Takes what the library's callbacks say: done and total, or what is being done before both. */
function progressOf(what: string): (...told: unknown[]) => void {
  const started = performance.now()
  let last = started
  return (...told) => {
    const now = performance.now()
    if (now - last < pause) return
    last = now
    const [subject, done, total] = typeof told[0] === 'string' ? [told[0], told[1], told[2]] : [what, told[0], told[1]]
    send({ kind: 'progress', text: progressText(subject, done, total, now - started) })
  }
}

function progressText(what: string, done: unknown, total: unknown, milliseconds: number): string {
  if (typeof done !== 'number') return what
  if (typeof total !== 'number' || total <= 0) return `${what}: ${done.toLocaleString('en-US')}`
  const left = done === 0 ? undefined : Math.max(0, milliseconds / done * (total - done)) / 1000
  const time = left === undefined ? '' : `, ${left < 1 ? 'under 1' : Math.round(left)} s left`
  return `${what}: ${done.toLocaleString('en-US')} of ${total.toLocaleString('en-US')}${time}`
}
