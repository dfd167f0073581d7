import { FormatError } from '../errors.js'

/** A line of System.map or /proc/kallsyms. */
export interface ListedSymbol {
  readonly address: bigint
  readonly type: string
  readonly name: string
  readonly module: string | null
}

/** `ffffffffa217b370 t single_start\t[module]`; 8 digits on 32-bit machines. */
const line = /^([0-9a-f]{8}|[0-9a-f]{16}) ([A-Za-z?]) (\S+)(?:\s+\[([^\]]+)\])?$/

/** Whether text looks like a System.map or /proc/kallsyms, by its first line. */
export function isSymbolList(head: string): boolean {
  return line.test(head.slice(0, Math.max(0, head.search(/\r?\n|$/))))
}

/**
 * Reads a System.map, or what /proc/kallsyms showed. Lines of another shape are counted, and fail only where there are no symbols.
 *
 * @throws FormatError where no line is a symbol, or all addresses are 0 (kptr_restrict hid them)
 *
 * @example parseSymbolList('ffffffff81000000 T _stext\n', 'System.map')[0].name // '_stext'
 */
export function parseSymbolList(text: string, source: string): ListedSymbol[] {
  const symbols: ListedSymbol[] = []
  let hidden = true
  let number = 0
  let strange: number | undefined
  for (const row of text.split('\n')) {
    number++
    const found = line.exec(row.trimEnd())
    if (found === null) {
      if (row.trim() !== '') strange ??= number
      continue
    }
    const address = BigInt(`0x${found[1]}`)
    if (address !== 0n) hidden = false
    symbols.push({ address, type: found[2], name: found[3], module: found[4] ?? null })
  }
  if (symbols.length === 0) {
    throw new FormatError('no symbols', { source, line: strange ?? 1, expected: 'lines of address, type and name, as in System.map' })
  }
  if (hidden) throw new FormatError('all addresses are 0', { source, expected: '/proc/kallsyms as root sees it (kptr_restrict hides addresses)' })
  return symbols
}
