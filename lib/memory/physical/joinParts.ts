import { FormatError } from '../../errors.js'
import { splitDumpKey } from '../../source/kdumpHeader.js'
import { formatCount } from '../../util/units.js'
import type { Warnings } from '../../warnings.js'
import { FrameBitmap } from './frameBitmap.js'
import type { KdumpPart } from './kdumpBlocks.js'

/**
 * Puts the parts of a split dump (makedumpfile --split) in order, whatever order they come in. The same part twice is used once; parts
 * that are missing are said, and their pages will be absent.
 *
 * @throws FormatError where a file is no part of the same dump
 */
export function joinParts(given: readonly KdumpPart[], warnings: Warnings): KdumpPart[] {
  if (given.length === 1 && given[0].header.split === null) return [...given]
  for (const { source, header } of given) {
    if (header.split === null) {
      throw new FormatError('not a part of a split dump', { source: source.name, expected: 'one file, or the parts of one split dump' })
    }
    if (header.split.start > header.split.end) {
      throw new FormatError('impossible range of a part', { source: source.name, found: rangeText(header.split) })
    }
  }
  const sorted = [...given].sort((a, b) => startOf(a) - startOf(b) || a.header.split!.end - b.header.split!.end)
  for (const part of sorted) assertSameDump(sorted[0], part)
  // makedumpfile may leave the last parts without a page.
  const filled = sorted.filter((part) => startOf(part) < part.header.split!.end)
  const parts = [filled[0] ?? sorted[0]]
  for (const part of filled.slice(1)) {
    const before = parts[parts.length - 1]
    if (startOf(part) >= before.header.split!.end) parts.push(part)
    else if (startOf(part) === startOf(before) && part.header.split!.end === before.header.split!.end) {
      warnings.add(`${part.source.name}: the same part as ${before.source.name}, not used`)
    } else {
      throw new FormatError(`its range overlaps that of ${before.source.name}`, {
        source: part.source.name, found: rangeText(part.header.split!), expected: `a start from 0x${before.header.split!.end.toString(16)} on`
      })
    }
  }
  sayMissing(parts, warnings)
  return parts
}

function startOf({ header }: KdumpPart): number {
  return header.split!.start
}

function rangeText({ start, end }: { readonly start: number; readonly end: number }): string {
  return `pages 0x${start.toString(16)} to 0x${end.toString(16)}`
}

function assertSameDump(first: KdumpPart, other: KdumpPart): void {
  if (splitDumpKey(first.header) !== splitDumpKey(other.header)) {
    throw new FormatError('a part of another dump', { source: other.source.name, expected: `the dump that ${first.source.name} is a part of` })
  }
}

function sayMissing(parts: readonly KdumpPart[], warnings: Warnings): void {
  const { source, header } = parts[0]
  const pages = new FrameBitmap(source, header.pageBitmap, header.blocks)
  let at = 0
  for (const { start, end } of [...parts.map((part) => part.header.split!), { start: header.blocks, end: header.blocks }]) {
    const missing = pages.rank(Math.max(at, start)) - pages.rank(at)
    if (missing > 0) warnings.lose(`a part of the split dump is missing: ${rangeText({ start: at, end: start })}, ${formatCount(missing)} of them dumped`)
    at = end
  }
}
