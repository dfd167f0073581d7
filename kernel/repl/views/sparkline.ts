const blocks = '▁▂▃▄▅▆▇█'

/**
 * A series in few cells, its least value the lowest block. Of a longer series each cell shows the last of its share.
 *
 * @example sparkline([1, 2, 8], 3) // '▁▂█'
 */
export function sparkline(values: readonly number[], cells: number): string {
  const shown = values.length <= cells ? values : Array.from({ length: cells }, (_, i) => values[Math.ceil((i + 1) * values.length / cells) - 1])
  const least = Math.min(...shown)
  const span = Math.max(...shown) - least
  return shown.map((value) => blocks[span === 0 ? 0 : Math.round((value - least) / span * (blocks.length - 1))]).join('')
}
