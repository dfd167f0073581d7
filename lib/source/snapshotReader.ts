import { freeColumns, readFreeLine } from './free.js'
import { hostIn } from './hostName.js'
import { logLine } from './logLine.js'
import { emptyReading, isMeminfoStart, readMeminfoLine, type MemoryReading } from './meminfo.js'
import { isOomSlabHeader, isOomSlabStart, readOomRow } from './oomReport.js'
import { emptyRow, isColumnsLine, looksLikeRow, readSlabinfoRow, slabinfoVersion, type SlabRow } from './slabinfo.js'
import { isSlabtopHeader, isSlabtopStart, readSlabtopRow, slabtopCaches } from './slabtop.js'
import { stampAbove, tornEnd } from './snapshotEnds.js'
import { SnapshotRowsBuilder, type SnapshotHead, type SnapshotSeries } from './snapshotSeries.js'
import { stampOf, timeIn, type Stamp } from './timestamp.js'

export interface SnapshotReaderOptions {
  /** Dates log stamps without a year: when the text was written, in milliseconds since 1970. Default: now. */
  readonly latest?: number
}

/** Lines of another kind that a log may put between the rows of an OOM report before it counts as over. */
const mostInterleaved = 20
/** Problems kept in full; more of one kind tell no more. */
const mostProblems = 50
/** A line longer than this is no text. */
const longestLine = 1 << 20
const longestFirstLine = 80

/**
 * Reads caches and memory over time out of a text that comes in pieces: `/proc/slabinfo` of any version, `slabtop -o`, OOM reports in
 * kernel logs, `/proc/meminfo` and `free`, one after another or mixed, with or without time stamps between them. What it does not know
 * it passes over.
 *
 * Invariant: rows belong to the last head; a head without rows is dropped when the next one starts.
 */
export class SnapshotReader {
  readonly #source: string
  readonly #latest: number
  readonly #rows = new SnapshotRowsBuilder()
  readonly #heads: SnapshotHead[] = []
  readonly #caches: string[] = []
  readonly #cacheIndex = new Map<string, number>()
  /** For each cache the snapshot that listed it last, counted from 1. */
  readonly #listedIn: number[] = []
  readonly #row: SlabRow = emptyRow()
  readonly #memory: MemoryReading[] = []
  readonly #problems: string[] = []
  #rest = ''
  #line = 0
  #firstLine = ''
  #version: string | undefined
  /** What was said since the last row and belongs to the snapshot that comes. */
  #stamp: Stamp | undefined
  #host: string | null = null
  #headed = false
  /** Characters before each line of the list: time stamps of `ts`, a quoted mail, the file name of `grep`. */
  #prefixLength = 0
  /** When the machine booted by the kernel's clock, in milliseconds since 1970: dates stamps that count from boot. */
  #bootTime: number | null = null
  /** The row that came before the last snapshot's first, to guess what comes next: lists keep their order. */
  #guess = 0
  #lastHeaderLine = -2
  #mode: 'slabinfo' | 'slabtop' | 'oom' = 'slabinfo'
  #interleaved = 0
  #sawWhole = false
  #slabtopCaches: number | undefined
  #freeColumns: string[] | undefined
  #meminfo: MemoryReading | undefined

  constructor(source: string, options: SnapshotReaderOptions = {}) {
    this.#source = source
    this.#latest = options.latest ?? Date.now()
  }

  /** Takes the next piece; lines may be torn between pieces. */
  push(piece: string): void {
    const text = this.#rest === '' ? piece : this.#rest + piece
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#take(text, start, end)
      start = end + 1
    }
    this.#rest = text.length - start > longestLine ? '' : text.slice(start)
  }

  /** What was read. `cut` says that the text ended before its end (a damaged archive). */
  finish(cut = false): SnapshotSeries {
    if (this.#rest !== '') cut = this.#takeTornLine(this.#rest) || cut
    this.#closeHead(cut)
    if (this.#stamp !== undefined) stampAbove(this.#heads, this.#stamp)
    const { rows, pageBytes } = this.#rows.finish()
    return {
      source: this.#source, heads: this.#heads, caches: this.#caches, rows, pageBytes, memory: this.#memory, problems: this.#problems,
      firstLine: this.#firstLine
    }
  }

  /** A last line without its end. Says whether it shows that the text was cut. */
  #takeTornLine(line: string): boolean {
    const rows = this.#rows.length
    const sawWhole = this.#sawWhole
    this.#take(line, 0, line.length)
    if (this.#mode !== 'slabinfo') return false
    if (this.#rows.length === rows) return looksLikeRow(line)
    // Cut before its colon, a row of version 2 looks like one of which someone kept the first columns.
    if (this.#row.whole || !sawWhole) return false
    this.#rows.cutTo(rows)
    this.#heads[this.#heads.length - 1].rows--
    return true
  }

  #take(text: string, start: number, lineEnd: number): void {
    this.#line++
    let end = lineEnd
    if (end > start && text.charCodeAt(end - 1) === 0x0d) end--
    if (end === start) return
    if (this.#mode === 'slabinfo' && readSlabinfoRow(text, Math.min(start + this.#prefixLength, end), end, this.#version, this.#row)) {
      this.#addRow(text, 'slabinfo')
      return
    }
    this.#takeOther(text.slice(start, end).replace(/\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b[()][0-9A-B]/g, ''))
  }

  #takeOther(line: string): void {
    if (this.#firstLine === '') this.#firstLine = line.trim().slice(0, longestFirstLine)
    if (this.#takeMemory(line)) return
    const version = slabinfoVersion(line)
    if (version !== undefined || isColumnsLine(line)) {
      this.#takeHeader(line, version)
      return
    }
    if (isSlabtopStart(line) || isSlabtopHeader(line)) {
      // The summary comes before the header; a list cut out without it starts at the header.
      if (isSlabtopStart(line) || this.#mode !== 'slabtop' || this.#heads.at(-1)?.rows !== 0) this.#open('slabtop')
      return
    }
    if (this.#mode === 'slabtop') {
      this.#slabtopCaches = slabtopCaches(line) ?? this.#slabtopCaches
      if (readSlabtopRow(line, this.#row)) return this.#addRow(line, 'slabtop')
      if (/^\s*(Active|Minimum) \//.test(line)) return
    }
    if (this.#takeOom(line)) return
    if (this.#mode === 'slabtop' && line.trim() !== '') this.#mode = 'slabinfo'
    if (this.#mode === 'slabinfo' && readSlabinfoRow(line, 0, line.length, this.#version, this.#row)) return this.#addRow(line, 'slabinfo')
    this.#takeBetween(line)
  }

  #takeHeader(line: string, version: string | undefined): void {
    this.#mode = 'slabinfo'
    // The comment belongs to the version line right above it.
    if (version === undefined && this.#lastHeaderLine === this.#line - 1) return
    // Where the first line was cut off, the comment's columns are those of version 2.
    this.#version = version ?? '2.1'
    this.#lastHeaderLine = this.#line
    const prefix = line.slice(0, Math.max(0, line.search(/slabinfo - version|# *name/)))
    this.#prefixLength = prefix.length
    this.#stamp = stampOf(prefix) ?? this.#stamp
    this.#open('slabinfo')
    this.#headed = true
  }

  #takeOom(line: string): boolean {
    if (this.#mode !== 'oom' && !line.includes('Unreclaimable slab info:')) return false
    const { text, time, uptime, host } = logLine(line, this.#latest)
    if (isOomSlabStart(text)) {
      const sinceBoot = this.#bootTime === null || uptime === null ? null : Math.round(this.#bootTime + uptime * 1000)
      this.#stamp = { time: time ?? sinceBoot, uptime }
      this.#host = host ?? this.#host
      this.#open('oom')
      this.#interleaved = 0
      return true
    }
    if (this.#mode !== 'oom') return false
    if (isOomSlabHeader(text)) return true
    if (readOomRow(text, this.#row)) {
      this.#addRow(text, 'oom')
      this.#interleaved = 0
      return true
    }
    if (++this.#interleaved <= mostInterleaved && text.trim() !== '' && !isColumnsLine(line)) return true
    this.#mode = 'slabinfo'
    return false
  }

  #takeMemory(line: string): boolean {
    if (isMeminfoStart(line)) {
      this.#meminfo = emptyReading('meminfo')
      this.#remember(this.#meminfo)
    }
    if (this.#meminfo !== undefined) {
      if (readMeminfoLine(line, this.#meminfo)) return true
      this.#meminfo = undefined
    }
    const columns = freeColumns(line)
    if (columns !== undefined) {
      this.#freeColumns = columns
      return true
    }
    const reading = this.#freeColumns === undefined ? undefined : readFreeLine(line, this.#freeColumns)
    if (reading === undefined) return false
    this.#freeColumns = undefined
    this.#remember(reading)
    return true
  }

  #remember(reading: MemoryReading): void {
    const head = this.#heads.at(-1)
    reading.time = this.#stamp?.time ?? head?.time ?? null
    reading.uptime = this.#stamp?.uptime ?? head?.uptime ?? null
    reading.host = this.#host
    this.#memory.push(reading)
  }

  /** A line that is no part of any list: a time stamp, a command, a message, or a damaged row. */
  #takeBetween(line: string): void {
    this.#host = hostIn(line) ?? this.#host
    if (line.includes('setting system clock')) {
      const { text, uptime } = logLine(line, this.#latest)
      const time = timeIn(text)
      if (time !== null && uptime !== null) this.#bootTime = time - uptime * 1000
      return
    }
    const stamp = stampOf(line)
    if (stamp !== undefined) {
      this.#stamp = { time: stamp.time ?? this.#stamp?.time ?? null, uptime: stamp.uptime ?? this.#stamp?.uptime ?? null }
    } else if (this.#version !== undefined && !line.startsWith('#') && looksLikeRow(line)) {
      this.#problem(`not a slabinfo ${this.#version} row: found ${line.trim().slice(0, longestFirstLine)}`)
    }
  }

  #addRow(text: string, from: SnapshotHead['from']): void {
    const cache = this.#cacheAt(text)
    const head = this.#heads.at(-1)
    const repeated = this.#listedIn[cache] === this.#heads.length
    // Without a header a snapshot starts where its first cache comes again, or after a stamp where any does.
    const again = repeated && head !== undefined && head.rows > 0 && (this.#stamp !== undefined || (!this.#headed && cache === this.#rows.cacheAt(head.firstRow)))
    if (head === undefined || again || head.from !== from) this.#open(from)
    if (this.#heads[this.#heads.length - 1].rows === 0) this.#stampHead()
    this.#rows.add(cache, this.#row)
    if (this.#row.whole) this.#sawWhole = true
    this.#heads[this.#heads.length - 1].rows++
    this.#listedIn[cache] = this.#heads.length
  }

  /** The index of the row's cache. Lists keep their order: mostly it is the one that followed in the snapshot before. */
  #cacheAt(text: string): number {
    const { nameStart, nameEnd } = this.#row
    const guessed = this.#caches[this.#guess]
    if (guessed !== undefined && guessed.length === nameEnd - nameStart && text.startsWith(guessed, nameStart)) return this.#guess++
    const name = text.slice(nameStart, nameEnd)
    let cache = this.#cacheIndex.get(name)
    if (cache === undefined) {
      cache = this.#caches.length
      // A copy: the slice would keep the whole piece alive.
      const own = Buffer.from(name).toString()
      this.#caches.push(own)
      this.#cacheIndex.set(own, cache)
    }
    this.#guess = cache + 1
    return cache
  }

  #open(from: SnapshotHead['from']): void {
    this.#closeHead()
    this.#mode = from
    this.#headed = false
    this.#slabtopCaches = undefined
    this.#heads.push({ from, line: this.#line, time: null, uptime: null, host: null, firstRow: this.#rows.length, rows: 0, complete: true })
    this.#guess = 0
  }

  #stampHead(): void {
    const head = this.#heads[this.#heads.length - 1]
    head.time = this.#stamp?.time ?? null
    head.uptime = this.#stamp?.uptime ?? null
    head.host = this.#host
    this.#stamp = undefined
  }

  #closeHead(cut = false): void {
    const head = this.#heads.at(-1)
    if (head === undefined) return
    if (head.rows === 0) this.#heads.pop()
    else if (head.from === 'slabtop') head.complete = this.#slabtopCaches !== undefined && head.rows >= this.#slabtopCaches
    else this.#dropTorn(this.#heads.at(-2), head, cut)
  }

  #dropTorn(before: SnapshotHead | undefined, head: SnapshotHead, cut: boolean): void {
    const torn = tornEnd(before, head, (row) => this.#rows.cacheAt(row), cut)
    if (torn === undefined) return
    if (torn === 'only') return this.#problem('the text ends within this snapshot; what it holds is read', head.line)
    this.#problem(`snapshot left out: it breaks off after ${head.rows} of ${before?.rows} rows`, head.line)
    this.#rows.cutTo(head.firstRow)
    this.#heads.pop()
  }

  #problem(fact: string, line = this.#line): void {
    if (this.#problems.length < mostProblems) this.#problems.push(`${this.#source}:${line}: ${fact}`)
    else if (this.#problems.length === mostProblems) this.#problems.push(`${this.#source}: further problems, not kept`)
  }
}

/** {@link SnapshotReader} over a whole text. */
export function readSnapshots(source: string, text: string, options?: SnapshotReaderOptions): SnapshotSeries {
  const reader = new SnapshotReader(source, options)
  reader.push(text)
  return reader.finish()
}
