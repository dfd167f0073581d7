import { deflateSync } from 'node:zlib'
import { compress } from 'snappyjs'

/** How a page stands in a dump. */
export type Packing = 'raw' | 'zlib' | 'lzo' | 'snappy' | 'zstd'

export const packings: readonly Packing[] = ['raw', 'zlib', 'lzo', 'snappy', 'zstd']

/** Flags of a page descriptor. */
export const packingFlags: Readonly<Record<Packing, number>> = { raw: 0, zlib: 1, lzo: 2, snappy: 4, zstd: 0x20 }

/** Packs a page; LZO and Zstandard as literals only, which is valid if not small. */
export function pack(packing: Packing, page: Uint8Array): Uint8Array {
  switch (packing) {
    case 'raw': return page
    case 'zlib': return deflateSync(page, { level: 1 })
    case 'lzo': return lzoLiterals(page)
    case 'snappy': return new Uint8Array(compress(page))
    case 'zstd': return zstdRuns(page)
  }
}

/** LZO1X: one run of literals, then the end mark. */
export function lzoLiterals(page: Uint8Array): Uint8Array {
  // Length 18 + 255 * zeros + last byte.
  const rest = page.length - 18
  const zeros = Math.ceil(rest / 255) - 1
  return Uint8Array.from([0, ...Array<number>(zeros).fill(0), rest - zeros * 255, ...page, 0x11, 0, 0])
}

/** Zstandard: one frame with the page's size, a block for each half, repeated bytes as such. */
export function zstdRuns(page: Uint8Array): Uint8Array {
  const frame = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, ...u32(page.length)]
  const halves = [page.subarray(0, page.length >> 1), page.subarray(page.length >> 1)]
  halves.forEach((half, i) => {
    const repeated = half.every((byte) => byte === half[0])
    const head = (half.length << 3) | ((repeated ? 1 : 0) << 1) | i
    frame.push(head & 0xff, head >> 8 & 0xff, head >> 16, ...(repeated ? [half[0]] : half))
  })
  return Uint8Array.from(frame)
}

function u32(value: number): number[] {
  return [value & 0xff, value >> 8 & 0xff, value >> 16 & 0xff, value >>> 24]
}
