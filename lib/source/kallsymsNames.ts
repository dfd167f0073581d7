import { FormatError } from '../errors.js'

/** The 256 strings that compressed kallsyms names are made of (Linux scripts/kallsyms.c). */
export interface KallsymsTokens {
  /** The strings, each ended by a NUL. */
  readonly table: Uint8Array
  /** Where each string starts in `table`. */
  readonly index: Uint16Array
}

/** The kernel's symbol names, expanded: name i is `text[starts[i] .. starts[i + 1]]`. */
export interface KallsymsNames {
  readonly length: number
  readonly text: Uint8Array
  readonly starts: Uint32Array
  /** The letter of nm for each, as its character code. */
  readonly letters: Uint8Array
  /** Compressed bytes that the names took. */
  readonly bytes: number
  /** Byte offset of every 256th name, as `kallsyms_markers` holds them. */
  readonly markers: Uint32Array
}

export const tokenCount = 256
/** Names per entry of kallsyms_markers (Linux kernel/kallsyms.c). */
export const namesPerMarker = 256
/** No kernel allows longer ones: KSYM_NAME_LEN is 128, 512 since 6.1; twice that for suffixes to come. */
const longestName = 1024
/**
 * Expands `kallsyms_names`: for each symbol a length, then that many token numbers; the first character of the expanded text is the
 * type letter (Linux kernel/kallsyms.c, kallsyms_expand_symbol). `bigSymbols`: a length byte with bit 7 set is followed by a second one
 * (Linux commit 73bbb94466fd "kallsyms: support big kernel symbols").
 *
 * Ends early, with fewer names than `count`, where `names` does: more bytes may be to come, or a page is missing.
 *
 * @throws FormatError for tokens or lengths that no kernel writes.
 */
export function expandKallsymsNames(names: Uint8Array, count: number, tokens: KallsymsTokens, bigSymbols: boolean): KallsymsNames {
  const { table, index } = tokens
  // Every name takes at least its length and one token, so a count read from a damaged file can't make us allocate much.
  const most = Math.min(count, names.length >>> 1)
  const starts = new Uint32Array(most + 1)
  const letters = new Uint8Array(most)
  const markers = new Uint32Array(Math.ceil(most / namesPerMarker))
  const ends = tokenEnds(tokens)
  let text = new Uint8Array(Math.min(most * 24 + 4096, 1 << 26))
  let used = 0
  let position = 0
  let made = 0
  for (; made < most; made++) {
    const start = position
    let length = names[position++]
    if (bigSymbols && (length & 0x80) !== 0) {
      if (position >= names.length) { position = start; break }
      length = (length & 0x7f) | (names[position++] << 7)
    }
    if (length === 0 || length > longestName) throw damaged(start, `a name of ${length} tokens`)
    if (position + length > names.length) { position = start; break }
    if (used + longestName > text.length) {
      const larger = new Uint8Array(text.length * 2 + longestName)
      larger.set(text)
      text = larger
    }
    const nameStart = used
    let letter = 0
    for (const end = position + length; position < end; position++) {
      const token = names[position]
      let at = index[token]
      const stop = ends[token]
      if (letter === 0 && at < stop) letter = table[at++]
      if (used - nameStart + stop - at > longestName) throw damaged(start, `a name of more than ${longestName} characters`)
      while (at < stop) text[used++] = table[at++]
    }
    if ((made & (namesPerMarker - 1)) === 0) markers[made >>> 8] = start
    letters[made] = letter
    starts[made + 1] = used
  }
  return {
    length: made,
    text: text.subarray(0, used),
    starts: starts.subarray(0, made + 1),
    letters: letters.subarray(0, made),
    bytes: position,
    markers: markers.subarray(0, Math.ceil(made / namesPerMarker))
  }
}

function damaged(offset: number, found: string): FormatError {
  return new FormatError('damaged kernel symbol names', { source: 'kallsyms_names', offset, found, expected: `up to ${longestName}` })
}

/** One past the last character of each token. */
function tokenEnds({ table, index }: KallsymsTokens): Uint32Array {
  const ends = new Uint32Array(tokenCount)
  for (let token = 0; token < tokenCount; token++) {
    if (index[token] >= table.length) {
      throw new FormatError('damaged token table', {
        source: 'kallsyms_token_index', offset: token * 2, found: `${index[token]}`, expected: `less than ${table.length}`
      })
    }
    const end = table.indexOf(0, index[token])
    ends[token] = end < 0 ? table.length : end
  }
  return ends
}

/**
 * The token table and its index as they lie in memory: 256 NUL-ended strings, and where each starts.
 *
 * @throws FormatError where the index does not point at the strings.
 */
export function parseKallsymsTokens(table: Uint8Array, index: Uint8Array, littleEndian: boolean): KallsymsTokens {
  if (index.length < tokenCount * 2) {
    throw new FormatError('token index cut short', {
      source: 'kallsyms_token_index', found: `${index.length} bytes`, expected: `${tokenCount * 2}`
    })
  }
  const view = new DataView(index.buffer, index.byteOffset, index.byteLength)
  const starts = new Uint16Array(tokenCount)
  for (let token = 0; token < tokenCount; token++) {
    starts[token] = view.getUint16(token * 2, littleEndian)
    const fits = token === 0 ? starts[0] === 0 : starts[token] > starts[token - 1] && table[starts[token] - 1] === 0
    if (!fits) {
      throw new FormatError('damaged token table', {
        source: 'kallsyms_token_index', offset: token * 2, found: `token ${token} at ${starts[token]}`,
        expected: token === 0 ? '0' : 'the byte behind a NUL, further on than the token before'
      })
    }
  }
  const end = table.indexOf(0, starts[tokenCount - 1])
  if (end < 0) throw new FormatError('token table cut short', { source: 'kallsyms_token_table', found: `${table.length} bytes`, expected: 'a NUL behind the last token' })
  return { table: table.slice(0, end + 1), index: starts }
}
