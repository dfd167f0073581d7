import type { CacheStatement, SlabList } from './crashTranscript.js'
import type { ReaderContext } from './readerContext.js'

const address = '[0-9a-f]{8,16}'
const count = String.raw`\d+|\?`
const header = /^\s*CACHE\s+(NAME\s+)?OBJSIZE\s+ALLOCATED\b/i
/** Since crash 7.2.4 the name is the last column. */
const nameLast = new RegExp(`^\\s*(${address})\\s+(${count})\\s+(${count})\\s+(${count})\\s+(${count})\\s+(\\d+|\\?)k?\\s+(\\S.*)$`)
/** Before, it was the second, and may hold blanks or be longer than its column: the numbers are counted from the right. */
const nameSecond = new RegExp(`^\\s*(${address})\\s+(\\S.*?)\\s+(${count})\\s+(${count})\\s+(${count})\\s+(${count})\\s+(\\d+|\\?)k$`)
const ignored = new RegExp(`^\\s*(${address})\\s+\\[IGNORED\\]\\s+(\\S.*)$`)
const ignoredSecond = new RegExp(`^\\s*(${address})\\s+(\\S.*?)\\s+\\[IGNORED\\]$`)
const named = new RegExp(`^(${address})\\s+(\\S.*)$`)
const slabHeader = /^\s*SLAB\s+MEMORY\s+(NODE\s+)?TOTAL\s+ALLOCATED\s+FREE/
const slubRow = new RegExp(`^\\s*(${address})\\s+(${address})\\s+(\\d+)\\s+(-?\\d+)\\s+(-?\\d+)\\s+(-?\\d+)$`)
const slabRow = new RegExp(`^\\s*(${address})\\s+(${address})\\s+(-?\\d+)\\s+(-?\\d+)\\s+(-?\\d+)$`)
const cpuLine = /^CPU\s+\d+\s+(KMEM_CACHE_CPU:|SLAB:|PARTIAL:|\[OFFLINE\])/
const nodeLine = /^NODE\s+\d+\s+(PARTIAL|FULL):/
const nodeHeader = /^KMEM_CACHE_NODE\s+NODE\s+SLABS/
const nodeRow = new RegExp(`^(${address})\\s+\\d+\\s+\\d+\\s+\\d+\\s+\\d+$`)
const bareAddress = new RegExp(`^\\s*${address}$`)
/** Two formats tell a name's column only by where the numbers stand: the second token of the newer one is OBJSIZE. */
const sizeSecond = new RegExp(`^\\s*${address}\\s+(?:${count})\\s`)

/** What `kmem -s` and `kmem -S` print beside the objects themselves. True where the line was one of them. */
export function kmemStatement(text: string, context: ReaderContext): boolean {
  const first = text[0]
  if (header.test(text)) return cacheHeader(text, context)
  if (slabHeader.test(text)) {
    const listing = startedListing(context)
    listing.allocator = /NODE/.test(text) ? 'slub' : 'slab'
    context.mode = 'slabs'
    return true
  }
  if (first === 'C') {
    const cpu = cpuLine.exec(text)
    if (cpu === null) return false
    startedListing(context).allocator = 'slub'
    context.mode = 'slabs'
    context.list = cpu[1] === 'PARTIAL:' ? 'cpu partial' : 'cpu slab'
    return true
  }
  const node = first === 'N' ? nodeLine.exec(text) : null
  if (node !== null) return nodeList(node[1], context)
  if (nodeHeader.test(text)) {
    startedListing(context).allocator = 'slub'
    context.mode = 'slabs'
    return true
  }
  const bare = text.trim()
  if (bare === 'FREE / [ALLOCATED]') {
    context.mode = 'objects'
    return true
  }
  if (bare === '(empty)') return true
  if (bare === '(not tracked)') {
    if (context.listing !== undefined) context.listing.fullSlabs = 'not tracked'
    return true
  }
  return cacheRow(text, context) || slabStatement(text, context)
}

function cacheHeader(text: string, context: ReaderContext): true {
  context.nameColumn = /^\s*CACHE\s+NAME/i.test(text) ? 'second' : 'last'
  context.mode = 'caches'
  context.listing = undefined
  context.cache = undefined
  return true
}

function nodeList(kind: string, context: ReaderContext): true {
  const listing = startedListing(context)
  listing.allocator = 'slub'
  context.mode = 'slabs'
  context.list = kind === 'FULL' ? 'node full' : 'node partial'
  if (kind === 'FULL') listing.fullSlabs ??= 'listed'
  return true
}

/** The listing that slabs now belong to: a new one behind each row of a cache. */
function startedListing(context: ReaderContext): NonNullable<ReaderContext['listing']> {
  if (context.listing === undefined) {
    if (context.cache === undefined && context.listedName !== undefined) addCache(context, { name: context.listedName })
    context.listing = {
      place: context.place(), session: context.builder.sessionIndex(context.place()), cache: context.cache ?? null, allocator: null, fullSlabs: null
    }
    context.builder.listings.push(context.listing)
    context.list = 'single'
  }
  return context.listing
}

function addCache(context: ReaderContext, statement: Pick<CacheStatement, 'name'> & Partial<CacheStatement>): void {
  const { builder } = context
  const place = context.place()
  builder.caches.push({
    place, session: builder.sessionIndex(place), address: null, objectBytes: null, allocated: null, total: null, slabs: null, slabBytes: null,
    ignored: false, ...statement
  })
  context.cache = builder.caches.length - 1
  context.listing = undefined
  context.mode = 'caches'
}

function cacheRow(text: string, context: ReaderContext): boolean {
  const skipped = ignored.exec(text) ?? ignoredSecond.exec(text)
  if (skipped !== null) {
    addCache(context, { address: BigInt(`0x${skipped[1]}`), name: skipped[2].trim(), ignored: true })
    return true
  }
  // A header says where the name stands; without one, the second token does.
  const last = context.nameColumn === undefined ? sizeSecond.test(text) && nameLast.test(text) : context.nameColumn === 'last'
  const match = last ? nameLast.exec(text) : nameSecond.exec(text)
  if (match === null) return listedCache(text, context)
  const [, cache, ...rest] = match
  const [name, objectBytes, allocated, total, slabs, kilobytes] = last ? [rest[5], ...rest.slice(0, 5)] : rest
  const slabBytes = counted(kilobytes)
  context.builder.addressWidths[cache.length > 8 ? 'wide' : 'narrow']++
  addCache(context, {
    address: BigInt(`0x${cache}`), name: name.trim(), objectBytes: counted(objectBytes), allocated: counted(allocated), total: counted(total),
    slabs: counted(slabs), slabBytes: slabBytes === null ? null : slabBytes * 1024
  })
  return true
}

/** `kmem -s list` prints addresses and names; without that command such a line may be anything. */
function listedCache(text: string, context: ReaderContext): boolean {
  const row = context.listsCaches ? named.exec(text) : null
  if (row === null) return false
  addCache(context, { address: BigInt(`0x${row[1]}`), name: row[2].trim() })
  return true
}

function counted(text: string): number | null {
  return text === '?' ? null : Number(text)
}

function slabStatement(text: string, context: ReaderContext): boolean {
  if (context.mode !== 'slabs' && context.mode !== 'objects') return false
  if (context.listing?.allocator === 'slub' && nodeRow.test(text)) return true
  const slub = slubRow.exec(text)
  const match = slub ?? slabRow.exec(text)
  if (match === null) {
    // The address below CPU n KMEM_CACHE_CPU.
    return context.mode === 'slabs' && bareAddress.test(text)
  }
  const [total, allocated] = (slub === null ? match.slice(3) : match.slice(4)).map(Number)
  addSlab(context, BigInt(`0x${match[1]}`), BigInt(`0x${match[2]}`), total, allocated, context.list)
  return true
}

function addSlab(context: ReaderContext, page: bigint, memory: bigint, total: number, allocated: number, list: SlabList): void {
  startedListing(context)
  context.builder.addSlab(page, memory, Math.max(0, total), Math.max(0, allocated), context.builder.listings.length - 1, list, context.line)
  context.slab = context.builder.slabCount - 1
}
