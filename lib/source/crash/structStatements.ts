import type { LayoutStatement } from './crashTranscript.js'
import type { ReaderContext } from './readerContext.js'
import type { Place } from './words.js'

/** The longest struct that is read: a runaway is cut here. */
const longestLines = 20_000

const opening = /^(?:struct|union) (\w+) \{$/
const sizeRow = /^SIZE: (0x[0-9a-f]+|\d+)$/
const shownOffset = /^\s*\[(0x[0-9a-f]+|\d+|[0-9a-f]{8,16})\] (.*)$/
/** `list` prints the address of each element before what it shows of it. */
const bareAddress = /^(?:0x)?([0-9a-f]{8,16})$/

/** Structs and unions, which take several lines: `struct X {` to `}`, with values, or a declaration with or without offsets. */
export class StructReader {
  #open: { type: string; lines: string[]; place: Place } | undefined
  #lastLayout: (LayoutStatement & { bytes: number | null }) | undefined
  #bareAddress: bigint | null = null

  constructor(readonly context: ReaderContext) {}

  /** True where the line belongs to a struct. */
  read(text: string): boolean {
    if (this.#open !== undefined) return this.#continue(text)
    const start = opening.exec(text)
    if (start !== null) {
      this.#open = { type: start[1], lines: [], place: this.context.place() }
      return true
    }
    const size = sizeRow.exec(text)
    if (size !== null) {
      if (this.#lastLayout !== undefined) this.#lastLayout.bytes ??= Number(size[1])
      else if (this.context.structQuery !== undefined) {
        this.context.builder.layouts.push({ place: this.context.place(), type: this.context.structQuery.type, bytes: Number(size[1]), members: [] })
      }
      return true
    }
    this.#lastLayout = undefined
    const bare = bareAddress.exec(text)
    this.#bareAddress = bare === null ? null : BigInt(`0x${bare[1]}`)
    return bare !== null && this.context.command?.name === 'list'
  }

  /** A prompt or the end of the text: what stands of an open struct is kept. */
  close(): void {
    if (this.#open !== undefined) this.#finish()
    this.#lastLayout = undefined
    this.#bareAddress = null
  }

  #continue(text: string): boolean {
    const open = this.#open!
    if (text.startsWith('}')) {
      this.#finish()
      return true
    }
    if (text !== '' && !/^\s/.test(text) && !text.includes('=') && !text.includes(';') && !text.includes('{')) {
      // Not indented and nothing a struct holds: the struct was cut, and this is the next output.
      this.#finish()
      return false
    }
    if (open.lines.length < longestLines) open.lines.push(text)
    return true
  }

  #finish(): void {
    const { type, lines, place } = this.#open!
    this.#open = undefined
    const { builder, structQuery } = this.context
    const queried = structQuery?.type === type ? structQuery.address : null
    if (lines.some((line) => line.includes(' = '))) {
      const address = this.#bareAddress ?? queried
      builder.structs.push({ place, type, address, members: readMembers(lines) })
      // `struct X ADDRESS 3` prints three: only the first has the address of the command.
      if (structQuery !== undefined) structQuery.address = null
    } else if (lines.some((line) => line.includes(';'))) {
      const layout = { place, type, bytes: null, members: readDeclarations(lines, queried) }
      builder.layouts.push(layout)
      this.#lastLayout = layout
    }
    this.#bareAddress = null
  }
}

/** `name = value, …` at the outermost level; inner structs and arrays stay one text. */
function readMembers(lines: readonly string[]): { name: string; value: string }[] {
  const members: { name: string; value: string }[] = []
  const text = lines.map((line) => line.trim()).join(' ')
  let depth = 0
  let quote = ''
  let start = 0
  const take = (end: number): void => {
    const member = /^([\w.[\]<> ]+?) = (.*)$/s.exec(text.slice(start, end).trim())
    if (member !== null) members.push({ name: member[1], value: member[2].trim() })
    start = end + 1
  }
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (quote !== '') {
      if (character === '\\') i++
      else if (character === quote) quote = ''
    } else if (character === '"' || (character === "'" && !/\w/.test(text[i - 1] ?? ''))) quote = character
    else if (character === '{') depth++
    else if (character === '}') depth--
    else if (character === ',' && depth === 0) take(i)
  }
  take(text.length)
  return members
}

/** Declarations of the outermost level. With an address (`struct -o X ADDRESS`) crash shows members' addresses instead of offsets. */
function readDeclarations(lines: readonly string[], address: bigint | null): { offset: number | null; declaration: string }[] {
  const members: { offset: number | null; declaration: string }[] = []
  let depth = 0
  for (const line of lines) {
    const shown = shownOffset.exec(line)
    const declaration = (shown?.[2] ?? line).trim()
    if (depth === 0 && declaration.endsWith(';')) members.push({ offset: offsetOf(shown?.[1], address), declaration })
    depth += (declaration.match(/\{/g)?.length ?? 0) - (declaration.match(/\}/g)?.length ?? 0)
    if (depth === 0 && declaration.startsWith('}')) members.push({ offset: null, declaration })
  }
  return members
}

function offsetOf(text: string | undefined, address: bigint | null): number | null {
  if (text === undefined) return null
  if (/^[0-9a-f]{8,16}$/.test(text) && text.length > 8) return address === null ? null : Number(BigInt(`0x${text}`) - address)
  return Number(text)
}
