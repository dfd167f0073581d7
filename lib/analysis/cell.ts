/**
 * Code of a notebook cell that opens files and asks them something. The cell stands for itself: every cell can run first.
 *
 * @example openCell(['vmcore'], (dump) => `signatures(${dump})`) // 'signatures(await openDump("vmcore"))'
 */
export function openCell(files: readonly string[], ask: (dump: string) => string): string {
  return ask(`await openDump(${filesCode(files)})`)
}

/** One path or several, as code. */
export function filesCode(files: readonly string[]): string {
  return files.length === 1 ? JSON.stringify(files[0]) : `[${files.map((file) => JSON.stringify(file)).join(', ')}]`
}

/** An array of addresses as code. */
export function addressList(addresses: readonly string[]): string {
  return `[${addresses.map((address) => `'${address}'`).join(', ')}]`
}
