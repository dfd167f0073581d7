import { copyLiterals, copyMatch } from './copyMatch.js'

/** A raw snappy stream (google/snappy format_description.txt, not the framed one), as makedumpfile's `-p` writes it for each page. */
export function decodeSnappy(packed: Uint8Array, target: Uint8Array): boolean {
  const end = packed.length
  const room = target.length
  let at = 0
  // Length of the content, seven bits a byte, lowest first.
  let content = 0
  for (let scale = 1; ; scale *= 128) {
    if (at >= end || at > 4) return false
    const byte = packed[at++]
    content += (byte & 0x7f) * scale
    if (byte < 0x80) break
  }
  if (content !== room) return false
  let written = 0
  while (at < end) {
    const tag = packed[at++]
    let length = tag >> 2
    let distance: number
    switch (tag & 3) {
      case 0: {
        // Literals: up to 60 in the tag, else their count follows in 1 to 4 bytes.
        if (length >= 60) {
          const bytes = length - 59
          if (at + bytes > end) return false
          length = 0
          for (let i = bytes - 1; i >= 0; i--) length = length * 256 + packed[at + i]
          at += bytes
        }
        length++
        if (at + length > end || written + length > room) return false
        copyLiterals(packed, at, target, written, length)
        at += length
        written += length
        continue
      }
      case 1:
        if (at + 1 > end) return false
        length = (length & 7) + 4
        distance = (tag >> 5 << 8) | packed[at++]
        break
      case 2:
        if (at + 2 > end) return false
        length++
        distance = packed[at] | (packed[at + 1] << 8)
        at += 2
        break
      default:
        if (at + 4 > end) return false
        length++
        distance = (packed[at] | (packed[at + 1] << 8) | (packed[at + 2] << 16)) + packed[at + 3] * 2 ** 24
        at += 4
    }
    if (distance === 0 || distance > written || written + length > room) return false
    copyMatch(target, written, distance, length)
    written += length
  }
  return written === room
}
