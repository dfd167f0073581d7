export interface Ticks {
  /** A little more than the data, zero included. */
  readonly domain: [number, number]
  readonly values: number[]
  /** A vega expression that writes a tick with its unit. */
  readonly labelExpr: string
}

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
/** How much of the domain is left free beyond the data. */
const headroom = 0.04

/**
 * Ticks of an axis of bytes at round numbers of one binary unit, zero among them. Vega's own ticks are round in decimal bytes only.
 *
 * @example byteTicks(0, 3_200_000).values // [0, 1 MiB, 2 MiB, 3 MiB] in bytes
 */
export function byteTicks(least: number, most: number, suffix: '' | '/h' = ''): Ticks {
  const largest = Math.max(Math.abs(least), Math.abs(most), 1)
  const power = Math.min(binary.length - 1, Math.floor(Math.log(largest) / Math.log(1024) + 0.05))
  const unit = 1024 ** power
  const { domain, values } = countTicks(least / unit, most / unit, power === 0)
  return {
    domain: [domain[0] * unit, domain[1] * unit],
    values: values.map((value) => value * unit),
    labelExpr: `datum.value === 0 ? '0' : replace(format(datum.value / ${unit}, ',~r'), '-', '−') + ' ${binary[power]}${suffix}'`
  }
}

/** Ticks of an axis of counts, or of any numbers. */
export function countTicks(least: number, most: number, whole = true): Ticks {
  const low = Math.min(0, least)
  const high = Math.max(0, most) === low ? low + 1 : Math.max(0, most)
  const free = (high - low) * headroom
  const domain: [number, number] = [low < 0 ? low - free : 0, high > 0 ? high + free : 0]
  const step = niceStep((high - low) / 5, whole)
  const first = Math.ceil(domain[0] / step)
  const last = Math.floor(domain[1] / step)
  const values = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
  return { domain, values, labelExpr: "replace(format(datum.value, ',~r'), '-', '−')" }
}

/** The smallest of 1, 2, 5 times a power of ten that is not below `step`. */
function niceStep(step: number, whole: boolean): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(step, Number.MIN_VALUE)))
  const nice = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= step * (1 - 1e-9)) ?? step
  return whole ? Math.max(1, nice) : nice
}
