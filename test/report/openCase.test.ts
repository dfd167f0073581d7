import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openCase } from '../../lib/report/openCase.js'

const folder = mkdtempSync(path.join(tmpdir(), 'slablab-case-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A bundled dump as if it were the part of a split one that holds these pages. */
function part(name: string, pages: (blocks: bigint) => readonly [bigint, bigint]): string {
  const bytes = readFileSync('datasets/arm64-slab/vmcore')
  // struct kdump_sub_header lies in the second block: split, start_pfn_64, end_pfn_64 and max_mapnr_64.
  const sub = bytes.readUInt32LE(0x1ac)
  const [start, end] = pages(bytes.readBigUInt64LE(sub + 0x60))
  bytes.writeInt32LE(1, sub + 0x0c)
  bytes.writeBigUInt64LE(start, sub + 0x50)
  bytes.writeBigUInt64LE(end, sub + 0x58)
  const file = path.join(folder, name)
  writeFileSync(file, bytes)
  return file
}

describe('dumps of a case', () => {
  test('the parts of a split dump are one machine, wherever they stand among other evidence', async () => {
    // makedumpfile leaves the last parts without a page where the others took them all.
    const [empty, whole] = [part('vmcore.2', (blocks) => [blocks, blocks]), part('vmcore.1', (blocks) => [0n, blocks])]
    const found = await openCase([empty, 'datasets/seq-operations/leaking.slabinfo', whole])
    expect(found.machines.map(({ files }) => files)).toEqual([[empty, whole]])
    expect(found.machines[0].dump.caches().numRows()).toBeGreaterThan(50)
    expect(found.incomplete).toEqual([])
    found.close()
  })

  test('two whole dumps are two machines', async () => {
    const found = await openCase(['datasets/arm64-slab/vmcore', 'datasets/healthy/vmcore'])
    expect(found.machines).toHaveLength(2)
    found.close()
  })
})
