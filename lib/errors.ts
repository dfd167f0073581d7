import { hex } from './util/hex.js'

/** Every error that slablab raises on purpose. Its message is a fact and a value, fit to be shown to a person as it is. */
export class SlablabError extends Error {
  override name = 'SlablabError'
}

export interface FormatErrorDetails {
  /** The file or stream the bytes came from. */
  source: string
  /** Byte offset in `source`, for binary formats. */
  offset?: number
  /** Line in `source`, counted from 1, for text formats. */
  line?: number
  found?: string
  expected?: string
  cause?: unknown
}

/**
 * Input that is not what it should be: names the source, the offset or line, what was found and what was expected.
 *
 * @example
 * throw new FormatError('not a slabinfo row', { source: 'slabinfo', line: 7, found: 'hello', expected: 'a name and five numbers' })
 */
export class FormatError extends SlablabError {
  override name = 'FormatError'
  readonly source: string
  readonly offset: number | undefined
  readonly line: number | undefined
  readonly found: string | undefined
  readonly expected: string | undefined

  constructor(fact: string, details: FormatErrorDetails) {
    const place = details.line !== undefined ? `:${details.line}` : details.offset !== undefined ? ` at offset 0x${details.offset.toString(16)}` : ''
    const found = details.found === undefined ? '' : `: found ${details.found}`
    const expected = details.expected === undefined ? '' : `${found ? ',' : ':'} expected ${details.expected}`
    super(`${details.source}${place}: ${fact}${found}${expected}`, { cause: details.cause })
    this.source = details.source
    this.offset = details.offset
    this.line = details.line
    this.found = details.found
    this.expected = details.expected
  }
}

/**
 * Why memory at an address cannot be read. The three are different facts and are never folded into one:
 * `unmapped` no translation exists, `absent` the page is not in the file though it should be (or is outside of RAM),
 * `excluded` the dump tool left the page out on purpose, `corrupt` the page is there and does not decompress.
 */
export type FaultReason = 'unmapped' | 'absent' | 'excluded' | 'corrupt'

/** How a person reads the reasons. */
export const faultWords: Readonly<Record<FaultReason, string>> = {
  unmapped: 'not mapped',
  absent: 'not in the evidence',
  excluded: 'its page was excluded from the dump',
  corrupt: 'its page does not decompress'
}

/** Memory that could not be read. */
export class FaultError extends SlablabError {
  override name = 'FaultError'

  constructor(readonly address: bigint, readonly reason: FaultReason, what = 'memory', options?: ErrorOptions) {
    super(`${what} at ${hex(address)}: ${faultWords[reason]}`, options)
  }
}

/** A kernel symbol, type or member that the evidence does not hold and the question needs. */
export class MissingSymbolError extends SlablabError {
  override name = 'MissingSymbolError'

  constructor(readonly symbol: string, readonly needed: string) {
    super(`${symbol} is not in the evidence: ${needed}`)
  }
}

/** A slab or cache whose bookkeeping cannot be true. */
export class CorruptSlabError extends SlablabError {
  override name = 'CorruptSlabError'

  constructor(readonly address: bigint, readonly found: string) {
    super(`slab ${hex(address)}: ${found}`)
  }
}

/** A wrong call: an option, argument or command that does not exist or does not fit. The command line exits with 2. */
export class UsageError extends SlablabError {
  override name = 'UsageError'
}
