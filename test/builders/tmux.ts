import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe } from 'vitest'

export const hasTmux = (process.env.PATH ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, 'tmux')))

/** Tests that need a real terminal; test/debianPackages.ts says so where tmux is missing. */
export const describeTmux = describe.skipIf(!hasTmux)

export interface TerminalOptions {
  readonly command: string
  readonly folder: string
  readonly columns: number
  readonly rows: number
  readonly environment?: Readonly<Record<string, string>>
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** A program in a real terminal that a test types into and looks at. */
export class TmuxTerminal {
  static #made = 0
  readonly #socket = `slablab-${process.pid}-${++TmuxTerminal.#made}`

  constructor(options: TerminalOptions) {
    const environment = Object.entries(options.environment ?? {}).flatMap(([name, value]) => ['-e', `${name}=${value}`])
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(options.columns), '-y', String(options.rows), '-c', options.folder, ...environment, options.command)
  }

  /** Types text as it is. */
  type(text: string): void {
    this.#tmux('send-keys', '-l', '--', text)
  }

  /** Presses keys by tmux's names: Enter, Escape, C-c, F2. */
  press(...keys: string[]): void {
    this.#tmux('send-keys', ...keys)
  }

  paste(text: string): void {
    this.#tmux('set-buffer', '--', text)
    this.#tmux('paste-buffer', '-p')
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(rows))
  }

  /** What a person sees. */
  screen(): string {
    return this.#tmux('capture-pane', '-p').split('\n').map((line) => line.trimEnd()).join('\n').trimEnd()
  }

  /** All that was ever shown, scrolled out or not. */
  scrollback(): string {
    return this.#tmux('capture-pane', '-p', '-J', '-S', '-').trimEnd()
  }

  /** The screen once it shows what is waited for, and has come to rest. */
  async waitFor(pattern: RegExp, seconds = 120): Promise<string> {
    const end = Date.now() + seconds * 1000
    for (let before = ''; Date.now() < end; await pause(150)) {
      const now = this.screen()
      if (pattern.test(now) && now === before) return now
      before = now
    }
    throw new Error(`${pattern} did not come up within ${seconds} s; the screen shows\n${this.screen()}`)
  }

  /** The terminal goes away, as a window that is closed. */
  close(): void {
    this.#tmux('kill-server')
  }

  #tmux(...args: string[]): string {
    return spawnSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8' }).stdout
  }
}
