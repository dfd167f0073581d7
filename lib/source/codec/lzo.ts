import { copyLiterals, copyMatch } from './copyMatch.js'

/*
 * LZO1X as Documentation/staging/lzo.rst of Linux describes it. An instruction copies a match and then 0 to 3 literals, or a run of
 * literals; what an instruction below 16 means depends on how many literals the one before it copied.
 */

/** First byte: above this, a run of (byte - 17) literals stands before the first instruction. */
const FIRST_LITERALS = 17
/** The state after a run of four or more literals. */
const AFTER_RUN = 4
/** Matches far away (instructions 16 to 31) begin here; a distance of exactly this ends the stream. */
const FAR = 16384
/** Three-byte matches after a run of literals begin here. */
const AFTER_RUN_DISTANCE = 2049

/** An LZO1X stream, as makedumpfile's `-l` writes it for each page. */
export function decodeLzo(packed: Uint8Array, target: Uint8Array): boolean {
  const end = packed.length
  const room = target.length
  let at = 0
  let written = 0
  let state = 0
  if (end > 0 && packed[0] > FIRST_LITERALS) {
    const literals = packed[at++] - FIRST_LITERALS
    if (at + literals > end || literals > room) return false
    copyLiterals(packed, at, target, 0, literals)
    at += literals
    written = literals
    state = Math.min(literals, AFTER_RUN)
  }
  while (at < end) {
    const instruction = packed[at++]
    let length: number
    let distance: number
    let literals: number
    if (instruction >= 64) {
      // 5 to 8 bytes (1LLDDDSS) or 3 to 4 bytes (01LDDDSS) within 2 KiB.
      if (at >= end) return false
      length = (instruction >> 5) + 1
      distance = (packed[at++] << 3) + (instruction >> 2 & 7) + 1
      literals = instruction & 3
    } else if (instruction >= 16) {
      // Within 16 KiB (001LLLLL) or from there to 48 KiB (0001HLLL), any length.
      const most = instruction >= 32 ? 31 : 7
      length = instruction & most
      if (length === 0) {
        while (packed[at] === 0) {
          length += 255
          at++
        }
        if (at >= end) return false
        length += most + packed[at++]
      }
      length += 2
      if (at + 2 > end) return false
      const word = packed[at] | (packed[at + 1] << 8)
      at += 2
      literals = word & 3
      distance = (word >> 2) + 1
      if (instruction < 32) {
        distance += FAR - 1 + ((instruction & 8) << 11)
        if (distance === FAR) return length === 3 && at === end && written === room
      }
    } else if (state === 0) {
      // A run of literals.
      length = instruction
      if (length === 0) {
        while (packed[at] === 0) {
          length += 255
          at++
        }
        if (at >= end) return false
        length += 15 + packed[at++]
      }
      length += 3
      if (at + length > end || written + length > room) return false
      copyLiterals(packed, at, target, written, length)
      at += length
      written += length
      state = AFTER_RUN
      continue
    } else {
      // 2 bytes within 1 KiB, or after a run of literals 3 bytes of the KiB behind the second.
      if (at >= end) return false
      length = state === AFTER_RUN ? 3 : 2
      distance = (packed[at++] << 2) + (instruction >> 2) + (state === AFTER_RUN ? AFTER_RUN_DISTANCE : 1)
      literals = instruction & 3
    }
    if (distance > written || written + length > room) return false
    copyMatch(target, written, distance, length)
    written += length
    state = literals
    if (at + literals > end || written + literals > room) return false
    for (; literals > 0; literals--) target[written++] = packed[at++]
  }
  return false
}
