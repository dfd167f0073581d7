/**
 * Buffers that the decoders work in. Their sizes are fixed and they are never replaced, so the engine knows their bounds; a reader may run
 * a little behind the end or before the start of the input, a copy a little behind the end of the output. One decoder runs at a time.
 */

/** The most bytes in or out of one block. A dump's block is 4 to 64 KiB. */
export const MOST_BYTES = 1 << 17
/** Where the input begins. */
export const INPUT_START = 64

const AFTER = 512

const input = new Uint8Array(INPUT_START + MOST_BYTES + AFTER)
const output = new Uint8Array(MOST_BYTES + AFTER)

/** Decoders take these into constants of their own: what is imported may be looked up at each use. */
export const scratch = { input, inputWords: new DataView(input.buffer), output, outputWords: new DataView(output.buffer) } as const

/** Copies `packed` into the input, zeros behind it; returns where it ends, or -1 where it is too long. */
export function fillInput(packed: Uint8Array): number {
  if (packed.length > MOST_BYTES) return -1
  input.set(packed, INPUT_START)
  const end = INPUT_START + packed.length
  input.fill(0, end, end + 64)
  return end
}
