const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/**
 * Bytes for people, with three significant digits at most.
 *
 * @example formatBytes(223356928) // '213 MiB'
 */
export function formatBytes(bytes: number): string {
  let value = Math.abs(bytes)
  let unit = 0
  // 1000 KiB and more would take a fourth digit; bytes are exact as they are.
  while (value >= (unit === 0 ? 1023.5 : 999.5) && unit < binary.length - 1) {
    value /= 1024
    unit++
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2
  return `${bytes < 0 ? '−' : ''}${Number(value.toFixed(digits))} ${binary[unit]}`
}

/**
 * A count with separators between thousands.
 *
 * @example formatCount(1744972) // '1,744,972'
 */
export function formatCount(count: number): string {
  return Number.isSafeInteger(count) ? String(count).replace(/\B(?=(?:\d{3})+$)/g, ',') : count.toLocaleString('en-US')
}

/**
 * A count and what is counted.
 *
 * @example counted(2000, 'slab') // '2,000 slabs'
 */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${count === 1 ? noun : `${noun}s`}`
}

/**
 * A part of a whole. What is not all is never shown as 100 %, nor something as nothing.
 *
 * @example formatPercent(0.9996) // '99.9 %'
 */
export function formatPercent(share: number): string {
  if (share === 0 || share === 1) return `${share * 100} %`
  return `${Math.min(Math.max(share * 100, 0.1), 99.9).toFixed(1)} %`
}
