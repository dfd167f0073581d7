/** One cache at one moment, as a test needs it; what is not said is what a small cache of 128-byte objects would show. */
export interface SlabinfoRow {
  name: string
  active?: number
  objects?: number
  objectBytes?: number
  objectsPerSlab?: number
  pagesPerSlab?: number
  slabs?: number
}

const header21 = '# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>'

/** A row as mm/slab_common.c prints it. `slabs` decides where objects are not given. */
export function slabinfoRow({ name, objectBytes = 128, pagesPerSlab = 1, objectsPerSlab = Math.floor((4096 * pagesPerSlab) / objectBytes), slabs = 1, objects = slabs * objectsPerSlab, active = objects }: SlabinfoRow, statistics = ''): string {
  const pad = (value: number, width: number): string => String(value).padStart(width)
  return `${name.padEnd(17)} ${pad(active, 6)} ${pad(objects, 6)} ${pad(objectBytes, 6)} ${pad(objectsPerSlab, 4)} ${pad(pagesPerSlab, 4)}` +
    ` : tunables ${pad(120, 4)} ${pad(60, 4)} ${pad(8, 4)} : slabdata ${pad(slabs, 6)} ${pad(slabs, 6)} ${pad(0, 6)}${statistics}\n`
}

/** A whole /proc/slabinfo. */
export function slabinfoText(rows: readonly SlabinfoRow[], header = `slabinfo - version: 2.1\n${header21}\n`): string {
  return header + rows.map((row) => slabinfoRow(row)).join('')
}

/** Many snapshots of caches given by their number of slabs over time: `{ 'kmalloc-128': [1, 2, 3] }`; null where a cache is not listed. */
export function slabinfoSeries(
  caches: Readonly<Record<string, readonly (number | null)[]>>,
  stamp: (i: number) => string = (i) => `=== SNAPSHOT ${i} uptime=${(100 + i * 60).toFixed(2)} epoch=${1_795_392_000 + i * 60}`,
  row: Partial<SlabinfoRow> = {}
): string {
  const count = Math.max(...Object.values(caches).map(({ length }) => length))
  return Array.from({ length: count }, (_, i) => {
    const rows = Object.entries(caches).flatMap(([name, slabs]) => (slabs[i] == null ? [] : [{ ...row, name, slabs: slabs[i] }]))
    return `${stamp(i)}\n${slabinfoText(rows)}`
  }).join('')
}
