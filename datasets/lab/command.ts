import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

export interface CommandOptions {
  readonly folder?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a program to its end. @throws Error with the end of what it printed, where it fails */
export function command(program: string, args: readonly string[], { folder, env }: CommandOptions = {}): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'], ...(folder === undefined ? {} : { cwd: folder }), env: { ...process.env, ...env }
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')} failed with ${status}:\n${`${stdout}${stderr}`.trimEnd().split('\n').slice(-15).join('\n')}`)
  return stdout
}

export function hasProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, name)))
}

/** Tells the person at the terminal what goes on. */
export function say(text: string): void {
  process.stderr.write(`lab: ${text}\n`)
}
