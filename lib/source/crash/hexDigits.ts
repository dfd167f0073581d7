/** No digit; its high bits show up in the sum of a field's digits however many there are. */
export const noDigit = 0xff

/** The value of each byte as a hexadecimal digit. crash prints lower case; people paste what they like. */
export const hexDigits: Uint8Array = new Uint8Array(256).fill(noDigit)
for (let digit = 0; digit < 16; digit++) {
  hexDigits[digit.toString(16).charCodeAt(0)] = digit
  hexDigits[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

/** The value of two bytes as hexadecimal digits, by the number they make read with the first one lowest; -1 where they are none. */
export const hexPairs: Int16Array = new Int16Array(1 << 16).fill(-1)
for (let first = 0; first < 256; first++) {
  for (let second = 0; second < 256; second++) {
    if (hexDigits[first] !== noDigit && hexDigits[second] !== noDigit) hexPairs[first | second << 8] = hexDigits[first] << 4 | hexDigits[second]
  }
}

/** A field of hexadecimal digits, as read by {@link readHexField}. */
export interface HexField {
  /** Signed 32-bit halves. */
  high: number
  low: number
  /** How many digits; 0 where there is none, or where there are more than 16. */
  digits: number
}

/** Reads digits from `at` on, before `end`, into `field`. */
export function readHexField(bytes: Uint8Array, at: number, end: number, field: HexField): void {
  let high = 0
  let low = 0
  let digits = 0
  for (let i = at; i < end; i++) {
    const digit = hexDigits[bytes[i]]
    if (digit === noDigit) break
    high = (high << 4) | (low >>> 28)
    low = (low << 4) | digit
    digits++
  }
  field.high = high
  field.low = low
  field.digits = digits > 16 ? 0 : digits
}
