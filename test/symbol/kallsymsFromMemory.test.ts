import { describe, expect, test } from 'vitest'
import type { KallsymsEncoding } from '../../lib/source/kallsymsAddresses.js'
import { findKallsyms } from '../../lib/symbol/findKallsyms.js'
import type { Kallsyms } from '../../lib/symbol/kallsyms.js'
import { kallsymsPlaces, readKallsyms, readUpTo, type KallsymsPlaces, type ReadKernel } from '../../lib/symbol/kallsymsFromMemory.js'
import { Warnings } from '../../lib/warnings.js'
import { buildKallsyms, sampleSymbols, type BuiltKallsyms, type BuiltSymbol, type KallsymsLayout } from '../builders/kallsyms.js'
import { randomFrom } from '../builders/random.js'

const stext = 0xffffffff81000000n
/** Where the tables lie: not at a page's start. */
const rodata = 0xffffffff82345678n

/** A kernel's memory: `bytes` at `start` among zeros, in pages, of which some can be missing. */
function readerOf(start: bigint, bytes: Uint8Array, missing: (page: bigint) => boolean = () => false): ReadKernel {
  const first = start >> 12n << 12n
  const pages = new Uint8Array(Math.ceil((Number(start - first) + bytes.length) / 4096 + 1) * 4096)
  pages.set(bytes, Number(start - first))
  return (address, count) => {
    if (address < first || address + BigInt(count) > first + BigInt(pages.length)) return undefined
    for (let page = address >> 12n; page <= (address + BigInt(Math.max(count, 1)) - 1n) >> 12n; page++) if (missing(page << 12n)) return undefined
    const at = Number(address - first)
    return pages.slice(at, at + count)
  }
}

function placesOf({ places }: BuiltKallsyms, at: bigint): KallsymsPlaces {
  const address = (place: number | undefined): bigint | undefined => (place === undefined ? undefined : at + BigInt(place))
  return {
    names: address(places.names)!, numSyms: address(places.numSyms)!, tokenTable: address(places.tokenTable)!, tokenIndex: address(places.tokenIndex)!,
    addresses: address(places.addresses), offsets: address(places.offsets), relativeBase: address(places.relativeBase)
  }
}

const known = new Map([['_stext', stext]])

function listed(kallsyms: Kallsyms): BuiltSymbol[] {
  return kallsyms.records().map(({ address, type, name }) => ({ address, type, name }))
}

function read(symbols: readonly BuiltSymbol[], layout: KallsymsLayout, base = stext): { kallsyms: Kallsyms; warnings: Warnings; built: BuiltKallsyms } {
  const built = buildKallsyms(symbols, rodata, base, layout)
  const warnings = new Warnings()
  const kallsyms = readKallsyms(readerOf(rodata, built.bytes), placesOf(built, rodata), known, layout.littleEndian ?? true, warnings)
  return { kallsyms, warnings, built }
}

const encodings: KallsymsEncoding[] = ['absolute', 'relative', 'absolutePerCpu', 'placeRelative']

describe.each(encodings)('%s addresses', (encoding) => {
  test.each([1, 2, 255, 256, 257, 2000])('%i symbols come back as they were put in', (count) => {
    const symbols = sampleSymbols(count + 2, stext, encoding === 'absolutePerCpu' || encoding === 'absolute' ? 'zero' : 'none')
    const { kallsyms, warnings } = read(symbols, { encoding, order: encoding === 'placeRelative' ? 'late' : 'early' })
    expect(listed(kallsyms)).toEqual(symbols)
    expect(kallsyms.encoding).toBe(encoding)
    expect(warnings.list()).toEqual([])
  })

  test('big-endian', () => {
    const symbols = sampleSymbols(600, stext)
    expect(listed(read(symbols, { encoding, order: 'late', littleEndian: false }).kallsyms)).toEqual(symbols)
  })

  test('by ascending addresses alone, where no address is known', () => {
    const symbols = sampleSymbols(600, stext)
    const built = buildKallsyms(symbols, rodata, stext, { encoding, order: 'late' })
    const kallsyms = readKallsyms(readerOf(rodata, built.bytes), placesOf(built, rodata), new Map(), true, new Warnings())
    expect(kallsyms.encoding).toBe(encoding)
    expect(listed(kallsyms)).toEqual(symbols)
  })
})

test('a base far from the first symbol, and symbols 4 GiB and more above it', () => {
  const symbols = [{ address: 0xffff7fffff000000n, type: 't', name: 'low' }, { address: 0xffff800000000010n, type: 'T', name: '_stext' }]
  const built = buildKallsyms(symbols, rodata, 0xffff7ffff0000000n, { encoding: 'relative', order: 'early' })
  const kallsyms = readKallsyms(readerOf(rodata, built.bytes), placesOf(built, rodata), new Map([['_stext', 0xffff800000000010n]]), true, new Warnings())
  expect(listed(kallsyms)).toEqual(symbols)
})

describe('names', () => {
  const long = { address: stext + 0x1000000n, type: 't', name: `_RNv${'x9'.repeat(120)}` }

  test('of more than 127 tokens, with a length of two bytes', () => {
    const symbols = [...sampleSymbols(700, stext), long]
    expect(listed(read(symbols, { encoding: 'relative', order: 'late', compress: false }).kallsyms)).toEqual(symbols)
  })

  test('of 128 to 255 tokens in one byte, as kernels before 6.1 had it: the markers tell', () => {
    const symbols = [long, ...sampleSymbols(700, stext + 0x2000000n)].map((symbol, i) => ({ ...symbol, address: stext + BigInt(i * 16) }))
    const layout: KallsymsLayout = { encoding: 'relative', order: 'early', compress: false, bigSymbols: false }
    const built = buildKallsyms(symbols, rodata, stext, layout)
    const found = readKallsyms(readerOf(rodata, built.bytes), placesOf(built, rodata), new Map(), true, new Warnings())
    expect(listed(found)).toEqual(symbols)
  })

  test('are found without a string for each: first of several, none', () => {
    const symbols = [...sampleSymbols(300, stext), { address: stext + 0x100000n, type: 't', name: 'twice' }, { address: stext + 0x100010n, type: 't', name: 'twice' }]
    const { kallsyms } = read(symbols, { encoding: 'relative', order: 'early' })
    expect(kallsyms.address('twice')).toBe(stext + 0x100000n)
    expect(kallsyms.address('thrice')).toBeUndefined()
    expect(kallsyms.address('')).toBeUndefined()
    expect(kallsyms.records().filter((record) => record.isNamed!('twice'))).toHaveLength(2)
  })
})

describe('missing pages', () => {
  const symbols = sampleSymbols(4000, stext)
  const built = buildKallsyms(symbols, rodata, stext, { encoding: 'relative', order: 'early' })
  const places = placesOf(built, rodata)
  const readWithout = (address: bigint): { kallsyms: Kallsyms; warnings: Warnings } => {
    const warnings = new Warnings()
    const kallsyms = readKallsyms(readerOf(rodata, built.bytes, (page) => page === address >> 12n << 12n), places, known, true, warnings)
    return { kallsyms, warnings }
  }

  test('of the names: the symbols before are given, and how many there should be', () => {
    const { kallsyms, warnings } = readWithout(places.names + 0x3000n)
    expect(kallsyms.length).toBeGreaterThan(500)
    expect(kallsyms.length).toBeLessThan(4000)
    expect(listed(kallsyms)).toEqual(symbols.slice(0, kallsyms.length))
    expect(warnings.list()).toEqual([{ message: `kernel symbols cut short by a missing page: ${kallsyms.length} of 4000`, times: 1 }])
  })

  test('of the addresses', () => {
    const { kallsyms, warnings } = readWithout(places.offsets! + 0x2000n)
    expect(listed(kallsyms)).toEqual(symbols.slice(0, kallsyms.length))
    expect(warnings.list()).toEqual([{ message: `kernel symbol addresses cut short by a missing page: ${kallsyms.length} of 4000`, times: 1 }])
  })

  const bare = (missing: (page: bigint) => boolean): (() => Kallsyms) => () => readKallsyms(readerOf(rodata, built.bytes, missing), places, known, true, new Warnings())

  test('of what all names need: it is said which', () => {
    const page = (address: bigint) => (at: bigint): boolean => at === address >> 12n << 12n
    const far = buildKallsyms(symbols, rodata, stext, { encoding: 'relative', order: 'early' })
    expect(far.places).toEqual(built.places)
    expect(bare(page(places.tokenIndex + 500n))).toThrow(/^kallsyms_token_(index|table) is not in the evidence: its page is not in the dump, so symbol names cannot be expanded$/)
    expect(bare(() => true)).toThrow('kallsyms_num_syms is not in the evidence: its page is not in the dump, so there are no kernel symbols')
    const offsets = (at: bigint): boolean => at >= places.offsets! >> 12n << 12n && at <= places.offsets!
    expect(bare(offsets)).toThrow('kallsyms_offsets is not in the evidence: its page is not in the dump, so kernel symbols have no addresses')
  })

  test('bytes up to a missing page', () => {
    const reader = readerOf(0x1800n, new Uint8Array(0x8000), (page) => page === 0x4000n)
    expect(readUpTo(reader, 0x1900n, 0x5000).length).toBe(0x2700)
    expect(readUpTo(reader, 0x4000n, 8).length).toBe(0)
    expect(readUpTo(reader, 0x5000n, 0x100).length).toBe(0x100)
  })
})

describe('damaged tables', () => {
  const symbols = sampleSymbols(1000, stext)
  const layout: KallsymsLayout = { encoding: 'relative', order: 'early' }
  const damaged = (change: (bytes: Uint8Array, places: BuiltKallsyms['places']) => void): (() => Kallsyms) => {
    const built = buildKallsyms(symbols, rodata, stext, layout)
    change(built.bytes, built.places)
    return () => readKallsyms(readerOf(rodata, built.bytes), placesOf(built, rodata), known, true, new Warnings())
  }

  test('an impossible count', () => {
    expect(damaged((bytes, places) => bytes.fill(0xff, places.numSyms, places.numSyms + 4)))
      .toThrow('kallsyms_num_syms: impossible number of kernel symbols: found 4294967295, expected 1 to 8000000')
    expect(damaged((bytes, places) => bytes.fill(0, places.numSyms, places.numSyms + 4))).toThrow('found 0, expected 1 to 8000000')
  })

  test('a name without tokens', () => {
    expect(damaged((bytes, places) => bytes.fill(0, places.names, places.names + 1)))
      .toThrow('kallsyms_names at offset 0x0: damaged kernel symbol names: found a name of 0 tokens, expected up to 1024')
  })

  test('a token index that does not point at tokens', () => {
    expect(damaged((bytes, places) => { bytes[places.tokenIndex + 200] ^= 1 }))
      .toThrow(/^kallsyms_token_index at offset 0x\w+: damaged token table: found token \d+ at \d+, expected the byte behind a NUL, further on than the token before$/)
  })

  test('addresses that no encoding explains', () => {
    expect(damaged((bytes, places) => bytes.fill(0x37, places.offsets, places.offsets! + 4000)))
      .toThrow('kallsyms_offsets: kernel symbol addresses in no known encoding: expected _stext at 0xffffffff81000000')
  })

  test('whatever bytes are damaged, it ends in symbols or in an error that says what', () => {
    const random = randomFrom(99)
    let survived = 0
    const rounds = Number(process.env.SLABLAB_FUZZ ?? 200)
    const encodingsAndOrders: KallsymsLayout[] = encodings.map((encoding) => ({ encoding, order: encoding === 'placeRelative' ? 'late' : 'early' }))
    const small = sampleSymbols(300, stext)
    for (let round = 0; round < rounds; round++) {
      const built = buildKallsyms(small, rodata, stext, encodingsAndOrders[round % 4])
      const hits = 1 + Math.floor(random() * 20)
      for (let i = 0; i < hits; i++) built.bytes[Math.floor(random() * built.bytes.length)] = Math.floor(random() * 256)
      try {
        const found = readKallsyms(readerOf(rodata, built.bytes), placesOf(built, rodata), known, true, new Warnings())
        expect(found.length).toBeLessThanOrEqual(8_000_000)
        survived++
      } catch (error) {
        expect((error as Error).name).toMatch(/^(FormatError|MissingSymbolError)$/)
      }
    }
    expect(survived).toBeGreaterThan(0)
  })
})

describe('tables found by their shape', () => {
  /** An image with other things around the tables, misleading ones among them. */
  function image(layout: KallsymsLayout, count = 3000): { symbols: BuiltSymbol[]; bytes: Uint8Array; start: bigint; built: BuiltKallsyms; at: bigint } {
    const start = 0xffffffff82000000n
    const lead = 0x21000
    const at = start + BigInt(lead)
    const symbols = sampleSymbols(count, stext, layout.encoding === 'absolutePerCpu' ? 'zero' : 'none')
    const built = buildKallsyms(symbols, at, stext, layout)
    const bytes = new Uint8Array(lead + built.bytes.length + 0x3000)
    const random = randomFrom(3)
    for (let i = 0; i < bytes.length; i++) bytes[i] = random() < 0.3 ? 0 : Math.floor(random() * 256)
    bytes.set(Buffer.from('0\x001\x002\x003\x004\x005\x006\x007\x008\x009\0', 'latin1'), 0x5003)
    bytes.set(built.bytes, lead)
    return { symbols, bytes, start, built, at }
  }

  const layouts: [string, KallsymsLayout][] = [
    ['before 4.6: addresses, 8-byte markers', { encoding: 'absolute', order: 'early', markerBytes: 8, bigSymbols: false }],
    ['4.6 to 4.19', { encoding: 'relative', order: 'early', markerBytes: 8, bigSymbols: false }],
    ['4.20 to 6.1 on x86-64', { encoding: 'absolutePerCpu', order: 'early', bigSymbols: false }],
    ['4.20 to 6.1 elsewhere', { encoding: 'relative', order: 'early' }],
    ['6.2, with sequences', { encoding: 'absolutePerCpu', order: 'early', sequences: true }],
    ['6.4 on', { encoding: 'relative', order: 'late' }],
    ['6.12 on x86-64', { encoding: 'absolutePerCpu', order: 'late' }],
    ['7.0 on', { encoding: 'placeRelative', order: 'late' }]
  ]

  test.each(layouts)('%s', (_, layout) => {
    const { symbols, bytes, start } = image(layout)
    const reader = readerOf(start, bytes)
    for (const names of [known, new Map<string, bigint>()]) {
      let found: Kallsyms | undefined
      for (const places of findKallsyms(reader, [{ start, end: start + BigInt(bytes.length) }], true)) {
        try {
          found ??= readKallsyms(reader, places, names, true, new Warnings())
        } catch (error) {
          expect((error as Error).name).toMatch(/^(FormatError|MissingSymbolError)$/)
        }
      }
      expect(found && listed(found)).toEqual(symbols)
    }
  })

  test('with a page missing in front of the names', () => {
    const { symbols, bytes, start, at } = image({ encoding: 'placeRelative', order: 'late' })
    const reader = readerOf(start, bytes, (page) => page === (at - 0x1000n) >> 12n << 12n)
    const [places] = findKallsyms(reader, [{ start, end: start + BigInt(bytes.length) }], true)
    const late = [...findKallsyms(reader, [{ start, end: start + BigInt(bytes.length) }], true)].at(-1)!
    expect(places.names).toBe(late.names)
    expect(listed(readKallsyms(reader, late, known, true, new Warnings()))).toEqual(symbols)
  })

  test('nothing in an image without them', () => {
    const bytes = new Uint8Array(0x10000)
    bytes.set(Buffer.from('0\x001\x002\x003\x004\x005\x006\x007\x008\x009\0', 'latin1'), 0x5003)
    const start = 0xffffffff82000000n
    expect([...findKallsyms(readerOf(start, bytes), [{ start, end: start + 0x10000n }], true)]).toEqual([])
  })
})

test('where the tables lie, as VMCOREINFO tells', () => {
  const symbols: Record<string, bigint> = { kallsyms_names: 1n, kallsyms_num_syms: 2n, kallsyms_token_table: 3n, kallsyms_token_index: 4n, kallsyms_offsets: 5n }
  expect(kallsymsPlaces((name) => symbols[name])).toEqual({ names: 1n, numSyms: 2n, tokenTable: 3n, tokenIndex: 4n, offsets: 5n, addresses: undefined, relativeBase: undefined })
  expect(kallsymsPlaces((name) => (name === 'kallsyms_offsets' ? undefined : symbols[name]))).toBeUndefined()
  expect(kallsymsPlaces((name) => (name === 'kallsyms_names' ? undefined : symbols[name]))).toBeUndefined()
})
