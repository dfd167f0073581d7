import { UsageError } from '../errors.js'
import type { Memory } from '../memory/memory.js'
import { TranscriptMemory } from '../memory/transcriptMemory.js'
import type { CrashTranscript, ModuleStatement } from '../source/crash/crashTranscript.js'
import type { Place, Words } from '../source/crash/words.js'
import { NO_INDEX, type SlabCache, type SlabObjects } from '../slab/model.js'
import { SymbolTable } from '../symbol/symbolTable.js'
import type { TypeTable } from '../type/typeTable.js'
import { hex } from '../util/hex.js'
import { formatCount } from '../util/units.js'
import { Warnings } from '../warnings.js'
import { describeDisagreement, type Disagreement } from './disagreement.js'
import { commonDistance, distanceOfFilled, largestSlabBytes } from './slotDistance.js'
import { resolveWords, symbolsReadTwice } from './symbolicWords.js'
import { selectObjects } from './selectObjects.js'
import type { EvidenceFile, ShownStruct, System } from './system.js'
import { placeText, transcriptCaches, type TranscriptCaches } from './transcriptCaches.js'
import { transcriptObjects } from './transcriptObjects.js'
import { transcriptSymbols } from './transcriptSymbols.js'
import { didYouMean } from '../util/nearNames.js'

/** What a crash session tells of a machine. */
export interface TranscriptSystem extends System {
  readonly kind: 'transcript'
  /** The session's statements as they stand. */
  readonly transcript: CrashTranscript
  readonly modules: readonly ModuleStatement[]
  /** Statements that cannot both hold; more may be found when objects are asked for. */
  readonly disagreements: Disagreement[]
}

export interface TranscriptSystemOptions {
  readonly files?: readonly EvidenceFile[]
  /** Symbols from files, at this machine's addresses; may depend on those that the session shows (KASLR). */
  readonly symbols?: (shown: SymbolTable, warnings: Warnings) => SymbolTable
  /** Types from a file: a session carries none. */
  readonly types?: TypeTable
  readonly warnings?: Warnings
}

/**
 * The {@link System} of a crash session: sparse memory, the caches, objects, symbols and structs that it shows.
 *
 * @example transcriptSystem(await readTranscript([{ file, chunks }])).objects(['kmalloc-128']).length // 64
 */
export function transcriptSystem(transcript: CrashTranscript, options: TranscriptSystemOptions = {}): TranscriptSystem {
  const warnings = options.warnings ?? new Warnings()
  const memoryOf = (words: Words): Memory => new TranscriptMemory(words, transcript.pointerBytes, !transcript.bigEndian, transcript.unreadable)
  const printed = memoryOf(transcript.words)
  const shown = transcriptSymbols(transcript, symbolsReadTwice(transcript, printed))
  const known = shown.merge(options.symbols?.(shown, warnings) ?? new SymbolTable([]))
  const { words, unresolved, standIns } = resolveWords(transcript, printed, known)
  const symbols = known.merge(new SymbolTable(standIns))
  const memory = memoryOf(words)
  const caches = cachesOf(transcript)
  const listed = listingCaches(transcript, caches)
  const disagreements = [...caches.disagreements, ...wordDisagreements(transcript)]
  const rows = sessionRows(transcript)
  warnOf(transcript, disagreements, unresolved, symbols, warnings)
  const name = transcript.files[0]?.file.replace(/^.*[/\\]/, '') ?? 'transcript'
  let objects: SlabObjects | undefined
  const allObjects = (): SlabObjects => {
    if (objects === undefined) {
      const read = transcriptObjects(transcript, caches.caches, listed, memory, warnings)
      objects = read.objects
      disagreements.push(...read.disagreements)
    }
    return objects
  }
  return {
    kind: 'transcript',
    name,
    files: options.files ?? transcript.files.map(({ file, bytes }) => ({ file, bytes })),
    architecture: architectureOf(rows.get('MACHINE')),
    release: rows.get('RELEASE') ?? null,
    buildId: null,
    pageBytes: null,
    memory,
    physical: undefined,
    symbols,
    types: options.types,
    shownStructs: shownStructs(transcript),
    warnings,
    incomplete: transcript.damages.map(({ place, text }) => `${placeText(place)}: read up to here: ${text}`),
    transcript,
    modules: transcript.modules,
    disagreements,
    caches: () => caches.caches,
    objects: (names) => selectObjects(allObjects(), indexesOf(caches.caches, names, name))
  }
}

/** By how much KASLR moved the kernel, as a panic writes it into the log: `Kernel Offset: 0x21000000 from 0xffffffff81000000`. */
export function kernelOffsetOf(transcript: CrashTranscript): { offset: bigint; where: string } | undefined {
  for (const line of transcript.log) {
    const offset = /\bKernel Offset: (0x[0-9a-f]+|disabled)\b/.exec(line)?.[1]
    if (offset !== undefined) return { offset: offset === 'disabled' ? 0n : BigInt(offset), where: "the kernel's log" }
  }
  return undefined
}

function cachesOf(transcript: CrashTranscript): TranscriptCaches {
  // Which statement makes which cache does not depend on distances: the first pass finds that, the second one fills them in.
  const { ofStatement } = transcriptCaches(transcript, () => null)
  const distances = slotDistances(transcript, ofStatement)
  return transcriptCaches(transcript, (cache) => distances.get(cache) ?? null)
}

function slotDistances(transcript: CrashTranscript, ofStatement: Uint32Array): Map<number, number> {
  const { listings, slabs, objects, caches: statements } = transcript
  const distances = new Map<number, number>()
  const lists = new Map<number, BigUint64Array[]>()
  for (let start = 0; start < objects.slab.length;) {
    let end = start
    while (end < objects.slab.length && objects.slab[end] === objects.slab[start]) end++
    const statement = objects.slab[start] === NO_INDEX ? null : listings[slabs.listing[objects.slab[start]]].cache
    if (statement !== null) {
      const cache = ofStatement[statement]
      if (!lists.has(cache)) lists.set(cache, [])
      lists.get(cache)!.push(objects.address.subarray(start, end))
    }
    start = end
  }
  for (const [cache, addresses] of lists) {
    const distance = commonDistance(addresses)
    if (distance !== null) distances.set(cache, distance)
  }
  const allocator = listings.find((listing) => listing.allocator !== null)?.allocator ?? null
  statements.forEach((statement, i) => {
    const { objectBytes, total, slabs: count, slabBytes } = statement
    const cache = ofStatement[i]
    if (objectBytes === null || objectBytes > largestSlabBytes || distances.has(cache)) return
    // SLAB's OBJSIZE is the buffer, which is the distance.
    if (allocator === 'slab') distances.set(cache, objectBytes)
    else if (allocator === 'slub' && total && count && slabBytes !== null && total % count === 0) {
      const distance = distanceOfFilled(slabBytes, total / count, objectBytes)
      if (distance !== null) distances.set(cache, distance)
    }
  })
  return distances
}

function listingCaches(transcript: CrashTranscript, caches: TranscriptCaches): Uint32Array {
  return Uint32Array.from(transcript.listings, ({ cache }) => (cache === null ? NO_INDEX : caches.ofStatement[cache]))
}

function indexesOf(caches: readonly SlabCache[], names: readonly string[] | undefined, source: string): Set<number> | undefined {
  if (names === undefined) return undefined
  return new Set(names.flatMap((name) => {
    const found = caches.flatMap((cache, index) => (cache.name === name || cache.aliases.includes(name) ? [index] : []))
    if (found.length === 0) {
      const known = caches.map((cache) => cache.name)
      const some = known.length === 0 ? 'it shows none' : `it shows ${known.slice(0, 5).join(', ')}${known.length > 5 ? ` and ${known.length - 5} more` : ''}`
      throw new UsageError(`no cache named ${name} in ${source}: ${some}${didYouMean(name, known)}`)
    }
    return found
  }))
}

/** Rows of `sys` of all sessions; the last one holds. */
function sessionRows(transcript: CrashTranscript): Map<string, string> {
  return new Map(transcript.sessions.flatMap(({ rows }) => [...rows]))
}

function architectureOf(machine: string | undefined): System['architecture'] {
  const name = /^\w+/.exec(machine ?? '')?.[0]
  return name === 'x86_64' ? 'x86_64' : name === 'aarch64' || name === 'arm64' ? 'arm64' : null
}

function shownStructs(transcript: CrashTranscript): ShownStruct[] {
  const bytes = new Map(transcript.layouts.map((layout) => [layout.type, layout.bytes]))
  return transcript.structs.flatMap(({ type, address, members }) => (address === null ? [] : [{ type, address, bytes: bytes.get(type) ?? null, members }]))
}

function wordDisagreements(transcript: CrashTranscript): Disagreement[] {
  const { words, files, bigEndian } = transcript
  const value = (bytes: Uint8Array): string => `0x${Buffer.from(bigEndian ? bytes : bytes.slice().reverse()).toString('hex')}`
  return words.disagreements.map((word) => ({
    subject: `memory at ${hex(word.address)}`,
    statements: [
      { value: value(word.earlier), place: placeText({ file: files[word.earlierFile].file, line: word.earlierLine }) },
      { value: value(word.later), place: placeText({ file: files[word.laterFile].file, line: word.laterLine }) }
    ]
  }))
}

/** crash repeats some complaints at each start. */
function repeatedMessages(transcript: CrashTranscript): Map<string, { place: Place; times: number }> {
  const messages = new Map<string, { place: Place; times: number }>()
  for (const { text, place } of transcript.messages) {
    const known = messages.get(text)
    if (known === undefined) messages.set(text, { place, times: 1 })
    else known.times++
  }
  return messages
}

/** Linux 6.18 put sheaves in front of SLUB's slabs; what they hold is free, and crash shows it allocated. */
const sheafSymbols = ['rcu_free_sheaf', '__pcs_replace_empty_main', 'alloc_from_pcs']

function warnOf(
  transcript: CrashTranscript, disagreements: readonly Disagreement[], unresolved: ReadonlyMap<string, number>, symbols: SymbolTable,
  warnings: Warnings
): void {
  for (const { file, line } of transcript.cutFiles) warnings.add(`${placeText({ file, line })}: the text ends within a line, which may be cut`)
  for (const disagreement of disagreements) warnings.add(describeDisagreement(disagreement))
  const { disagreementCount, disagreements: kept } = transcript.words
  if (disagreementCount > kept.length) warnings.add(`${formatCount(disagreementCount - kept.length)} further stretches of memory are shown twice, differently`)
  for (const [text, { place, times }] of repeatedMessages(transcript)) {
    warnings.add(`${placeText(place)}: crash says: ${text}${times > 1 ? ` (${formatCount(times)} times)` : ''}`)
  }
  if (transcript.foreignRows > 0) warnings.add(`${formatCount(transcript.foreignRows)} rows of rd show physical or user memory, or files: not used`)
  const words = [...unresolved.values()].reduce((sum, count) => sum + count, 0)
  if (words > 0) {
    const names = [...unresolved.keys()]
    warnings.add(`${formatCount(words)} words of rd -s show symbols whose addresses are not in the evidence (${names.slice(0, 5).join(', ')}` +
      `${names.length > 5 ? ', …' : ''}): their values are not known; sym or a symbol file tells them`)
  }
  const machines = new Set(transcript.sessions.map(({ rows }) => rows.get('NODENAME')).filter((name) => name !== undefined && name !== '(none)'))
  if (machines.size > 1) warnings.add(`the sessions are of ${machines.size} machines (${[...machines].join(', ')}): what they say is mixed here; give each machine's sessions alone`)
  warnOfSheaves(transcript, symbols, warnings)
  warnOfGaps(transcript, warnings)
}

function warnOfSheaves(transcript: CrashTranscript, symbols: SymbolTable, warnings: Warnings): void {
  const release = sessionRows(transcript).get('RELEASE')
  const [major, minor] = (release ?? '').split('.').map((part) => Number.parseInt(part, 10))
  // A transcript seldom holds symbols: then the release is all there is. It only decides on a word of caution.
  const sheaves = sheafSymbols.some((name) => symbols.named(name).length > 0) || major > 6 || (major === 6 && minor >= 18)
  if (sheaves && transcript.objects.address.length > 0) {
    warnings.add(`this kernel${release === undefined ? '' : ` (${release})`} keeps free objects in per-CPU sheaves, which crash shows as allocated: ` +
      'counts may be too high by some hundred objects per CPU and cache')
  }
}

/** Says of each listed cache how much of it the listing shows. */
function warnOfGaps(transcript: CrashTranscript, warnings: Warnings): void {
  const { listings, slabs, objects } = transcript
  const listed = new Float64Array(listings.length)
  for (const slab of objects.slab) if (slab !== NO_INDEX) listed[slabs.listing[slab]]++
  listings.forEach((listing, i) => {
    const cache = listing.cache === null ? undefined : transcript.caches[listing.cache]
    if (cache?.total == null || listed[i] >= cache.total) return
    const why = listing.fullSlabs === 'not tracked' ? '; crash cannot list full slabs here' : ''
    warnings.add(`${cache.name}: ${formatCount(listed[i])} of its ${formatCount(cache.total)} objects are listed (${placeText(listing.place)})${why}`)
  })
}
