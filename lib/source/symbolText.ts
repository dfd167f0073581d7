import { FormatError } from '../errors.js'

/** A symbol of a file, at the file's own address. */
export interface FileSymbol {
  readonly address: bigint
  readonly name: string
  readonly type: string
  readonly module: string | null
  readonly bytes: number | null
  readonly file: string | null
  readonly line: number | null
}

export interface SymbolText {
  /** `kallsyms`: addresses of the running kernel. `nm`: System.map and any other output of nm, at link addresses. */
  readonly kind: 'kallsyms' | 'nm'
  readonly symbols: readonly FileSymbol[]
  /**
   * Why the addresses are worth nothing: `zero`, as kallsyms shows them to those who may not see them (kptr_restrict); `hashed`, as %p prints
   * them. Null where they are real.
   */
  readonly hidden: 'zero' | 'hashed' | null
}

/** `ADDRESS [SIZE] T name [module or file:line]`, after an optional `file:` (nm -A). nm, System.map and kallsyms. */
const bsdRow = /^(?:\S*?[^\s:]:)?\s*([0-9a-f]{8,16}) (?:([0-9a-f]{8,16}) )?([A-Za-z?-]) (\S+)(?:\s+\[([^\]\s]+)\])?(?:\s+(\S.*?):(\d+|\?))?$/
/** `name T ADDRESS [SIZE]` (nm -P). */
const posixRow = /^(?:\S*?\[?[^\s:]*\]?: )?(\S+) ([A-Za-z?-]) ([0-9a-f]{1,16})(?: ([0-9a-f]{1,16}))?\s*$/
/** `name |ADDRESS| T | TYPE|SIZE |LINE |SECTION` (nm -f sysv). */
const sysvRow = /^(\S+)\s*\|([0-9a-f]{8,16})\|\s*([A-Za-z?-])\s*\|[^|]*\|([0-9a-f]{8,16})?\s*\|/
/** Symbols without an address, and nm's own headings. */
const skipped = /^\s*(?:\S*:)?\s*[Uwv] \S+$|^\S+ [Uwv]\s*$|^\S+\s*\|\s*\|\s*[Uwv]\s*\||^(?:Symbols from .*|Name\s+Value.*|\S+:)$/
/** %p before it has gathered enough randomness to hash. */
const placeholder = /^\s*\((?:____)?ptrval(?:____)?\) [A-Za-z?] \S+/
/** Labels of the assembler and the linker: they name no function and hide one. */
const label = /^(?:\$[xdat](?:\..*)?|\.L.*|)$/

/** Addresses in the lower half are no kernel's, except as offsets (per-CPU, module sections): %p's hashes are 32 random bits. */
const hashBits = 32n
const leastHashed = 0x10000000n

/**
 * Reads System.map, /proc/kallsyms or the output of nm in its BSD, POSIX and System V forms, with and without sizes and lines.
 *
 * @throws FormatError with the line where it is none of these
 * @example readSymbolText('System.map', 'ffffffff81000000 T _text\n').symbols[0].name // '_text'
 */
export function readSymbolText(source: string, text: string): SymbolText {
  const symbols: FileSymbol[] = []
  let modules = false
  let placeholders = 0
  let strange = 0
  let strangeLine = 0
  let line = 0
  for (let start = 0; start < text.length;) {
    let end = text.indexOf('\n', start)
    if (end < 0) end = text.length
    const row = text.slice(start, text[end - 1] === '\r' ? end - 1 : end)
    start = end + 1
    line++
    const symbol = symbolOf(row)
    if (symbol !== undefined) {
      if (symbol.module !== null) modules = true
      if (!label.test(symbol.name)) symbols.push(symbol)
    } else if (placeholder.test(row)) placeholders++
    else if (row.trim() !== '' && !skipped.test(row)) {
      if (strange++ === 0) strangeLine = line
      // Not a symbol among the first hundred lines: this is something else.
      if (symbols.length === 0 && strange > 100) break
    }
  }
  if (placeholders > symbols.length) return { kind: 'kallsyms', symbols: [], hidden: 'hashed' }
  if (symbols.length === 0 || strange > symbols.length) {
    const found = text.split('\n', strangeLine).at(-1)?.slice(0, 60)
    throw new FormatError('not a list of symbols', { source, line: strangeLine || 1, found, expected: 'ADDRESS TYPE NAME, as in System.map' })
  }
  // kallsyms lists modules' symbols behind the kernel's; without any, it looks like a System.map, but for its per-CPU symbols' type.
  return { kind: modules ? 'kallsyms' : 'nm', symbols, hidden: hiddenAs(symbols) }
}

function symbolOf(row: string): FileSymbol | undefined {
  const bsd = bsdRow.exec(row)
  if (bsd !== null) {
    const [, address, bytes, type, name, module, file, line] = bsd
    return {
      address: BigInt(`0x${address}`), name, type, module: module ?? null, bytes: bytes === undefined ? null : Number.parseInt(bytes, 16),
      file: file ?? null, line: line === undefined || line === '?' ? null : Number(line)
    }
  }
  const sysv = row.includes('|') ? sysvRow.exec(row) : null
  const posix = sysv === null ? posixRow.exec(row) : null
  if (sysv === null && posix === null) return undefined
  const [name, address, type, bytes] = sysv !== null ? [sysv[1], sysv[2], sysv[3], sysv[4]] : [posix![1], posix![3], posix![2], posix![4]]
  return {
    address: BigInt(`0x${address}`), name, type, module: null, bytes: bytes === undefined ? null : Number.parseInt(bytes, 16), file: null, line: null
  }
}

function hiddenAs(symbols: readonly FileSymbol[]): SymbolText['hidden'] {
  if (symbols.every(({ address }) => address === 0n)) return 'zero'
  const code = symbols.filter(({ type }) => type === 't' || type === 'T')
  if (code.length < 16) return null
  const hashed = code.filter(({ address }) => address >> hashBits === 0n && address >= leastHashed).length
  const sorted = code.filter(({ address }, i) => i === 0 || address >= code[i - 1].address).length
  // Real addresses come in order, or in few stretches that do; hashes in none.
  return hashed > code.length * 0.9 && sorted < code.length * 0.75 ? 'hashed' : null
}
