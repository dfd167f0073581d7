/**
 * Code of a notebook cell that opens a file and asks it something. The cell stands for itself: every cell can run first.
 *
 * @example openCell('vmcore', (dump) => `signatures(${dump})`) // 'signatures(await openDump("vmcore"))'
 */
export function openCell(file: string, ask: (dump: string) => string): string {
  return ask(`await openDump(${JSON.stringify(file)})`)
}

/** An array of addresses as code. */
export function addressList(addresses: readonly string[]): string {
  return `[${addresses.map((address) => `'${address}'`).join(', ')}]`
}
