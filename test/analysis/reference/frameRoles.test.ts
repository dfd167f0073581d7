import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findReachable, UNREACHABLE } from '../../../lib/analysis/reachability.js'
import { findSuspects } from '../../../lib/analysis/suspects.js'
import { openVmcore } from '../../../lib/system/openVmcore.js'
import { filledDump } from '../../builders/filledDump.js'

/*
 * A dump that holds everything must give the verdicts of one that leaves out free pages, users' memory and files' contents. Dumps of level 31
 * are filled up with the worst: each page that is not in them gets addresses of the objects that are lost. `npm run lab:levels` does it on
 * dumps as machines leave them.
 */
describe.each(['arm64-slab', 'planted-requests'])('%s, filled up with addresses of lost objects', (dataset) => {
  const source = path.join('datasets', dataset, 'vmcore')
  const folder = mkdtempSync(path.join(tmpdir(), 'slablab-roles-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('says the same of every object, and tells what it left out', async () => {
    const told = async (file: string): Promise<{ lost: bigint[]; roots: number; objects: number; verdicts: unknown[]; left: number }> => {
      const system = await openVmcore(file)
      const { objects, reached, bytes } = await findReachable(system)
      const verdicts = (await findSuspects(system)).map(({ verdict, confidence, cache, type, unreachable, rule }) => ({ verdict, confidence, cache, type, unreachable, rule }))
      const lost = Array.from(objects.address).filter((_, i) => reached[i] === UNREACHABLE)
      system.close()
      const left = ['free', 'anonymous memory', 'page cache'].reduce((sum, role) => sum + (bytes.excluded.get(role) ?? 0), 0)
      // Of page structures a part counts, but for frames beyond the memory, of which the filled dump does not know.
      return { lost, roots: bytes.roots + bytes.excluded.get('page structures')!, objects: bytes.objects, verdicts, left: left / system.kernel.pageBytes }
    }
    const { left: free, ...expected } = await told(source)
    expect(expected.lost.length).toBeGreaterThan(5000)
    const file = path.join(folder, 'vmcore')
    const filled = await filledDump(source, file, BigUint64Array.from(expected.lost))
    expect(filled).toBeGreaterThan(5000)
    const { left, ...found } = await told(file)
    expect(found).toEqual(expected)
    expect(left - free).toBe(filled)
  }, 300_000)
})
