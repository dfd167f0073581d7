import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export interface HistoryEntry {
  /** 0 is this session; 1 the one before it, and so on. */
  readonly session: number
  /** The number of the cell in its session. */
  readonly line: number
  readonly input: string
  /** The text of its value, where it is known. */
  readonly output: string | null
}

export interface HistorySearch {
  /** A glob of `*` and `?`; without either, entries that contain it. */
  readonly pattern: string
  readonly count?: number
  /** Whether an input that came several times is listed once, at its last place. */
  readonly unique?: boolean
}

/** One line of the file. */
interface StoredCell { readonly session: string, readonly line: number, readonly input: string }

const limits = { entries: 10_000, fileBytes: 8 << 20, outputCharacters: 10_000 }

/** What was run: in this session with its outputs, and in those before it where a file keeps them. Whole cells, one JSON line each. */
export class History {
  readonly #own: HistoryEntry[] = []
  readonly #file: string | undefined
  readonly #session = `${Date.now().toString(36)}-${process.pid.toString(36)}`
  #earlier: HistoryEntry[] | undefined

  constructor(file?: string) {
    this.#file = file
  }

  add(line: number, input: string): void {
    this.#own.push({ session: 0, line, input, output: null })
    if (this.#own.length > limits.entries) this.#own.splice(0, this.#own.length - limits.entries)
    if (this.#file === undefined) return
    this.#earlier ??= this.#read()
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true, mode: 0o700 })
      appendFileSync(this.#file, `${JSON.stringify({ session: this.#session, line, input })}\n`, { mode: 0o600 })
    } catch {
      // A full or read-only disk costs the memory of cells, never the cells.
    }
  }

  setOutput(line: number, output: string): void {
    const index = this.#own.findLastIndex((entry) => entry.line === line)
    if (index >= 0) this.#own[index] = { ...this.#own[index], output: output.slice(0, limits.outputCharacters) }
  }

  /** The last entries, oldest first. */
  tail(count: number): readonly HistoryEntry[] {
    return count > 0 ? this.#all().slice(-count) : []
  }

  search({ pattern, count = Infinity, unique = false }: HistorySearch): readonly HistoryEntry[] {
    const matcher = glob(pattern)
    const seen = new Set<string>()
    const found: HistoryEntry[] = []
    for (const entry of this.#all().toReversed()) {
      if (found.length >= count) break
      if (!matcher.test(entry.input) || (unique && seen.has(entry.input))) continue
      seen.add(entry.input)
      found.push(entry)
    }
    return found.reverse()
  }

  /** Lines `start` up to but without `stop` of a session; negative and 0 are counted from this session, as front ends do. */
  range(session: number, start: number, stop: number = Infinity): readonly HistoryEntry[] {
    const wanted = Math.abs(session)
    return this.#all().filter((entry) => entry.session === wanted && entry.line >= start && entry.line < stop)
  }

  #all(): HistoryEntry[] {
    this.#earlier ??= this.#read()
    return [...this.#earlier, ...this.#own]
  }

  #read(): HistoryEntry[] {
    if (this.#file === undefined) return []
    let text: string
    try {
      text = readFileSync(this.#file, 'utf8')
    } catch {
      return []
    }
    const cells = text.split('\n').map(parsed).filter((cell) => cell !== undefined).slice(-limits.entries)
    if (text.length > limits.fileBytes) this.#shorten(cells)
    const sessions = [...new Set(cells.map((cell) => cell.session))]
    return cells.map(({ session, line, input }) => ({ session: sessions.length - sessions.indexOf(session), line, input, output: null }))
  }

  /** Keeps the newer half, so that this happens seldom. */
  #shorten(cells: readonly StoredCell[]): void {
    try {
      const partial = `${this.#file!}.${process.pid}.partial`
      writeFileSync(partial, cells.slice(-limits.entries / 2).map((cell) => `${JSON.stringify(cell)}\n`).join(''), { mode: 0o600 })
      renameSync(partial, this.#file!)
    } catch {
      // As above: never at the cost of a cell.
    }
  }
}

function parsed(line: string): StoredCell | undefined {
  try {
    const { session, line: number, input } = JSON.parse(line) as Partial<StoredCell>
    return typeof session === 'string' && typeof number === 'number' && typeof input === 'string' ? { session, line: number, input } : undefined
  } catch {
    return undefined
  }
}

function glob(pattern: string): RegExp {
  const source = pattern.replace(/[\\^$.|+()[\]{}]/g, '\\$&').replaceAll('*', '[^]*').replaceAll('?', '[^]')
  return /[*?]/.test(pattern) ? new RegExp(`^${source}$`) : new RegExp(source)
}
