import type { MachineFacts } from '../analysis/leakEvidence.js'
import { bytesNotInUse } from '../analysis/notInUse.js'
import type { Reachability } from '../analysis/reachability.js'
import { formatBytes } from '../util/units.js'
import type { Missing } from './reportModel.js'

/** More than this share of the objects on missing pages, and the dump tool is the likely cause. */
const MANY_UNREAD = 0.01
const outdated: Missing = {
  text: 'Far too many slabs lie on pages that the dump lacks: a makedumpfile older than the kernel takes them for users\' or free pages. A newer one, or dump level 0, keeps them.',
  command: 'makedumpfile -v', where: 'machine'
}

/** What the search for references left out, each with its bytes, and what it could not see. */
export function unscanned({ system }: MachineFacts, { bytes, objects, doubts, graph }: Reachability): Missing[] {
  const excluded = new Map(bytes.excluded)
  const unread = graph.unread.reduce((sum, one) => sum + one, 0)
  excluded.set('objects that are free or cached', bytesNotInUse(objects))
  const parts = [...excluded].filter(([, left]) => left > 0).sort(([, a], [, b]) => b - a)
    .map(([reason, left]) => `${reason === 'free' ? 'free pages' : reason} (${formatBytes(left)})`)
  return [
    ...doubts.map((doubt): Missing => ({ text: `Who refers to whom is not known in full: ${doubt}.`, command: null, where: null })),
    ...(unread > objects.length * MANY_UNREAD ? [outdated] : []),
    {
      text: `References were looked for in ${formatBytes(bytes.roots)} of the kernel's own memory and ${formatBytes(bytes.objects)} of objects in ${system.name}${parts.length === 0 ? '' : `; left out, for no word there is one: ${parts.join(', ')}`}. Pointers that are kept in another form (as a physical address, a page number, in a device) are not seen.`,
      command: null, where: null
    }
  ]
}
