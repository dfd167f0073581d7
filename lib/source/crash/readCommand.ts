/** What a command line of crash says of the output that follows. */
export interface CrashCommand {
  /** As typed, without the prompt. */
  readonly text: string
  readonly name: string
  /** Options, without their dashes, in order: `['s', 'x']`. */
  readonly options: readonly string[]
  readonly words: readonly string[]
  /** `> file` or `| command`: the output does not follow. */
  readonly redirected: boolean
}

const prompt = /^(?:crash[\w.-]*|gdb)> ?/

/** The command behind crash's prompt (`crash> `, `crash_64> `); undefined for other lines. A bare prompt is a command without a name. */
export function readCommand(line: string): CrashCommand | undefined {
  if (!prompt.test(line)) return undefined
  let text = line
  // A log may hold several prompts in a row: those of empty commands.
  while (prompt.test(text)) text = text.replace(prompt, '')
  text = text.trim()
  const redirected = /(?:^|\s)(?:>>?|\|)\s*\S/.test(text)
  const [name = '', ...rest] = text.replace(/\s(?:>>?|\|).*$/, '').split(/\s+/).filter((word) => word !== '')
  const options: string[] = []
  const words: string[] = []
  for (const word of rest) {
    // Sizes (`-8`) and letters alike; `-S=0,2-4` limits CPUs.
    if (/^-[A-Za-z\d]/.test(word)) options.push(word.slice(1).replace(/=.*$/, ''))
    else words.push(word)
  }
  return { text, name, options, words, redirected }
}

/** How to take rows of `rd`. */
export interface RowForm {
  /** Foreign: physical or user memory, file offsets, text, reversed order. */
  readonly memory: 'kernel' | 'foreign'
  /** Bytes of a decimal value; undefined for hexadecimal rows. */
  readonly decimalBytes: number | undefined
  /** Values are shown in network byte order. */
  readonly swapped: boolean
  /** The row of a symbol alone may be believed. */
  readonly symbols: boolean
}

/** Rows where no command is known: of hexadecimal kernel memory, as far as they look like it. */
export const plainRows: RowForm = { memory: 'kernel', decimalBytes: undefined, swapped: false, symbols: false }

/** What kind of rows a command prints. */
export function rowFormOf(command: CrashCommand): RowForm {
  if (command.name !== 'rd') return plainRows
  const letters = command.options.filter((option) => !/^\d+$/.test(option)).join('')
  const size = Number(command.options.find((option) => /^(?:8|16|32|64)$/.test(option)) ?? 64)
  return {
    memory: /[pumfaRr]/.test(letters) ? 'foreign' : 'kernel',
    decimalBytes: /[dD]/.test(letters) ? size / 8 : undefined,
    swapped: letters.includes('N'),
    symbols: /[sS]/.test(letters)
  }
}

/** The struct and the address that a command asks for: `struct X ADDRESS`, `union X.member ADDRESS`, `*X ADDRESS`, or `X ADDRESS`. */
export function structQueryOf(command: CrashCommand): { type: string; address: bigint | null } | undefined {
  const words = command.name === 'struct' || command.name === 'union' || command.name === '*' ? command.words : [command.name, ...command.words]
  const type = /^\*?(\w+)/.exec(words[0] ?? '')?.[1]
  if (type === undefined) return undefined
  const address = words.slice(1).find((word) => /^(?:0x)?[0-9a-f]{8,16}$/i.test(word))
  return { type, address: address === undefined ? null : BigInt(`0x${address.replace(/^0x/i, '')}`) }
}
