import { UsageError } from '../../lib/index.js'
import { startSession, type SessionOutput } from '../session/session.js'
import { attach, type AttachOptions } from './backend/attach.js'
import type { Backend } from './model.js'
import { openingOf } from './openFiles.js'
import type { ReplRequest } from './options.js'
import { cellsOf } from './statements.js'

/** More than any table has columns or rows; infinity does not travel as JSON. */
const unlimited = 1e9

/**
 * Runs code without a terminal: that of `-e`, or what standard input holds, statement by statement. Values go to stdout as the format has them,
 * errors to stderr; the first error ends it.
 *
 * @returns the exit code: 1 after an error
 */
export async function runBatch({ files, code, format, attach: server }: ReplRequest): Promise<number> {
  const onOutput = (output: SessionOutput): void => {
    if (output.kind === 'stream') process[output.name].write(output.text)
    if (output.kind === 'notice') process.stderr.write(`${output.text}\n`)
    if (output.kind === 'display' && typeof output.data['text/plain'] === 'string') process.stdout.write(`${output.data['text/plain']}\n`)
  }
  const script = code.length > 0 ? Promise.resolve(code.join('\n')) : standardInput()
  const session = server !== null ? await joined(server, onOutput) : await startSession({ folder: process.cwd(), onOutput, format, columns: () => unlimited, rows: () => unlimited })
  const stop = (): void => void session.interrupt()
  process.on('SIGINT', stop)
  try {
    const opening = files.length === 0 ? [] : (await openingOf(files)).cells
    for (const cell of [...opening, ...await cellsOf(await script, (text) => session.isComplete(text))]) {
      const result = await session.execute(cell)
      if (result.status === 'ok' && result.value !== null) process.stdout.write(ended(String(result.value.data['text/plain'])))
      if (result.status === 'error') process.stderr.write(`${result.traceback.join('\n')}\n`)
      if (result.status !== 'ok') return 1
    }
    return 0
  } finally {
    process.off('SIGINT', stop)
    await session.close()
  }
}

/** The kernel behind a Jupyter server; it goes on when this has ended. */
async function joined(options: AttachOptions, onOutput: (output: SessionOutput) => void): Promise<Backend> {
  const onPrompt = (): Promise<string> => Promise.reject(new Error('nobody is there to answer'))
  const backend = await attach(options, { onOutput, onPrompt, print: () => {} })
  if (backend === null) throw new UsageError(`more than one session runs at ${options.url}: --session says which`)
  return backend
}

async function standardInput(): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
