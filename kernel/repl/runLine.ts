import { spawn } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import type { SessionOutput } from '../session/session.js'
import { lineOf, type Target } from './magicLine.js'
import { magicNamed } from './magics/index.js'
import { displayedText, shownText, textOf } from './outputText.js'
import type { Repl } from './repl.js'

const pipedType = 'application/vnd.slablab.piped+json'

/** Runs what a person typed: code, a magic, a question for help, or a shell command. */
export async function runLine(repl: Repl, text: string): Promise<void> {
  const line = lineOf(text)
  switch (line.kind) {
    case 'code':
      await repl.run(line.code, { echo: false })
      return
    case 'inspect': {
      const { found, data } = await repl.backend!.inspect(line.name, line.name.length, line.detail)
      repl.print(found ? `${displayedText(data)}\n` : `nothing is known of ${line.name}\n`)
      return
    }
    case 'shell':
      repl.print(shownText(await shell(line.command, '')))
      return
    case 'piped': {
      const value = await pipedText(repl, line.expression, line.format)
      if (value !== null) repl.print(shownText(await shell(line.command, value)))
      return
    }
    case 'magic': {
      const magic = magicNamed(line.name)
      if (magic === undefined) {
        // The session has magics of its own.
        await repl.run(text, { echo: false })
        return
      }
      if (line.isCode) {
        repl.print(`${magic.code(line.args) ?? `%${magic.name} is not made of code: it acts on this terminal`}\n`)
        return
      }
      let captured = ''
      const print = line.into === null ? (part: string) => repl.print(part) : (part: string) => { captured += part.endsWith('\n') ? part : `${part}\n` }
      const run = line.into === null ? undefined : async (code: string) => {
        const { outputs, result } = await repl.capture(`{\nconst value: any = await (\n${code}\n)\ndisplay(typeof value === 'string' ? value : { '${pipedType}': await formatValue(value, 'table') })\n}`)
        captured += pipedOf(outputs) ?? textOf(outputs)
        if (result.status === 'error') repl.printError(result.traceback)
      }
      await magic.run(line.args, { repl, print, run: run ?? (async (code) => { await repl.run(code) }) })
      if (line.into !== null) await deliver(repl, line.into, captured)
    }
  }
}

async function deliver(repl: Repl, into: Target, text: string): Promise<void> {
  if (into.kind === 'shell') {
    repl.print(shownText(await shell(into.command, text)))
    return
  }
  (into.append ? appendFileSync : writeFileSync)(into.file, text)
  repl.print(`${Buffer.byteLength(text)} bytes in ${into.file}\n`)
}

async function pipedText(repl: Repl, expression: string, format: string | null): Promise<string | null> {
  const { outputs, result } = await repl.capture(`{\nconst value: any = await (\n${expression}\n)\ndisplay({ '${pipedType}': await formatValue(value, ${JSON.stringify(format ?? 'table')}) })\n}`)
  if (result.status === 'error') {
    // Where it stands in the code around it is of no use to anybody.
    repl.printError([`only an expression has a value to hand on: ${result.message.replace(/^Cell\[\*\]\.ts:\d+:\d+ /, '')}`])
    return null
  }
  return pipedOf(outputs) ?? ''
}

function pipedOf(outputs: readonly SessionOutput[]): string | undefined {
  for (const output of outputs) {
    const text = output.kind === 'display' ? output.data[pipedType] : undefined
    if (typeof text === 'string') return text
  }
  return undefined
}

/** What a shell command writes, with its errors; it is given a text, and no terminal. */
function shell(command: string, input: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'] })
    const parts: Buffer[] = []
    child.stdout.on('data', (part: Buffer) => parts.push(part))
    child.stderr.on('data', (part: Buffer) => parts.push(part))
    // A command such as head reads only what it wants.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.on('error', (error) => resolve(`${error.message}\n`))
    child.on('close', (code) => {
      const text = Buffer.concat(parts).toString()
      resolve(`${text === '' || text.endsWith('\n') ? text : `${text}\n`}${code === 0 || code === null ? '' : `(exit code ${code})\n`}`)
    })
  })
}
