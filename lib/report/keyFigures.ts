import { formatBytes, formatCount } from '../util/units.js'
import { changedRows, growingRows } from './reportRows.js'
import type { Report } from './reportModel.js'

/** The few numbers that a report stands on, each with its name. */
export function keyFigures({ suspects, compare, growth, signatures }: Report): { name: string; value: string }[] {
  const suspect = suspects.find(({ verdict }) => verdict !== 'not a leak')
  const list: { name: string; value: string }[] = []
  if (suspect !== undefined) list.push({ name: 'verdict, confidence', value: `${suspect.verdict}, ${suspect.confidence}` })
  const cache = suspect?.cache
  const change = compare === null ? undefined : changedRows(compare.table, 1000).rows.find((row) => cache === undefined || row.cache === cache)
  if (change?.deltaObjects != null) list.push({ name: `${change.cache}, objects`, value: `${change.deltaObjects > 0 ? '+' : ''}${formatCount(change.deltaObjects)}` })
  if (change?.deltaBytes != null) list.push({ name: `${change.cache}, slab pages`, value: `${change.deltaBytes > 0 ? '+' : ''}${formatBytes(change.deltaBytes)}` })
  const grown = growth === null ? undefined : growingRows(growth.table, 1000).rows.find((row) => cache === undefined || row.cache === cache)
  if (grown?.bytesPerHour != null && !grown.reason.includes('stopped')) list.push({ name: `${grown.cache} grows`, value: `${formatBytes(grown.bytesPerHour)}/h` })
  const group = signatures?.groups.find((one) => one.cache?.name === cache && one.type?.type === (suspect?.type ?? undefined))
  // Where all objects were read, the verdict says it better.
  if (group !== undefined && suspect?.type != null && group.signatures.readObjects < group.signatures.objects) {
    list.push({ name: `${suspect.type} among the objects read`, value: `${formatCount(group.group.objects)} of ${formatCount(group.signatures.readObjects)}` })
  }
  if (suspect?.unreachable != null) list.push({ name: 'objects nothing leads to', value: formatCount(suspect.unreachable) })
  return list
}
