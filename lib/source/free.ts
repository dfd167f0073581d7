import { emptyReading, type MemoryReading } from './meminfo.js'

/** Column names of the header line of `free` (procps), undefined for another line. */
export function freeColumns(line: string): string[] | undefined {
  return /^\s+total\s+used\s+free\b/.test(line) ? line.trim().split(/\s+/) : undefined
}

const units: Readonly<Record<string, number>> = {
  B: 1, K: 1024, Ki: 1024, M: 1024 ** 2, Mi: 1024 ** 2, G: 1024 ** 3, Gi: 1024 ** 3, T: 1024 ** 4, Ti: 1024 ** 4
}

/**
 * Reads the `Mem:` line of `free` under the given columns; undefined for another line. Numbers without a unit are KiB, as free prints
 * them unless asked otherwise; a total too small for any Linux in KiB is what `free -m` or `-g` prints.
 */
export function readFreeLine(line: string, columns: readonly string[]): MemoryReading | undefined {
  const match = /^Mem:\s+(.*\S)\s*$/.exec(line)
  if (match === null) return undefined
  const words = match[1].split(/\s+/)
  const total = amount(words[columns.indexOf('total')], 1)
  const unit = total === null || total >= 32_768 ? 1024 : total >= 1024 ? 1024 ** 2 : 1024 ** 3
  const bytes = (...names: string[]): number | null => {
    const column = columns.findIndex((name) => names.includes(name))
    return column < 0 ? null : amount(words[column], unit)
  }
  const both = bytes('buff/cache')
  return {
    ...emptyReading('free'),
    totalBytes: bytes('total'),
    freeBytes: bytes('free'),
    availableBytes: bytes('available'),
    // One column for both since procps 3.3.10: what counts is their sum.
    buffersBytes: both === null ? bytes('buffers') : 0,
    cachedBytes: both ?? bytes('cached', 'cache')
  }
}

function amount(word: string | undefined, unit: number): number | null {
  const match = /^([\d.]+)([BKMGT]i?)?$/.exec(word ?? '')
  if (match === null) return null
  return Math.round(Number(match[1]) * (match[2] === undefined ? unit : units[match[2]]))
}
