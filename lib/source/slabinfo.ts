/**
 * One row of evidence about a cache at one moment, filled again and again by the row readers. NaN is unknown. The name lies at
 * `nameStart` … `nameEnd` of the text that was read.
 */
export interface SlabRow {
  nameStart: number
  nameEnd: number
  activeObjects: number
  objects: number
  /** What slabinfo calls objsize: the distance from one object to the next. */
  objectBytes: number
  objectsPerSlab: number
  pagesPerSlab: number
  slabs: number
  /** Memory of the cache, where the row itself says it. */
  bytes: number
  /** Whether the row has its `: slabdata`, as version 2 always prints it. */
  whole: boolean
}

export function emptyRow(): SlabRow {
  return { nameStart: 0, nameEnd: 0, activeObjects: NaN, objects: NaN, objectBytes: NaN, objectsPerSlab: NaN, pagesPerSlab: NaN, slabs: NaN, bytes: NaN, whole: false }
}

/**
 * Version in the header line `slabinfo - version: 2.1 (statistics)`, undefined where a line is none. Known are 1.0 (Linux 2.2),
 * 1.1 (2.4), 1.2 (2.5), 2.0 and 2.1 (2.6 on; mm/slab_common.c).
 *
 * @example slabinfoVersion('slabinfo - version: 1.1 (SMP)') // '1.1'
 */
export function slabinfoVersion(line: string): string | undefined {
  return /slabinfo - version:\s*(\d+\.\d+)/.exec(line)?.[1]
}

/** The comment line that names the columns; it stands alone where someone cut the first line off. */
export function isColumnsLine(line: string): boolean {
  return /^\s*#\s*name\s+<active_objs>/.test(line)
}

const BLANK = 0x20
const TAB = 0x09
const ZERO = 0x30
const NINE = 0x39

/** The most numbers between name and first colon: version 1.1. */
const mostNumbers = 6
/** Numbers before the first colon in version 2. What stands before them is the name, be it digits. */
const version2Numbers = 5

/** Numbers before the first colon, last first. */
const numbers = new Float64Array(mostNumbers + 1)

/**
 * Reads the row in `text` from `start` to `end` into `row`; false where it is none. Rows of version 2 are told by their `: tunables`
 * whatever `version` says; those of version 1 only where the header said so. Reads from the right, so that names with blanks survive.
 */
export function readSlabinfoRow(text: string, start: number, end: number, version: string | undefined, row: SlabRow): boolean {
  let stop = text.indexOf(' : ', start)
  const hasColon = stop >= 0 && stop < end
  if (!hasColon) stop = end
  const isVersion2 = hasColon && tunables(text, stop, end)
  if (!isVersion2 && version === undefined) return false
  const count = numbersBefore(text, start, stop, isVersion2 ? version2Numbers : mostNumbers + 1, row)
  if (count < 2 || row.nameEnd === row.nameStart) return false
  row.bytes = NaN
  row.whole = isVersion2
  if (isVersion2) return count === version2Numbers && readVersion2(text, stop, end, row)
  if (version === undefined) return false
  if (version.startsWith('2')) return !hasColon && count === version2Numbers && readVersion2WithoutSlabs(row)
  return version === '1.0' ? readVersion10(count, hasColon, row) : count === mostNumbers && readVersion11(row)
}

/** Whether a `: tunables` or `: slabdata` follows. */
function tunables(text: string, stop: number, end: number): boolean {
  const next = text.charCodeAt(stop + 3)
  return next === 0x74 ? text.startsWith('tunables', stop + 3) : next === 0x73 && stop + 11 <= end && text.startsWith('slabdata', stop + 3)
}

/** Fills `numbers` from the right and sets the name; returns how many numbers there were, at most `most`. */
function numbersBefore(text: string, start: number, stop: number, most: number, row: SlabRow): number {
  let count = 0
  let at = stop
  while (count < most) {
    let last = at
    while (last > start && isBlank(text.charCodeAt(last - 1))) last--
    let value = 0
    let scale = 1
    let first = last
    for (; first > start; first--) {
      const digit = text.charCodeAt(first - 1)
      if (digit < ZERO || digit > NINE) break
      value += (digit - ZERO) * scale
      scale *= 10
    }
    // A number stands between blanks: `size-64` ends in digits and is a name.
    if (first === last || (first > start && !isBlank(text.charCodeAt(first - 1))) || first === start) break
    numbers[count++] = value
    at = first
  }
  let nameStart = start
  while (nameStart < at && isBlank(text.charCodeAt(nameStart))) nameStart++
  while (at > nameStart && isBlank(text.charCodeAt(at - 1))) at--
  row.nameStart = nameStart
  row.nameEnd = at
  return count
}

/** `<active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables … : slabdata <active_slabs> <num_slabs> <sharedavail>` */
function readVersion2(text: string, stop: number, end: number, row: SlabRow): boolean {
  const data = text.indexOf('slabdata', stop)
  if (data < 0 || data >= end) return false
  let at = data + 'slabdata'.length
  let slabs = NaN
  for (let n = 0; n < 3; n++) {
    while (at < end && isBlank(text.charCodeAt(at))) at++
    const first = at
    let value = 0
    for (; at < end; at++) {
      const digit = text.charCodeAt(at)
      if (digit < ZERO || digit > NINE) break
      value = value * 10 + digit - ZERO
    }
    // All three are always there: a row without is a row cut short, and its numbers are too.
    if (at === first) return false
    if (n === 1) slabs = value
  }
  fill(row, numbers[4], numbers[3], numbers[2], numbers[1], numbers[0], slabs)
  return true
}

/** A row of version 2 of which someone kept the first columns only. */
function readVersion2WithoutSlabs(row: SlabRow): boolean {
  const slabs = numbers[1] > 0 && numbers[3] % numbers[1] === 0 ? numbers[3] / numbers[1] : NaN
  fill(row, numbers[4], numbers[3], numbers[2], numbers[1], numbers[0], slabs)
  return true
}

/**
 * Two numbers (active and all objects), or five before and after: active and all objects, active and all slabs, pages per slab.
 * With statistics further numbers follow without a colon; they are not read.
 */
function readVersion10(count: number, hasColon: boolean, row: SlabRow): boolean {
  if (hasColon) return false
  if (count === 2) fill(row, numbers[1], numbers[0], NaN, NaN, NaN, NaN)
  else if (count === 5) fill(row, numbers[4], numbers[3], NaN, numbers[1] > 0 ? numbers[3] / numbers[1] : NaN, numbers[0], numbers[1])
  else return false
  return true
}

/** active and all objects, object size, active and all slabs, pages per slab; on SMP and with statistics more after a colon. */
function readVersion11(row: SlabRow): boolean {
  fill(row, numbers[5], numbers[4], numbers[3], numbers[1] > 0 ? numbers[4] / numbers[1] : NaN, numbers[0], numbers[1])
  return true
}

function fill(row: SlabRow, active: number, objects: number, objectBytes: number, perSlab: number, pages: number, slabs: number): void {
  row.activeObjects = active
  row.objects = objects
  row.objectBytes = objectBytes
  row.objectsPerSlab = perSlab
  row.pagesPerSlab = pages
  row.slabs = slabs
}

function isBlank(code: number): boolean {
  return code === BLANK || code === TAB
}

/** Whether a line could be a row that was cut or damaged: a name and at least two numbers, or the `: tunables` of a row. */
export function looksLikeRow(line: string): boolean {
  return / : (?:tunables|slabdata)\b/.test(line) || /^\S+(?: \S+)*\s{2,}\d+\s+\d+(?:\s+\d+)*\s*(?::.*)?$/.test(line)
}

/** Page sizes Linux is built with. */
const pageSizes = [4096, 8192, 16384, 65536]

/**
 * The page size a machine must have at least, from what its slabs hold: objects per slab × object size fit into the pages of a slab.
 * With whole slabinfo files it is the machine's, since some slab always fills its page.
 */
export function pageBytesFor(mostBytesPerPage: number): number {
  return pageSizes.find((bytes) => mostBytesPerPage <= bytes) ?? pageSizes[pageSizes.length - 1]
}
