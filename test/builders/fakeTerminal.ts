import type { Terminal } from '../../kernel/cli/command.js'

/** A terminal that remembers what was written to it. */
export interface FakeTerminal extends Terminal {
  readonly text: string
  readonly errors: string
  /** Results as bytes, for commands that write images. */
  readonly bytes: Uint8Array
}

/** A {@link Terminal} for tests: a pipe of 80 columns unless told otherwise. */
export function fakeTerminal(options: Partial<Terminal> = {}): FakeTerminal {
  const written: Uint8Array[] = []
  let errors = ''
  return {
    outIsTerminal: false,
    errIsTerminal: false,
    width: 80,
    colour: false,
    signal: new AbortController().signal,
    out: (content) => written.push(typeof content === 'string' ? Buffer.from(content) : Uint8Array.from(content)),
    err: (text) => {
      errors += text
    },
    ...options,
    get bytes() {
      return Buffer.concat(written)
    },
    get text() {
      return Buffer.concat(written).toString()
    },
    get errors() {
      return errors
    }
  }
}
