/** Shorter text is as good as any bytes. */
const LEAST_CHARACTERS = 3
/** No control character but a newline, at the very end, is in a name or message. */
 
const notText = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]|\n./

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Whether an object holds one NUL-terminated text and is as large as the text needs: `leastBytes` is the smallest size for which the allocator
 * takes a slot of this size.
 */
export function isText(content: Uint8Array, leastBytes: number): boolean {
  const end = content.indexOf(0)
  if (end < LEAST_CHARACTERS || end + 1 < leastBytes) return false
  const text = content.subarray(0, end)
  // An address of the kernel may have no zero byte, but has one that is in no text.
  if (text.includes(0xff)) return false
  try {
    return !notText.test(decoder.decode(text))
  } catch {
    return false
  }
}
