import { textOf } from '../table/tableRows.js'
import { visible } from '../util/visible.js'

/** Height of one bar with the space around it, in pixels. */
export const rowHeight = 26

/** Names of caches for an axis: nothing that acts, and no two rows of one name folded into one bar. */
export function rowNames(names: readonly unknown[]): string[] {
  const seen = new Map<string, number>()
  return names.map((name) => {
    const shown = visible(textOf(name))
    const times = (seen.get(shown) ?? 0) + 1
    seen.set(shown, times)
    return times === 1 ? shown : `${shown} (${times})`
  })
}

/** The y channel of horizontal bars, one row a name, in the order given. */
export function barAxis(names: readonly string[]) {
  return {
    field: 'cache', type: 'nominal' as const, title: null, sort: [...names],
    axis: { grid: false, labelFontSize: 12, labelColor: '#424a53', labelLimit: 220 },
    scale: { paddingInner: 0.3, paddingOuter: 0.15 }
  }
}
