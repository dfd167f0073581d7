import { Growing } from '../../util/growing.js'
import { sortedOrder } from '../../util/sortedOrder.js'
import { chunkBytes, type WordDisagreement, type Words } from './words.js'
import type { Runs } from './wordStore.js'

/** So many disagreements are kept with both values; all are counted. */
const keptDisagreements = 200
/** Storage is copied together once less than this share of it is still of use. */
const worthKeeping = 0.75

/** All runs, older ones first: position in these columns tells which was printed later. */
interface Statements {
  starts: BigUint64Array
  lengths: Uint32Array
  positions: Float64Array
  files: Uint16Array
  lines: Uint32Array
  chunks: Uint32Array[]
  bytes: Uint8Array[]
}

/** Stretches as they are settled: which statement holds, and which part of it. */
interface Settled {
  statement: Growing<Uint32Array>
  skipped: Growing<Uint32Array>
  bytes: Growing<Uint32Array>
  disagreements: WordDisagreement[]
  disagreementCount: number
}

/**
 * Puts printed stretches of memory into address order and lets no two overlap: the statement printed later holds, and where an earlier one
 * differs both are noted. `settled` are the stretches of an earlier call, older than all of `runs`.
 */
export function settleRuns(settled: Words | undefined, runs: Runs, chunks: Uint32Array[], bigEndian: boolean): Words {
  if (bigEndian) turnAround(runs, chunks)
  const statements = joined(settled, runs, chunks)
  const result: Settled = {
    statement: new Growing(Uint32Array), skipped: new Growing(Uint32Array), bytes: new Growing(Uint32Array),
    disagreements: [...settled?.disagreements ?? []], disagreementCount: settled?.disagreementCount ?? 0
  }
  const order = sortedOrder(statements.starts)
  const { starts, lengths } = statements
  for (let i = 0; i < order.length;) {
    let end = starts[order[i]] + BigInt(lengths[order[i]])
    let after = i + 1
    while (after < order.length && starts[order[after]] < end) {
      const other = starts[order[after]] + BigInt(lengths[order[after]])
      if (other > end) end = other
      after++
    }
    if (after === i + 1) hold(result, order[i], 0, lengths[order[i]])
    else settleOverlap(statements, order.subarray(i, after), result)
    i = after
  }
  return stored(statements, result)
}

function joined(settled: Words | undefined, runs: Runs, chunks: Uint32Array[]): Statements {
  const before = settled?.starts.length ?? 0
  const count = before + runs.high.length
  const starts = new BigUint64Array(count)
  const halves = new Uint32Array(starts.buffer)
  const lengths = new Uint32Array(count)
  const positions = new Float64Array(count)
  const files = new Uint16Array(count)
  const lines = new Uint32Array(count)
  const oldChunks = settled?.chunks ?? []
  if (settled !== undefined) {
    starts.set(settled.starts)
    lengths.set(settled.lengths)
    positions.set(settled.positions)
    files.set(settled.files)
    lines.set(settled.lines)
  }
  for (let i = 0; i < runs.high.length; i++) {
    halves[(before + i) * 2] = runs.low.values[i]
    halves[(before + i) * 2 + 1] = runs.high.values[i]
    positions[before + i] = runs.position.values[i] + oldChunks.length * chunkBytes
  }
  lengths.set(runs.bytes.taken(), before)
  files.set(runs.file.taken(), before)
  lines.set(runs.line.taken(), before)
  const all = [...oldChunks, ...chunks]
  return { starts, lengths, positions, files, lines, chunks: all, bytes: all.map((chunk) => new Uint8Array(chunk.buffer)) }
}

/** Turns each value around: a big-endian machine's memory holds its highest byte first. */
function turnAround(runs: Runs, chunks: Uint32Array[]): void {
  for (let i = 0; i < runs.high.length; i++) {
    const element = runs.element.values[i]
    const position = runs.position.values[i]
    const bytes = new Uint8Array(chunks[Math.floor(position / chunkBytes)].buffer, position % chunkBytes, runs.bytes.values[i])
    for (let at = 0; at + element <= bytes.length; at += element) bytes.subarray(at, at + element).reverse()
  }
}

function hold(result: Settled, statement: number, skipped: number, bytes: number): void {
  if (bytes === 0) return
  const last = result.statement.length - 1
  if (last >= 0 && result.statement.values[last] === statement && result.skipped.values[last] + result.bytes.values[last] === skipped) {
    result.bytes.values[last] += bytes
    return
  }
  result.statement.push(statement)
  result.skipped.push(skipped)
  result.bytes.push(bytes)
}

/** `group`: statements that overlap in a chain, in order of their starts. */
function settleOverlap(statements: Statements, group: Uint32Array, result: Settled): void {
  const base = statements.starts[group[0]]
  const from = Float64Array.from(group, (statement) => Number(statements.starts[statement] - base))
  const to = Float64Array.from(group, (statement, i) => from[i] + statements.lengths[statement])
  const distinct = new Set(from)
  for (const end of to) distinct.add(end)
  const borders = Float64Array.from(distinct).sort()
  let active: number[] = []
  let next = 0
  for (let i = 0; i + 1 < borders.length; i++) {
    const start = borders[i]
    const end = borders[i + 1]
    active = active.filter((member) => to[member] > start)
    while (next < group.length && from[next] === start) active.push(next++)
    if (active.length === 0) continue
    let winner = active[0]
    for (const member of active) if (group[member] > group[winner]) winner = member
    for (const member of active) {
      if (member !== winner) compare(statements, group[member], start - from[member], group[winner], start - from[winner], end - start, result)
    }
    hold(result, group[winner], start - from[winner], end - start)
  }
}

function compare(
  statements: Statements, earlier: number, earlierSkipped: number, later: number, laterSkipped: number, bytes: number, result: Settled
): void {
  const old = bytesOf(statements, earlier, earlierSkipped, bytes)
  const now = bytesOf(statements, later, laterSkipped, bytes)
  const differing = Buffer.compare(old, now) === 0 ? -1 : old.findIndex((byte, i) => byte !== now[i])
  if (differing < 0) return
  result.disagreementCount++
  if (result.disagreements.length >= keptDisagreements) return
  const start = statements.starts[earlier] + BigInt(earlierSkipped)
  // The word around the first difference, as far as both statements reach.
  const word = Math.max(0, differing - Number((start + BigInt(differing)) % 8n))
  const end = Math.min(bytes, word + 8)
  result.disagreements.push({
    address: start + BigInt(word),
    earlier: old.slice(word, end), later: now.slice(word, end),
    earlierFile: statements.files[earlier], earlierLine: statements.lines[earlier],
    laterFile: statements.files[later], laterLine: statements.lines[later]
  })
}

function bytesOf(statements: Statements, statement: number, skipped: number, bytes: number): Uint8Array {
  const position = statements.positions[statement] + skipped
  const offset = position % chunkBytes
  return statements.bytes[Math.floor(position / chunkBytes)].subarray(offset, offset + bytes)
}

/** The settled stretches over the storage they came in; over new storage where too much of the old has been overruled. */
function stored(statements: Statements, result: Settled): Words {
  const count = result.statement.length
  const starts = new BigUint64Array(count)
  const positions = new Float64Array(count)
  const files = new Uint16Array(count)
  const lines = new Uint32Array(count)
  let heldBytes = 0
  for (let i = 0; i < count; i++) {
    const statement = result.statement.values[i]
    starts[i] = statements.starts[statement] + BigInt(result.skipped.values[i])
    positions[i] = statements.positions[statement] + result.skipped.values[i]
    files[i] = statements.files[statement]
    lines[i] = statements.lines[statement]
    heldBytes += result.bytes.values[i]
  }
  const lengths = result.bytes.taken().slice()
  const { disagreements, disagreementCount } = result
  const rest = { starts, lengths, files, lines, heldBytes, disagreements, disagreementCount }
  if (heldBytes >= statements.chunks.length * chunkBytes * worthKeeping) return { ...rest, positions, chunks: statements.chunks }
  return { ...rest, ...copied(statements, positions, lengths) }
}

function copied(statements: Statements, positions: Float64Array, lengths: Uint32Array): { positions: Float64Array; chunks: Uint32Array[] } {
  const chunks: Uint32Array[] = []
  const moved = new Float64Array(positions.length)
  let bytes = new Uint8Array(0)
  let used = 0
  let left = lengths.reduce((sum, length) => sum + aligned(length), 0)
  for (let i = 0; i < positions.length; i++) {
    if (used + lengths[i] > bytes.length) {
      const chunk = new Uint32Array(Math.min(chunkBytes, left) / 4)
      chunks.push(chunk)
      bytes = new Uint8Array(chunk.buffer)
      used = 0
    }
    const offset = positions[i] % chunkBytes
    bytes.set(statements.bytes[Math.floor(positions[i] / chunkBytes)].subarray(offset, offset + lengths[i]), used)
    moved[i] = (chunks.length - 1) * chunkBytes + used
    used += aligned(lengths[i])
    left -= aligned(lengths[i])
  }
  return { positions: moved, chunks }
}

function aligned(bytes: number): number {
  return (bytes + 7) & ~7
}
