import { visible } from '../../util/visible.js'
import { viewOf } from '../view.js'
import { cleanLine } from './cleanLine.js'
import type { CrashTranscript } from './crashTranscript.js'
import { hexDigits, noDigit } from './hexDigits.js'
import { decoded, ObjectMark, ObjectRow } from './objectRow.js'
import { readQuickObjects, readQuickWords, type QuickRows } from './quickRows.js'
import { ReaderContext } from './readerContext.js'
import { RdRow, readSymbolicRow } from './readRow.js'
import { StatementReader } from './statementReader.js'
import { noSlab, TranscriptBuilder } from './transcriptBuilder.js'

const lineFeed = 0x0a
const carriageReturn = 0x0d
const blank = 0x20
const openBracket = 0x5b
/** Of a longer line (binary data without line ends) only so much is looked at. */
const longestLine = 1 << 16
/** The byte order is asked of so many rows with an ASCII column before the answer is left at what it was. */
const orderRows = 4096
const orderVotes = 8

/**
 * Reads crash's output from whatever people save of it: with prompts or without, one file or many, in pieces of any size. Rows of
 * memory and of objects, of which there may be gigabytes, are read as bytes; everything else as lines of text.
 *
 * @example
 * const reader = new CrashReader()
 * reader.begin('session.txt')
 * reader.push(bytes)
 * reader.end()
 * reader.finish().caches[0].name // 'kmalloc-128'
 */
export class CrashReader {
  readonly #builder = new TranscriptBuilder()
  #context = new ReaderContext(this.#builder, '')
  #statements = new StatementReader(this.#context)
  /** A line that began in an earlier piece. */
  #rest: Uint8Array = new Uint8Array(0)
  #bytes = 0
  readonly #row = new RdRow()
  readonly #quick: QuickRows = { rows: 0, end: 0 }
  readonly #objectRow = new ObjectRow()
  #orderVotes = 0
  #orderRows = 0
  /** Whether rows like `rd`'s may be taken as they are: the usual case, decided once per command. */
  #fast = true
  #rowFormElement = 0
  #firstLine = ''

  /** Starts a file: nothing of the one before carries over but its statements. */
  begin(file: string): void {
    this.#builder.files.push({ file, bytes: 0, lines: 0 })
    this.#context = new ReaderContext(this.#builder, file)
    this.#statements = new StatementReader(this.#context)
    this.#builder.words.begin(this.#builder.files.length - 1)
    this.#rest = new Uint8Array(0)
    this.#bytes = 0
    this.#fast = true
    this.#rowFormElement = 0
    this.#firstLine = ''
  }

  /** The next piece of the file, as UTF-8 (see `plainText`). */
  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    let start = 0
    if (this.#rest.length > 0) {
      const end = chunk.indexOf(lineFeed)
      if (end < 0) {
        if (this.#rest.length < longestLine) this.#rest = Buffer.concat([this.#rest, chunk.subarray(0, longestLine)])
        return
      }
      const line = Buffer.concat([this.#rest, chunk.subarray(0, Math.min(end, longestLine))])
      this.#rest = new Uint8Array(0)
      this.#line(line, 0, line.length)
      start = end + 1
    }
    const stop = this.#lines(chunk, start)
    if (stop < chunk.length) this.#rest = chunk.slice(stop, stop + longestLine)
  }

  /** The end of the file. @param damage why it could not be read to its own end */
  end(damage?: string): void {
    const { line } = this.#context
    if (this.#rest.length > 0) this.#cutLine(this.#rest)
    if (damage !== undefined) this.#builder.damages.push({ place: this.#context.place(), text: damage })
    this.#rest = new Uint8Array(0)
    this.#statements.close()
    const file = this.#builder.files[this.#builder.files.length - 1]
    file.bytes = this.#bytes
    file.lines = Math.max(line, this.#context.line)
  }

  /** How many lines so far are crash's output and nothing else's. */
  get knownLines(): number {
    return this.#builder.knownLines - this.#builder.logLines
  }

  /** How many lines so far are a kernel's log. */
  get logLines(): number {
    return this.#builder.logLines
  }

  /** The start of the file's first line that is not blank, for messages. */
  get firstLine(): string {
    return this.#firstLine
  }

  /** Everything read. The reader is spent. */
  finish(): CrashTranscript {
    return this.#builder.finish()
  }

  /** Reads whole lines from `start` on; returns where the unfinished one begins. */
  #lines(bytes: Uint8Array, start: number): number {
    const context = this.#context
    const view = viewOf(bytes)
    let at = start
    while (true) {
      if (this.#fast) at = this.#quickRows(bytes, view, at)
      const end = bytes.indexOf(lineFeed, at)
      if (end < 0) return at
      if (end - at > longestLine) {
        context.line++
        this.#builder.unknownLines++
      } else this.#line(bytes, at, end)
      at = end + 1
    }
  }

  /** Rows in crash's exact form, as long as there are any; returns where the first other line begins. */
  #quickRows(bytes: Uint8Array, view: DataView, start: number): number {
    const context = this.#context
    const builder = this.#builder
    const quick = this.#quick
    if (context.mode === 'objects') {
      const slab = context.slab ?? noSlab
      readQuickObjects(bytes, view, start, quick, (high, low) => builder.addObject(high, low, ObjectMark.allocated, slab))
    } else if (this.#orderRows >= orderRows || Math.abs(this.#orderVotes) >= orderVotes) {
      // Until the byte order is known each row is asked, on the common way.
      readQuickWords(bytes, view, start, quick, builder.words, context.line)
      builder.addressWidths.wide += quick.rows
    } else return start
    context.line += quick.rows
    builder.knownLines += quick.rows
    return quick.end
  }

  /** One line, without its line feed. */
  #line(bytes: Uint8Array, start: number, lineEnd: number): void {
    this.#context.line++
    const end = lineEnd > start && bytes[lineEnd - 1] === carriageReturn ? lineEnd - 1 : lineEnd
    if (end === start) return
    if (isPlainRead(bytes, start, end)) {
      this.#statements.plainRead()
      this.#fast = true
      this.#builder.knownLines++
      return
    }
    if (this.#rows(bytes, start, end)) return
    const text = decoded(bytes, start, end)
    const clean = cleanLine(text, this.#context.mode === 'log')
    if (clean !== text && clean !== '') {
      const cleaned = Buffer.from(clean, 'latin1')
      if (this.#rows(cleaned, 0, cleaned.length)) return
    }
    if (this.#firstLine === '') this.#firstLine = visible(clean.trim().slice(0, 60))
    if (this.#symbolicRow(clean)) return
    this.#statements.read(clean)
    const { rows } = this.#context
    this.#fast = rows.memory === 'kernel' && rows.decimalBytes === undefined
  }

  /** The last line, which has no end: a row may lack digits, a name letters. */
  #cutLine(bytes: Uint8Array): void {
    const text = cleanLine(decoded(bytes, 0, bytes.length))
    const before = this.#builder.unknownLines
    if (this.#row.read(bytes, 0, bytes.length) && this.#row.ascii < 0) {
      // Its digits tell the size of a value only if the line is whole.
      this.#context.line++
    } else this.#line(bytes, 0, bytes.length)
    if (/^crash[\w.-]*> *$/.test(text) || text === '') return
    this.#builder.unknownLines = Math.min(this.#builder.unknownLines, before)
    this.#builder.cutFiles.push(this.#context.place())
  }

  #rows(bytes: Uint8Array, start: number, end: number): boolean {
    const first = bytes[start]
    if (first !== blank && hexDigits[first] === noDigit && first !== openBracket) return false
    if (!this.#object(bytes, start, end) && !this.#memoryRow(bytes, start, end)) return false
    this.#builder.knownLines++
    return true
  }

  /** A row of `rd` with hexadecimal values. */
  #memoryRow(bytes: Uint8Array, start: number, end: number): boolean {
    const row = this.#row
    const { rows, mode, line } = this.#context
    if (mode === 'log' || rows.decimalBytes !== undefined || !row.read(bytes, start, end)) return false
    const builder = this.#builder
    // A lone short value without an ASCII column may be a word that `rd -a` printed.
    if (row.ascii < 0 && row.count === 1 && row.element < 4 && bytes[end - 1] !== blank && rows.memory === 'kernel' && this.#context.command === undefined &&
      this.#rowFormElement !== row.element) return false
    this.#rowFormElement = row.element
    const wide = row.addressWidth > 8
    builder.addressWidths[wide ? 'wide' : 'narrow']++
    if (rows.memory === 'foreign' || !isKernelAddress(row.high, wide, this.#context)) {
      builder.foreignRows++
      return true
    }
    if (rows.swapped) row.swap()
    else if (this.#orderRows < orderRows && Math.abs(this.#orderVotes) < orderVotes) {
      this.#orderRows++
      this.#orderVotes += row.byteOrder(bytes, end)
      if (this.#orderVotes !== 0) builder.words.bigEndian = this.#orderVotes < 0
    }
    builder.words.addRow(row.high, row.low, row.element, row.highs, row.lows, row.count, line)
    return true
  }

  /** A row of `rd -s`, `-S`, `-d` or `-D`. */
  #symbolicRow(text: string): boolean {
    const { rows, line, mode } = this.#context
    if (mode === 'log' || text.indexOf(':  ') < 1 || text.indexOf(':  ') > 16) return false
    const row = readSymbolicRow(text, rows.decimalBytes)
    if (row === undefined) return false
    const full = row.values.length * row.element === 16
    if (!full && !rows.symbols && rows.decimalBytes === undefined) return false
    const builder = this.#builder
    builder.knownLines++
    if (rows.memory === 'foreign' || !isKernelAddress(Number(row.address >> 32n) | 0, row.addressWidth > 8, this.#context)) {
      builder.foreignRows++
      return true
    }
    row.values.forEach((value, i) => {
      const address = row.address + BigInt(i * row.element)
      if (value.kind === 'symbol') builder.addSymbolic(address, value)
      else if (value.value !== null) {
        const word = this.#row
        word.highs[0] = Number(value.value >> 32n & 0xffffffffn) | 0
        word.lows[0] = Number(value.value & 0xffffffffn) | 0
        builder.words.addRow(
          Number(address >> 32n) | 0, Number(address & 0xffffffffn) | 0, row.element, word.highs, word.lows, 1, line)
      }
    })
    return true
  }

  /** A listed object. */
  #object(bytes: Uint8Array, start: number, end: number): boolean {
    const context = this.#context
    const row = this.#objectRow
    if (!row.read(bytes, start, end)) return false
    const { high, low, bracketed } = row
    if (!bracketed && context.mode !== 'objects') return false
    // An address alone at the left edge may be anything (`list`), unless it lies in the slab.
    if (!bracketed && !row.indented && row.state === ObjectMark.free && !this.#nearSlab(high, low)) return false
    context.mode = 'objects'
    if (row.state === ObjectMark.none) return true
    const slab = context.slab ?? noSlab
    // Brackets and a note contradict each other: both are kept.
    if (bracketed && row.state !== ObjectMark.allocated) this.#builder.addObject(high, low, ObjectMark.allocated, slab)
    this.#builder.addObject(high, low, row.state, slab)
    return true
  }

  /** Whether an address lies behind the start of the last slab, by less than any slab's size. */
  #nearSlab(high: number, low: number): boolean {
    const memory = this.#builder.lastSlabMemory()
    if (memory === undefined || this.#context.slab === undefined) return false
    const distance = (BigInt(high >>> 0) << 32n | BigInt(low >>> 0)) - memory
    return distance >= 0n && distance < 1n << 22n
  }
}

const plainReadPrompt = Buffer.from('crash> rd ')

/** Whether a line is `crash> rd ADDRESS COUNT`, of which a session may hold a million: nothing in it changes how rows are read. */
function isPlainRead(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = 0; i < plainReadPrompt.length; i++) if (bytes[start + i] !== plainReadPrompt[i]) return false
  for (let i = start + plainReadPrompt.length; i < end; i++) if (hexDigits[bytes[i]] === noDigit && bytes[i] !== blank) return false
  return true
}

/**
 * Kernel addresses have their highest bit set on 64-bit machines, save on s390x, where the kernel lives at the bottom; 32-bit kernels
 * live above 1 GiB at least.
 */
function isKernelAddress(high: number, wide: boolean, context: ReaderContext): boolean {
  if (!wide) return true
  const machine = context.builder.sessions.at(-1)?.rows.get('MACHINE')
  return high < 0 || (machine?.startsWith('s390') ?? false)
}
