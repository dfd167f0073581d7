import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findReachable } from '../../../lib/analysis/reachability.js'
import { readReferences } from '../../../lib/analysis/reference/readReferences.js'
import { openVmcore } from '../../../lib/system/openVmcore.js'
import { describeEvidence, evidence } from '../../evidence.js'

function digest(array: ArrayBufferView): string {
  return createHash('sha256').update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength)).digest('hex')
}

describeEvidence.each(['arm64-slab', 'x86_64-slub'])('references of %s', (dataset) => {
  const graphOf = async (options: { readAhead?: boolean; cacheBytes?: number }): Promise<Record<string, unknown>> => {
    const system = await openVmcore(evidence(dataset, 'vmcore'), options)
    const graph = await readReferences(system)
    const { reached } = await findReachable(system)
    const { roots, objects, excluded } = graph.bytes
    system.close()
    return {
      rootWord: digest(graph.rootWord), rootTarget: digest(graph.rootTarget), from: digest(graph.from), to: digest(graph.to), reached: digest(reached),
      roots, objects, excluded: Object.fromEntries(excluded)
    }
  }

  test('are the same with pages kept, with further threads that decompress them, and through a small cache', async () => {
    expect(existsSync('dist/lib/memory/physical/pageHelper.js'), 'what threads run is made by the build').toBe(true)
    const alone = await graphOf({ cacheBytes: 1 << 20 })
    expect(await graphOf({ readAhead: true })).toEqual(alone)
    expect(await graphOf({})).toEqual(alone)
  })

  test('end in time where they are aborted', async () => {
    const system = await openVmcore(evidence(dataset, 'vmcore'), { readAhead: true })
    void system.slabs.objects()
    const controller = new AbortController()
    let aborted = 0
    setTimeout(() => {
      aborted = performance.now()
      controller.abort()
    }, 5)
    await expect(readReferences(system, { signal: controller.signal })).rejects.toThrow(/abort/i)
    // 100 ms on a machine that does nothing else.
    expect(performance.now() - aborted).toBeLessThan(1000)
    system.close()
  })
})
