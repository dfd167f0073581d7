import type { KallsymsEncoding } from '../../lib/source/kallsymsAddresses.js'
import { Bytes } from './bytes.js'

export interface BuiltSymbol {
  readonly address: bigint
  readonly type: string
  readonly name: string
}

/** How a kernel lays its symbol tables out (Linux scripts/kallsyms.c over time). */
export interface KallsymsLayout {
  readonly encoding: KallsymsEncoding
  readonly littleEndian?: boolean
  /** Names of more than 127 tokens take two length bytes. */
  readonly bigSymbols?: boolean
  readonly markerBytes?: 4 | 8
  /** `early`: addresses, count, names, markers, tokens; `late` (6.4 on): count, names, markers, tokens, addresses. */
  readonly order: 'early' | 'late'
  /** A table of three bytes a symbol between markers and tokens (6.2, 6.3). */
  readonly sequences?: boolean
  /** Whether pairs of characters become tokens. */
  readonly compress?: boolean
}

export interface BuiltKallsyms {
  readonly bytes: Uint8Array
  /** Offsets of the parts in `bytes`, by the names of the kernel's labels. */
  readonly places: Readonly<Record<'names' | 'numSyms' | 'tokenTable' | 'tokenIndex' | 'markers', number>> & {
    readonly addresses?: number
    readonly offsets?: number
    readonly relativeBase?: number
  }
}

/** Tokens: the characters in use stand for themselves, free codes for frequent pairs. */
function tokensFor(symbols: readonly BuiltSymbol[], compress: boolean): string[] {
  const used = new Set(symbols.flatMap(({ type, name }) => [...`${type}${name}0123456789`]))
  const pairs = new Map<string, number>()
  for (const { name } of symbols) for (let i = 0; i + 1 < name.length; i++) pairs.set(name.slice(i, i + 2), (pairs.get(name.slice(i, i + 2)) ?? 0) + 1)
  const frequent = [...pairs].sort((a, b) => b[1] - a[1]).map(([pair]) => pair)
  return Array.from({ length: 256 }, (_, code) => {
    const character = String.fromCharCode(code)
    return used.has(character) ? character : (compress ? frequent.shift() : undefined) ?? `~${code}~`
  })
}

function compressed(text: string, tokens: readonly string[], bigSymbols: boolean): number[] {
  const codes: number[] = []
  for (let at = 0; at < text.length;) {
    // The type letter stands alone only where no pair begins with it; kernels compress it like the rest.
    const pair = tokens.indexOf(text.slice(at, at + 2))
    const code = pair >= 0 && tokens[pair].length === 2 ? pair : tokens.indexOf(text[at])
    codes.push(code)
    at += tokens[code].length
  }
  if (codes.length < 0x80 || !bigSymbols) return [codes.length, ...codes]
  return [(codes.length & 0x7f) | 0x80, codes.length >> 7, ...codes]
}

/** The tables as they lie in a kernel image whose first byte is at `at`. `base` is the kernel's kallsyms_relative_base. */
export function buildKallsyms(symbols: readonly BuiltSymbol[], at: bigint, base: bigint, layout: KallsymsLayout): BuiltKallsyms {
  const { encoding, littleEndian = true, bigSymbols = true, markerBytes = 4, order, sequences = false, compress = true } = layout
  const tokens = tokensFor(symbols, compress)
  const parts: Uint8Array[] = []
  let length = 0
  const places: Record<string, number> = {}
  const put = (name: string, bytes: Uint8Array, align = 8): void => {
    const padding = (align - (length % align)) % align
    parts.push(new Uint8Array(padding))
    length += padding
    places[name] = length
    parts.push(bytes)
    length += bytes.length
  }
  const word = (value: number | bigint, bytes: 4 | 8): Uint8Array => {
    const made = new Bytes(bytes, littleEndian)
    return (bytes === 4 ? made.u32(0, Number(value)) : made.u64(0, value)).bytes
  }
  const putAddresses = (): void => {
    const start = BigInt(length + ((8 - (length % 8)) % 8))
    if (encoding === 'absolute') {
      const made = new Bytes(symbols.length * 8, littleEndian)
      symbols.forEach(({ address }, i) => made.u64(i * 8, address))
      put('addresses', made.bytes)
      return
    }
    const made = new Bytes(symbols.length * 4, littleEndian)
    symbols.forEach(({ address }, i) => {
      const value = encoding === 'relative' ? address - base
        : encoding === 'placeRelative' ? address - (at + start + BigInt(i * 4))
          : address < 1n << 31n ? address : base - 1n - address
      made.u32(i * 4, Number(BigInt.asUintN(32, value)))
    })
    put('offsets', made.bytes)
    if (encoding !== 'placeRelative') put('relativeBase', word(base, 8))
  }
  if (order === 'early') putAddresses()
  put('numSyms', word(symbols.length, 4))
  const names: number[] = []
  const markers: number[] = []
  symbols.forEach(({ type, name }, i) => {
    if (i % 256 === 0) markers.push(names.length)
    names.push(...compressed(`${type}${name}`, tokens, bigSymbols))
  })
  put('names', Uint8Array.from(names))
  const markerTable = new Bytes(markers.length * markerBytes, littleEndian)
  markers.forEach((marker, i) => (markerBytes === 4 ? markerTable.u32(i * 4, marker) : markerTable.u64(i * 8, marker)))
  put('markers', markerTable.bytes)
  if (sequences) put('sequences', Uint8Array.from({ length: symbols.length * 3 }, (_, i) => (i * 131) & 0xff))
  put('tokenTable', Buffer.from(tokens.map((token) => `${token}\0`).join(''), 'latin1'))
  const index = new Bytes(512, littleEndian)
  let offset = 0
  tokens.forEach((token, code) => {
    index.u16(code * 2, offset)
    offset += token.length + 1
  })
  put('tokenIndex', index.bytes)
  if (order === 'late') putAddresses()
  return { bytes: Buffer.concat(parts), places: places as unknown as BuiltKallsyms['places'] }
}

/** Symbols as a small kernel has them: per-CPU ones at 0 or in the image, text, data, a few with long names. */
export function sampleSymbols(count: number, start: bigint, perCpu: 'zero' | 'none' = 'none'): BuiltSymbol[] {
  const symbols: BuiltSymbol[] = []
  if (perCpu === 'zero') {
    symbols.push({ address: 0n, type: 'A', name: '__per_cpu_start' }, { address: 0x1000n, type: 'A', name: 'cpu_tss_rw' })
  }
  symbols.push({ address: start, type: 'T', name: '_stext' })
  for (let i = symbols.length; i < count; i++) {
    const name = i % 97 === 5 ? `very_${'long_'.repeat(40)}${i}` : `${['do', 'sys', 'kmem', 'ext4', 'seq'][i % 5]}_${['open', 'release', 'start'][i % 3]}_${i.toString(36)}.L_0`
    symbols.push({ address: start + BigInt(i * 48 + (i % 7)), type: i % 3 === 0 ? 'T' : i % 5 === 0 ? 'd' : 't', name })
  }
  return symbols
}
