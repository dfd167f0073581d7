import type { ReaderContext } from './readerContext.js'
import { kmemStatement } from './kmemStatements.js'
import { plainRows, readCommand, rowFormOf, structQueryOf, type CrashCommand } from './readCommand.js'
import { StructReader } from './structStatements.js'
import { mentionedSymbols, symbolStatement } from './symbolStatements.js'
import { systemStatement } from './systemStatements.js'

/** A line that a mail program may have wrapped is at least so long, the first word of the next one counted. */
const leastWrapped = 60

const plainRead: CrashCommand = { text: 'rd', name: 'rd', options: [], words: [], redirected: false }

/** Reads the lines that are no rows of `rd` and no listed objects, one after another. */
export class StatementReader {
  readonly #structs: StructReader
  /** The line before, for the case that this one is its rest. */
  #previous = ''
  #previousKnown = true

  constructor(readonly context: ReaderContext) {
    this.#structs = new StructReader(context)
  }

  /** Takes a clean line. */
  read(text: string): void {
    if (text === '') {
      this.#previous = ''
      return
    }
    const { builder } = this.context
    const command = readCommand(text)
    const known = command !== undefined ? this.#command(command) : this.#statement(text)
    const joined = known && command === undefined && this.#previousKnown ? false : command === undefined && this.#joined(text, known)
    if (known || joined) builder.knownLines++
    else builder.unknownLines++
    this.#previous = joined || command !== undefined ? '' : text
    this.#previousKnown = known
  }

  /** The line `crash> rd ADDRESS COUNT`. */
  plainRead(): void {
    this.#structs.close()
    this.context.reset()
    this.context.command = plainRead
    this.#previous = ''
  }

  /** The end of a file. */
  close(): void {
    this.#structs.close()
    this.#previous = ''
  }

  #command(command: NonNullable<ReturnType<typeof readCommand>>): true {
    this.#structs.close()
    const { context } = this
    context.reset()
    context.command = command
    if (command.redirected) return true
    context.rows = command.name === 'rd' ? rowFormOf(command) : plainRows
    context.structQuery = structQueryOf(command)
    if (command.name === 'log' || command.name === 'dmesg') context.mode = 'log'
    if (command.name === 'kmem') {
      context.listsCaches = command.options.includes('s') && command.words[0] === 'list'
      if (command.options.includes('S')) context.listedName = command.words.find((word) => !/^(?:0x)?[0-9a-f]{8,16}$/i.test(word))
    }
    return true
  }

  #statement(text: string): boolean {
    const { context } = this
    const mentioned = mentionedSymbols(text, context)
    if (context.mode === 'log') return systemStatement(text, context)
    return this.#structs.read(text) || kmemStatement(text, context) || symbolStatement(text, context) || systemStatement(text, context) || mentioned
  }

  /** A row that a mail program broke in two: the name of a cache, or the file of a symbol, stands on a line of its own. */
  #joined(text: string, known: boolean): boolean {
    const previous = this.#previous
    const word = /^\s*(\S+)/.exec(text)?.[1] ?? ''
    if (known || previous === '' || previous.length + word.length < leastWrapped) return false
    const { builder } = this.context
    for (const line of [`${previous} ${text.trimStart()}`, previous + text]) {
      if (!this.#previousKnown && kmemStatement(line, this.context)) return true
      const before = builder.symbols.length
      if (!symbolStatement(line, this.context)) continue
      const whole = builder.symbols[before]
      const last = builder.symbols[before - 1]
      // The first half was read as a symbol without its file.
      if (this.#previousKnown && (whole.file === null || last?.name !== whole.name || last.file !== null)) {
        builder.symbols.pop()
        continue
      }
      if (this.#previousKnown) builder.symbols.splice(before - 1, 1)
      return true
    }
    return false
  }
}
