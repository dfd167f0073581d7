/**
 * Decompresses one block of a dump. Returns whether `target` was filled exactly; where it was not, its content is rubbish.
 * Never throws, never reads or writes outside of its arguments.
 */
export type Decode = (packed: Uint8Array, target: Uint8Array) => boolean
