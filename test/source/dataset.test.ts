import { appendFileSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { compare } from '../../lib/analysis/compare.js'
import { openDump } from '../../lib/dump/openDump.js'
import { datasetNames, openDataset } from '../../lib/source/dataset.js'
import { loadSlabinfo } from '../../lib/table/loadSlabinfo.js'

const copy = `${mkdtempSync(path.join(tmpdir(), 'datasets-'))}/`
afterAll(() => rmSync(copy, { recursive: true }))

describe('datasets', () => {
  test('every folder is in the manifest, with every file of it', () => {
    // The laboratory makes datasets, and is none.
    const folders = readdirSync('datasets', { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'lab').map(({ name }) => name)
    expect(datasetNames().sort()).toEqual(folders.sort())
    for (const name of folders) {
      const { paths } = openDataset(name)
      const lying = readdirSync(path.join('datasets', name), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name !== 'README.md')
      expect(Object.keys(paths).sort()).toEqual(lying.map((entry) => path.relative(path.join('datasets', name), path.join(entry.parentPath, entry.name))).sort())
    }
  })

  test('the reference case is what its README says', async () => {
    const { paths, title } = openDataset('seq-operations')
    expect(title).toMatch(/seq_operations/)
    expect(compare(await loadSlabinfo(paths['healthy.slabinfo']), await loadSlabinfo(paths['leaking.slabinfo'])).objects()).toEqual([{
      cache: 'kmalloc-128', beforeObjects: 22_726, afterObjects: 1_767_698, deltaObjects: 1_744_972, deltaBytes: 223_563_776, status: 'grown' }])
  })

  test('each says where it comes from, under which licence and how it was made', () => {
    for (const name of datasetNames()) {
      const { kernel, origin, licence, made } = openDataset(name)
      for (const text of [kernel, origin, licence, made]) expect(text).toMatch(/\w{3}/)
    }
  })

  test('a dump', async () => {
    const { paths, licence } = openDataset('arm64-slab')
    expect(licence).toContain('GPL-2.0-only')
    expect((await openDump(paths.vmcore)).caches().objects()).toContainEqual(expect.objectContaining({ cache: 'kmalloc-128', allocated: 71_003 }))
  })

  test('a file that is missing or was changed is refused', () => {
    cpSync('datasets', copy, { recursive: true })
    expect(openDataset('seq-operations', copy).folder).toBe(`${copy}seq-operations/`)
    const leaking = `${copy}seq-operations/leaking.slabinfo`
    appendFileSync(leaking, '\n')
    expect(() => openDataset('seq-operations', copy)).toThrow(`${leaking}: not the file it was: found 314 bytes, expected 313 bytes`)
    writeFileSync(leaking, 'x'.repeat(313))
    expect(() => openDataset('seq-operations', copy)).toThrow(/not the file it was: found sha256 [0-9a-f]{64}, expected [0-9a-f]{64}/)
    rmSync(leaking)
    expect(() => openDataset('seq-operations', copy)).toThrow('a file of the dataset is missing')
    expect(() => openDataset('other')).toThrow('no dataset named other; there are arm64-slab, healthy, planted-requests, seq-operations, two-moments')
  })
})
