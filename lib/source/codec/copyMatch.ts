/** Copies `length` bytes within `target` from `distance` bytes before `at`; the ranges may overlap, then the bytes repeat. */
export function copyMatch(target: Uint8Array, at: number, distance: number, length: number): void {
  if (length > FEW) {
    if (distance >= length) {
      target.copyWithin(at, at - distance, at - distance + length)
      return
    }
    if (distance === 1) {
      target.fill(target[at - 1], at, at + length)
      return
    }
  }
  for (let from = at - distance, end = at + length; at < end;) target[at++] = target[from++]
}

/** Copies `length` bytes of `source` from `from` to `at` in `target`. */
export function copyLiterals(source: Uint8Array, from: number, target: Uint8Array, at: number, length: number): void {
  if (length > FEW) target.set(source.subarray(from, from + length), at)
  else for (const end = from + length; from < end;) target[at++] = source[from++]
}

/** Below this a loop is faster than a call into the engine. */
const FEW = 48
