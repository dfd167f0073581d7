/** Digits of an address on a 64-bit machine (crash's VADDR_PRLEN). */
const ADDRESS_DIGITS = 16

/** An address as crash prints it: bare digits, left-justified in the width of the machine's longest. */
export function bareAddress(address: bigint): string {
  return BigInt.asUintN(64, address).toString(16).padEnd(ADDRESS_DIGITS)
}

/** A number right-justified, `?` where it is unknown. */
export function column(value: number | null, width: number): string {
  return (value === null ? '?' : String(value)).padStart(width)
}
