import { existsSync } from 'node:fs'
import { findReachable, UNREACHABLE } from '../../lib/analysis/reachability.js'
import { identifiedShares } from '../../lib/analysis/types.js'
import { groupTypes } from '../../lib/analysis/typing.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import { evidence } from '../evidence.js'
import { plantedObjects } from '../planted.js'
import type { Bench, BenchRow } from './benchRow.js'

const datasets = ['x86_64-slub', 'x86_64-slub-debug', 'x86_64-slub-6.12', 'arm64-slab']

/** What the planted kinds are; live ones must not be called lost. */
const kinds = [
  { kind: 'O', what: 'dropped seq_operations', type: 'seq_operations', lost: true }, { kind: 'S', what: 'dropped sessions', type: 'TestModSession', lost: true },
  { kind: 'N', what: 'dropped pairs that point at each other', type: 'TestModNode', lost: true },
  { kind: 'L', what: 'live sessions on a list', type: 'TestModSession', lost: false }, { kind: 'held', what: 'seq_operations of open files', type: 'seq_operations', lost: false }
] as const

/** SLAB keeps more stale words than SLUB. */
const goal = (dataset: string): number => (dataset.endsWith('slab') ? 99.5 : 99.9)

/** How right the verdicts are: for each planted kind of each given dump, how many of the lost are found, and how many live ones are accused. */
export const benchLeaks: Bench = async ({ smoke }) => {
  const rows: BenchRow[] = []
  for (const dataset of smoke ? datasets.slice(-1) : datasets) {
    if (!existsSync(evidence(dataset, 'vmcore'))) continue
    const dump = await openVmcore(evidence(dataset, 'vmcore'))
    const { objects, reached } = await findReachable(dump)
    const stateOf = new Map<bigint, number>()
    let lost = 0
    for (let i = 0; i < objects.length; i++) {
      if (reached[i] === UNREACHABLE) lost++
      stateOf.set(objects.address[i], reached[i])
    }
    const groups = groupTypes(dump)
    const typeOf = new Map<bigint, string | null>()
    for (const group of groups) for (const address of group.addresses()) typeOf.set(address, group.rivals === 0 ? group.type : null)
    const planted = plantedObjects(dataset)
    let known = 0
    for (const { kind, what, type, lost: isLost } of kinds) {
      const own = planted.filter((one) => one.kind === kind)
      if (own.length === 0) continue
      const found = own.filter(({ address }) => (stateOf.get(address) === UNREACHABLE) === isLost).length
      if (isLost) known += found
      const typed = own.filter(({ address }) => typeOf.get(address) === type).length
      rows.push(row(`${dataset}: ${what} ${isLost ? 'found (recall)' : 'not accused'}`, 100 * found / own.length, `${found} of ${own.length}; ${typed} named ${type}`, goal(dataset)))
    }
    rows.push(row(`${dataset}: of what is called lost, planted (precision)`, 100 * known / lost, `${lost - known} others in the whole machine`, goal(dataset)))
    for (const { of, what, objects: count, share } of identifiedShares(groups)) {
      if (share !== null && what === 'one type') rows.push(row(`${dataset}: bytes of ${of} with one type`, 100 * share, `${count} objects`))
    }
    dump.close()
  }
  return rows
}

function row(task: string, percent: number, note: string, limit?: number): BenchRow {
  return { task, ours: percent, unit: '%', peer: 'none', peers: null, note, ...(limit === undefined ? {} : { limit }) }
}
