/** What one look at a machine's memory said, in bytes. Null is unknown. */
export interface MemoryReading {
  /** Milliseconds since 1970. */
  time: number | null
  uptime: number | null
  host: string | null
  readonly from: 'meminfo' | 'free'
  totalBytes: number | null
  freeBytes: number | null
  availableBytes: number | null
  buffersBytes: number | null
  cachedBytes: number | null
  slabBytes: number | null
  reclaimableBytes: number | null
  unreclaimableBytes: number | null
}

export function emptyReading(from: 'meminfo' | 'free'): MemoryReading {
  return {
    time: null, uptime: null, host: null, from, totalBytes: null, freeBytes: null, availableBytes: null, buffersBytes: null, cachedBytes: null,
    slabBytes: null, reclaimableBytes: null, unreclaimableBytes: null
  }
}

type Amount = Exclude<keyof MemoryReading, 'time' | 'uptime' | 'host' | 'from'>

/** Fields of /proc/meminfo (fs/proc/meminfo.c) and what we call them. */
const fields: Readonly<Record<string, Amount>> = {
  MemTotal: 'totalBytes', MemFree: 'freeBytes', MemAvailable: 'availableBytes', Buffers: 'buffersBytes', Cached: 'cachedBytes',
  Slab: 'slabBytes', SReclaimable: 'reclaimableBytes', SUnreclaim: 'unreclaimableBytes'
}

const fieldLine = /^([A-Z][A-Za-z]+(?:\([a-z_]+\))?):\s+(\d+)\s*(kB)?\s*$/

/** Whether a line is the first of /proc/meminfo. */
export function isMeminfoStart(line: string): boolean {
  return /^MemTotal:\s+\d+ kB/.test(line)
}

/** Puts a line of /proc/meminfo into `reading`; false where it is no such line. Fields we have no use for are passed over. */
export function readMeminfoLine(line: string, reading: MemoryReading): boolean {
  const match = fieldLine.exec(line)
  if (match === null) return false
  const field = fields[match[1]]
  if (field !== undefined) reading[field] = Number(match[2]) * 1024
  return true
}

/**
 * Memory taken by what is neither free nor page cache: what "missing memory" means. Slab is part of it. Null where the evidence lacks a part.
 *
 * @example usedBytes(reading) // total − free − buffers − cached
 */
export function usedBytes(reading: MemoryReading): number | null {
  const { totalBytes, freeBytes, buffersBytes, cachedBytes } = reading
  if (totalBytes === null || freeBytes === null || buffersBytes === null || cachedBytes === null) return null
  return totalBytes - freeBytes - buffersBytes - cachedBytes
}
