import { writeFileSync } from 'node:fs'
import { openPhysical } from '../../lib/memory/openPhysical.js'
import { openFile } from '../../lib/source/file.js'
import { readKdumpHeader } from '../../lib/source/kdumpHeader.js'
import { Warnings } from '../../lib/warnings.js'
import { kdumpFile, type KdumpPage } from './kdump.js'
import { packingFlags } from './packers.js'

/**
 * Writes a dump that holds everything: what the given one, of level 31, has, and `words` on all pages that makedumpfile left out of it (free
 * pages, users' memory and the contents of files; pages of zeros are in such a dump). Returns how many pages these were.
 */
export async function filledDump(source: string, target: string, words: BigUint64Array): Promise<number> {
  const file = openFile(source)
  const warnings = new Warnings()
  const header = readKdumpHeader(file, warnings)
  const { physical, vmcoreinfo, ...dump } = await openPhysical(file, { warnings })
  const { pageBytes } = physical
  const perPage = pageBytes / words.BYTES_PER_ELEMENT
  // Excluded pages share some few in the file, whose places stand in their descriptors.
  const fillers = Array.from({ length: Math.ceil(words.length / perPage) }, (_, i) => {
    const filler = new BigUint64Array(perPage)
    filler.set(words.subarray(i * perPage, (i + 1) * perPage))
    return new Uint8Array(filler.buffer)
  })
  const pages = new Map<number, KdumpPage>()
  const left: number[] = []
  for (let frame = 0; frame < physical.frames; frame++) {
    const page = physical.page(frame)
    if (page === 'excluded') left.push(frame)
    else if (typeof page !== 'string') pages.set(frame, { data: page.slice() })
  }
  const dataAt = Math.ceil((1 << 20) + (pages.size + left.length) * 24)
  const fillersAt = dataAt + pages.size * pageBytes
  left.forEach((frame, i) => pages.set(frame, {
    packed: new Uint8Array(), descriptor: { offset: fillersAt + (i % fillers.length) * pageBytes, bytes: pageBytes, flags: packingFlags.raw }
  }))
  const notes = header.notes === null ? undefined : file.read(header.notes.offset, header.notes.bytes)
  const whole = kdumpFile(pages, {
    blockBytes: pageBytes, dumpLevel: 0, dataAt, uname: header.uname, vmcoreinfo: vmcoreinfo!.text, ...(notes === undefined ? {} : { notes })
  })
  writeFileSync(target, Buffer.concat([whole, ...fillers]))
  dump.close()
  return left.length
}
