import { desc, type ColumnTable } from 'arquero'
import { growth } from '../../lib/analysis/growth.js'
import { renderSvg } from '../../lib/display/renderSvg.js'
import { plotGrowth } from '../../lib/plot/plotGrowth.js'
import type { SlabCache, SlabObjects } from '../../lib/slab/model.js'
import { describedTable, NamedColumn, NumberColumn } from '../../lib/table/columns.js'
import { objectsTable } from '../../lib/table/objects.js'
import { randomFrom } from '../builders/random.js'
import type { BenchOptions, BenchRow } from './benchRow.js'

const leaked = 1_767_698
const minute = 60_000

/** Long series, large plots and tables of all objects, as a notebook cell works on them. */
export async function benchTables({ smoke }: BenchOptions): Promise<BenchRow[]> {
  const caches = smoke ? 20 : 1000
  const many = snapshots(caches, smoke ? 100 : 10_000)
  const rows: BenchRow[] = []
  const add = async (task: string, limit: number, work: () => unknown, note = ''): Promise<void> => {
    let least = Infinity
    for (let round = 0; round < 2; round++) {
      const before = process.cpuUsage()
      await work()
      const { user, system } = process.cpuUsage(before)
      least = Math.min(least, (user + system) / 1e6)
    }
    rows.push({ task, ours: least, unit: 's', peer: '', peers: null, limit, note: `CPU time${note}` })
  }
  await add(`growth of ${caches} caches over ${(smoke ? 100 : 10_000).toLocaleString('en-US')} snapshots`, 2, () => growth(many))
  const million = snapshots(caches, smoke ? 100 : 1000)
  await add(`plot ${million.numRows().toLocaleString('en-US')} points to SVG`, 1, () => renderSvg(plotGrowth(million)))
  const objects = objectsTable(someObjects(smoke ? 20_000 : leaked))
  const of = `a table of ${objects.numRows().toLocaleString('en-US')} objects`
  await add(`${of}: filter`, 1, () => objects.filter((row: { state: string }) => row.state === 'allocated').numRows())
  await add(`${of}: group and count`, 1, () => objects.groupby('cache', 'state').count().objects())
  await add(`${of}: sort`, 1, () => objects.orderby(desc('rank')).objects({ limit: 10 }), ', by rank')
  await add(`${of}: first rows`, 1, () => objects.objects({ limit: 50 }))
  return rows
}

function snapshots(caches: number, moments: number): ColumnTable {
  const random = randomFrom(5)
  const rows = caches * moments
  const cache = new Uint16Array(rows)
  const time = new Float64Array(rows)
  const snapshot = new Uint32Array(rows)
  const bytes = new Float64Array(rows)
  const active = new Float64Array(rows)
  for (let moment = 0, row = 0; moment < moments; moment++) {
    for (let one = 0; one < caches; one++, row++) {
      cache[row] = one
      time[row] = moment * minute
      snapshot[row] = moment
      bytes[row] = 4096 * (1000 + (one < 10 ? moment * (one + 1) : 0) + Math.floor(random() * 100))
      active[row] = bytes[row] / 128
    }
  }
  return describedTable({
    snapshot: new NumberColumn(snapshot), time: new NumberColumn(time), cache: new NamedColumn(Array.from({ length: caches }, (_, i) => `cache-${i}`), cache),
    activeObjects: new NumberColumn(active), objects: new NumberColumn(active), bytes: new NumberColumn(bytes)
  })
}

function someObjects(length: number): SlabObjects {
  const random = randomFrom(6)
  const perSlab = 32
  const slabs = BigUint64Array.from({ length: Math.ceil(length / perSlab) }, (_, i) => 0xffff888000000000n + BigInt(i * 4096))
  const slab = new Uint32Array(length)
  const address = new BigUint64Array(length)
  const cache = new Uint32Array(length)
  const state = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    slab[i] = Math.floor(i / perSlab)
    address[i] = slabs[slab[i]] + BigInt((i % perSlab) * 128)
    cache[i] = random() < 0.9 ? 0 : Math.floor(random() * 150)
    state[i] = random() < 0.95 ? 0 : 1
  }
  const caches = Array.from({ length: 150 }, (_, i) => ({ name: `cache-${i}` }) as SlabCache)
  return { length, caches, address, cache, slabs, slab, state, queued: new Uint8Array(length) }
}
