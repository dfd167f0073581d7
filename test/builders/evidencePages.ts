import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { evidence } from '../evidence.js'

/** Packed pages of a real dump, as makedumpfile wrote them, by the flag of their packing; empty where no given dump has any. */
export function evidencePages(flag: number, most: number): Uint8Array[] {
  const file = evidence(flag === 0x20 ? 'x86_64-slub-debug' : 'x86_64-slub', 'vmcore')
  if (!existsSync(file)) return []
  const descriptor = openSync(file, 'r')
  const read = (at: number, length: number): DataView => {
    const bytes = new Uint8Array(length)
    readSync(descriptor, bytes, 0, length, at)
    return new DataView(bytes.buffer)
  }
  const head = read(0, 0x1d0)
  const blockBytes = head.getUint32(0x1ac, true)
  const descriptorsAt = (1 + head.getUint32(0x1b0, true) + head.getUint32(0x1b4, true)) * blockBytes
  const pages: Uint8Array[] = []
  for (let i = 0; i < 20 * most && pages.length < most; i++) {
    const page = read(descriptorsAt + i * 600 * 24, 24)
    if (page.getUint32(12, true) === flag) pages.push(new Uint8Array(read(Number(page.getBigUint64(0, true)), page.getUint32(8, true)).buffer))
  }
  closeSync(descriptor)
  return pages
}
