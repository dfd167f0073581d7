import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'

const most = 5_000
/** From so many lines on the file is written anew, without what is too old or stands there twice. */
const untidy = most * 2

/** Where the history of cells lies: `slablab/repl-history.jsonl` in the folder for state (XDG base directories). */
export function historyPath(environment: NodeJS.ProcessEnv = process.env): string {
  const state = environment.XDG_STATE_HOME
  const folder = state !== undefined && path.isAbsolute(state) ? state : path.join(homedir(), '.local', 'state')
  return path.join(folder, 'slablab', 'repl-history.jsonl')
}

/**
 * The cells of all sessions, one JSON line each, without duplicates: a cell that is run again moves to the end. A file that is no such
 * history is set aside under another name, never written over.
 */
export class HistoryFile {
  #cells: string[] = []
  #lines = 0
  /** What a person should know of the file; null where all is well. */
  readonly trouble: string | null

  constructor(readonly file: string) {
    this.trouble = this.#load()
  }

  /** Oldest first, each once. */
  get cells(): readonly string[] {
    return this.#cells
  }

  add(cell: string): void {
    const text = cell.trimEnd()
    if (text.trim() === '' || text === this.#cells.at(-1)) return
    this.#cells = [...this.#cells.filter((other) => other !== text), text].slice(-most)
    try {
      mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 })
      appendFileSync(this.file, `${JSON.stringify(text)}\n`, { mode: 0o600 })
      if (++this.#lines > untidy) this.#tidy()
    } catch {
      // A disk that is full or read-only costs the memory of cells, never the cells.
    }
  }

  #load(): string | null {
    let text: string
    try {
      text = readFileSync(this.file, 'utf8')
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : `history is not kept: ${(error as Error).message}`
    }
    const lines = text.split('\n').filter((line) => line !== '')
    const cells = lines.map(parsed)
    this.#cells = [...new Set(cells.filter((cell) => cell !== undefined).reverse())].reverse().slice(-most)
    this.#lines = lines.length
    const broken = cells.filter((cell) => cell === undefined).length
    if (broken === 0) return null
    const aside = freeName(`${this.file}.broken`)
    try {
      renameSync(this.file, aside)
      this.#tidy()
    } catch (error) {
      return `history is not kept: ${(error as Error).message}`
    }
    return `${broken} of ${lines.length} lines of the history could not be read; the file is kept as ${aside}`
  }

  /** Written whole beside the file, then renamed: another session that appends meanwhile loses a cell at worst. */
  #tidy(): void {
    if (this.#cells.length === 0) return
    const partial = `${this.file}.${process.pid}.partial`
    writeFileSync(partial, this.#cells.map((cell) => `${JSON.stringify(cell)}\n`).join(''), { mode: 0o600 })
    renameSync(partial, this.file)
    this.#lines = this.#cells.length
  }
}

function parsed(line: string): string | undefined {
  try {
    const cell: unknown = JSON.parse(line)
    return typeof cell === 'string' ? cell : undefined
  } catch {
    return undefined
  }
}

function freeName(wanted: string): string {
  for (let i = 1; ; i++) {
    const name = i === 1 ? wanted : `${wanted}.${i}`
    if (!existsSync(name)) return name
  }
}
