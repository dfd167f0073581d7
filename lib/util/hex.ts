/**
 * An address as every front end shows it: `0x` and 16 lower-case digits.
 *
 * @example hex(0xffff80003a5b0000n) // '0xffff80003a5b0000'
 */
export function hex(address: bigint | number): string {
  return '0x' + BigInt.asUintN(64, BigInt(address)).toString(16).padStart(16, '0')
}

/**
 * Reads an address as people write it: with or without `0x`, any case, `_` or blanks as separators, up to 16 digits.
 * Returns undefined for anything else; a decimal number is not an address.
 *
 * @example parseAddress('ffff80003a5b0000') // 0xffff80003a5b0000n
 */
export function parseAddress(text: string): bigint | undefined {
  const digits = text.trim().replace(/^0x/i, '').replace(/[_\s]/g, '')
  return /^[0-9a-f]{1,16}$/i.test(digits) ? BigInt('0x' + digits) : undefined
}
