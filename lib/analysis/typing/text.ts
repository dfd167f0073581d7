/** Characters of a name or message; UTF-8 has others. */
const FIRST_PRINTABLE = 0x20
const DELETE = 0x7f
/** Shorter text is as good as any bytes. */
const LEAST_CHARACTERS = 3

/**
 * Whether an object holds one NUL-terminated text and is as large as the text needs: `leastBytes` is the smallest size for which the allocator
 * takes a slot of this size.
 */
export function isText(content: Uint8Array, leastBytes: number): boolean {
  const end = content.indexOf(0)
  if (end < LEAST_CHARACTERS || end + 1 < leastBytes) return false
  for (let i = 0; i < end; i++) if (content[i] < FIRST_PRINTABLE || content[i] === DELETE) return content[i] === NEWLINE && i === end - 1
  return true
}

const NEWLINE = 0x0a
