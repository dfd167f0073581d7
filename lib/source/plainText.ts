const lineFeed = 0x0a
const carriageReturn = 0x0d
/** How much of a text is looked at to tell its encoding. */
const probedBytes = 1 << 16

type Encoding = 'utf-16le' | 'utf-16be'

/**
 * Text as UTF-8 bytes with line feeds, whatever it was saved as: UTF-16 (Windows' Notepad) is converted, a byte order mark dropped, and
 * lone carriage returns become line ends where the text has no line feed at all. Anything else passes through untouched.
 *
 * @example for await (const chunk of plainText(fileChunks('session.txt'))) reader.push(chunk)
 */
export async function* plainText(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array(0)
  let convert: (chunk: Uint8Array) => Uint8Array = (chunk) => chunk
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield convert(chunk)
      continue
    }
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
    // A first piece may be a single byte, of a pipe.
    if (head.length < 4) continue
    const start = converterOf(head)
    convert = start.convert
    yield convert(head.subarray(start.skip))
    head = undefined
  }
  if (head !== undefined && head.length > 0) {
    const start = converterOf(head)
    yield start.convert(head.subarray(start.skip))
  }
}

/** A piece of text from its start, converted as {@link plainText} does. */
export function plainBytes(head: Uint8Array): Uint8Array {
  const { convert, skip } = converterOf(head)
  return convert(head.subarray(skip))
}

/** Bytes as text, in the encoding {@link plainText} finds. */
export async function wholeText(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const chunk of plainText(chunks)) parts.push(chunk)
  return Buffer.concat(parts).toString('utf8')
}

function converterOf(head: Uint8Array): { convert: (chunk: Uint8Array) => Uint8Array; skip: number } {
  const encoding = utf16Of(head)
  if (encoding !== undefined) {
    const decoder = new TextDecoder(encoding)
    return { convert: (chunk) => Buffer.from(decoder.decode(chunk, { stream: true })), skip: 0 }
  }
  const skip = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0
  const probe = head.subarray(0, probedBytes)
  if (probe.indexOf(lineFeed) < 0 && probe.indexOf(carriageReturn) >= 0) return { convert: returnsToFeeds, skip }
  return { convert: (chunk) => chunk, skip }
}

/** Lone carriage returns as line feeds, until a line feed shows that they were something else. */
function returnsToFeeds(chunk: Uint8Array): Uint8Array {
  return chunk.indexOf(lineFeed) >= 0 ? chunk : chunk.map((byte) => (byte === carriageReturn ? lineFeed : byte))
}

function utf16Of(head: Uint8Array): Encoding | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  // Without a mark: ASCII in two bytes a character has a NUL in every other one and nowhere else.
  const bytes = head.subarray(0, Math.min(head.length, 512) & ~1)
  const pairs = bytes.length / 2
  let even = 0
  let odd = 0
  for (let i = 0; i < bytes.length; i += 2) {
    if (bytes[i] === 0 && bytes[i + 1] !== 0) even++
    if (bytes[i + 1] === 0 && bytes[i] !== 0) odd++
  }
  if (pairs >= 2 && odd > pairs * 0.9) return 'utf-16le'
  if (pairs >= 2 && even > pairs * 0.9) return 'utf-16be'
  return undefined
}
