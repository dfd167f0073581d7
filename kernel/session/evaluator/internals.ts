import { spawn } from 'node:child_process'
import { inspect } from 'node:util'
import { StringDecoder } from 'node:string_decoder'
import { library } from './library.js'
import { writeStream } from './output.js'
import { runningSignal } from './running.js'
import { given, scope } from './scope.js'

const shown = { depth: 1, maxArrayLength: 5, maxStringLength: 60, breakLength: Infinity }
const valueWidth = 80

interface Variable { readonly name: string, readonly type: string, readonly value: string }

/** What `%who` lists: the names that cells made, not those that they started with. */
export function variables(): { readonly 'application/json': Variable[] } {
  const made = Object.entries(scope).filter(([name, value]) => value !== undefined && given[name] !== value)
  return { 'application/json': made.map(([name, value]) => ({ name, type: typeName(value), value: brief(value) })) }
}

function typeName(value: unknown): string {
  if (typeof value === 'function') return /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function'
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value
  return (value.constructor as { name?: string } | undefined)?.name ?? 'object'
}

function brief(value: unknown): string {
  let text: string
  try {
    text = (library.isTable(value) ? `${value.numRows()} rows of ${value.columnNames().join(', ')}` : inspect(value, shown)).replace(/\s+/g, ' ')
  } catch {
    text = '(can not be shown)'
  }
  return text.length > valueWidth ? `${text.slice(0, valueWidth - 1)}…` : text
}

/** Runs a command in the shell; its output is the cell's. Ended with all that it started when the cell is interrupted. */
export async function shell(command: string): Promise<void> {
  const signal = runningSignal()
  const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const stop = (): void => {
    try {
      process.kill(-child.pid!, 'SIGTERM')
    } catch {
      // It has ended by itself.
    }
  }
  signal.addEventListener('abort', stop)
  for (const name of ['stdout', 'stderr'] as const) {
    const decoder = new StringDecoder('utf8')
    child[name].on('data', (bytes: Buffer) => writeStream(name, decoder.write(bytes)))
  }
  try {
    const [code, by] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (...end) => resolve(end))
    })
    if (code !== 0 && !signal.aborted) writeStream('stderr', by === null ? `(exit code ${code})\n` : `(ended by ${by})\n`)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
