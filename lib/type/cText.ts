/** Escapes of C that have a letter. */
const letters: Readonly<Record<number, string>> = { 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' }

/**
 * Bytes between quotes, as gdb prints them: octal escapes for what is not printable ASCII, and for a digit right behind such an escape,
 * which would otherwise read as part of it.
 */
export function quotedText(bytes: Uint8Array, quote: '"' | "'"): string {
  let text = quote
  let behindOctal = false
  for (const byte of bytes) {
    const isDigit = byte >= 0x30 && byte <= 0x39
    if (letters[byte] !== undefined) {
      text += letters[byte]
      behindOctal = false
    } else if (byte < 0x20 || byte > 0x7e || (behindOctal && isDigit)) {
      text += `\\${byte.toString(8).padStart(3, '0')}`
      behindOctal = true
    } else {
      const char = String.fromCharCode(byte)
      text += char === quote || char === '\\' ? `\\${char}` : char
      behindOctal = false
    }
  }
  return text + quote
}
