import type { ColumnTable } from 'arquero'
import { growth } from '../analysis/growth.js'
import type { SnapshotFile } from '../source/snapshotFiles.js'
import { memoryReadings, snapshotsTable } from '../table/snapshots.js'

/** The most snapshots kept in memory: enough to judge growth, however long the recording runs. */
const most = 400

/** What a recording has seen so far, thinned out as it gets long: every other snapshot goes, but for the first and the last. */
export class SnapshotHistory {
  #files: SnapshotFile[] = []

  add(file: SnapshotFile): void {
    this.#files.push(file)
    if (this.#files.length > most) this.#files = this.#files.filter((_, i, all) => i % 2 === 0 || i === all.length - 1)
  }

  get length(): number {
    return this.#files.length
  }

  /** All that is kept, as `loadSlabinfo` has it. */
  snapshots(): ColumnTable {
    return snapshotsTable(this.#files)
  }

  /** What grows so far, worst first. */
  growth(): ColumnTable {
    return growth(this.snapshots(), { memory: memoryReadings(this.#files) })
  }

  /** Bytes of all slabs at the last snapshot. */
  slabBytes(): number {
    const rows = this.#files.at(-1)?.series.rows.bytes ?? new Float64Array()
    return rows.reduce((sum, bytes) => sum + (Number.isNaN(bytes) ? 0 : bytes), 0)
  }
}
