import { StringDecoder } from 'node:string_decoder'
import type { ReadStream, WriteStream } from 'node:tty'
import type { Key } from './key.js'
import { KeyDecoder } from './keyDecoder.js'

/** How long a lone ESC waits for what may follow it. */
const escapeMilliseconds = 30

const pastes = { on: '\u001b[?2004h', off: '\u001b[?2004l' }
const alternate = { on: '\u001b[?1049h', off: '\u001b[?1049l' }
const showCursor = '\u001b[?25h'

export interface TtyEvents {
  readonly onKeys: (keys: readonly Key[]) => void
  readonly onResize: () => void
  /** The terminal went away. */
  readonly onGone: () => void
  /** The process was told to end. */
  readonly onTerminate: () => void
}

/** The terminal in raw mode, and back as it was however the process ends. */
export class Tty {
  readonly #decoder = new KeyDecoder()
  readonly #text = new StringDecoder('utf8')
  #timer: NodeJS.Timeout | undefined
  #isAlternate = false
  #isOpen = false

  constructor(readonly input: ReadStream, readonly output: WriteStream, readonly events: TtyEvents) {}

  get columns(): number { return this.output.columns || 80 }
  get rows(): number { return this.output.rows || 24 }

  write(text: string): void {
    if (this.#isOpen) this.output.write(text)
  }

  open(): void {
    this.#isOpen = true
    this.input.setRawMode(true)
    this.input.on('data', this.#read)
    this.input.on('end', this.events.onGone)
    // Reading or writing a terminal that is gone fails; the session then ends as it would otherwise.
    this.input.on('error', this.events.onGone)
    this.output.on('error', this.events.onGone)
    this.output.on('resize', this.events.onResize)
    process.on('SIGHUP', this.events.onGone)
    process.on('SIGTERM', this.events.onTerminate)
    process.on('exit', this.#restore)
    this.output.write(pastes.on)
  }

  close(): void {
    if (!this.#isOpen) return
    this.#restore()
    this.#isOpen = false
    this.input.off('data', this.#read)
    this.input.pause()
    this.output.off('resize', this.events.onResize)
    process.off('exit', this.#restore)
    process.off('SIGHUP', this.events.onGone)
    process.off('SIGTERM', this.events.onTerminate)
  }

  /** The screen that has no scrollback, for what fills the terminal; what stood there before comes back behind it. */
  setAlternate(on: boolean): void {
    if (on === this.#isAlternate) return
    this.#isAlternate = on
    this.write(on ? alternate.on : alternate.off)
  }

  /** Stops the process as Ctrl-Z does; resolves when it goes on. */
  async suspend(): Promise<void> {
    this.output.write(`${pastes.off}${showCursor}`)
    this.input.setRawMode(false)
    await new Promise<void>((resolve) => {
      process.once('SIGCONT', () => resolve())
      process.kill(process.pid, 'SIGTSTP')
    })
    this.input.setRawMode(true)
    this.output.write(pastes.on)
  }

  readonly #read = (bytes: Buffer): void => {
    clearTimeout(this.#timer)
    const keys = this.#decoder.feed(this.#text.write(bytes))
    if (keys.length > 0) this.events.onKeys(keys)
    if (!this.#decoder.waiting) return
    this.#timer = setTimeout(() => {
      const rest = this.#decoder.flush()
      if (rest.length > 0) this.events.onKeys(rest)
    }, escapeMilliseconds)
  }

  readonly #restore = (): void => {
    if (!this.#isOpen) return
    try {
      this.output.write(`${this.#isAlternate ? alternate.off : ''}${pastes.off}${showCursor}`)
      this.input.setRawMode(false)
    } catch {
      // The terminal is gone; there is nothing to put back.
    }
    this.#isAlternate = false
  }
}
