/**
 * Where labels beside `values` go so that none covers another and all stay within the plot: each as near to its value
 * as the others let it, in the data's own scale. `height` and `gap` are pixels. Labels of equal values keep their order.
 *
 * @example placeLabels([50, 50], [0, 100], 100, 15) // [57.5, 42.5]
 */
export function placeLabels(values: readonly number[], [low, high]: readonly [number, number], height: number, gap: number): number[] {
  const scale = height / (high - low)
  const order = values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b)
  // Groups of labels that touch, from the top; a group is centred on the mean of what its members want.
  const groups: { members: number[], wanted: number, centre: number }[] = []
  for (const i of order) {
    groups.push(within([i], (high - values[i]) * scale))
    for (let last = groups.length - 1; last > 0; last--) {
      const above = groups[last - 1]
      const below = groups[last]
      if (above.centre + above.members.length * gap / 2 <= below.centre - below.members.length * gap / 2) break
      const members = [...above.members, ...below.members]
      const wanted = (above.wanted * above.members.length + below.wanted * below.members.length) / members.length
      groups.splice(last - 1, 2, within(members, wanted))
    }
  }
  const places = new Array<number>(values.length).fill(0)
  for (const { members, centre } of groups) {
    members.forEach((i, position) => {
      places[i] = high - (centre + (position - (members.length - 1) / 2) * gap) / scale
    })
  }
  return places

  function within(members: number[], wanted: number): { members: number[], wanted: number, centre: number } {
    const reach = (members.length - 1) / 2 * gap
    return { members, wanted, centre: Math.max(reach, Math.min(wanted, height - reach)) }
  }
}
