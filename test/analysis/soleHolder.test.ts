import { expect, test } from 'vitest'
import { findReachable, type Reachability } from '../../lib/analysis/reachability.js'
import { positionsOf } from '../../lib/analysis/reference/positionsOf.js'
import { taskStacks } from '../../lib/analysis/reference/stacks.js'
import { soleHolder } from '../../lib/analysis/soleHolder.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import { describeEvidence, evidence } from '../evidence.js'
import { plantedObjects } from '../planted.js'

/** The pass with one reference more, from a physical address to an object. */
function withRoot(found: Reachability, word: number, target: number): Reachability {
  const { graph } = found
  return { ...found, graph: { ...graph, rootWord: Float64Array.of(...graph.rootWord, word), rootTarget: Uint32Array.of(...graph.rootTarget, target) } }
}

describeEvidence('the variable that keeps live sessions', () => {
  test('is named where stacks name one of them as well, and not where another variable does', async () => {
    const system = await openVmcore(evidence('x86_64-slub-6.12', 'vmcore'))
    const { kernel } = system
    const found = await findReachable(system)
    const live = BigUint64Array.from(plantedObjects('x86_64-slub-6.12').filter(({ kind }) => kind === 'L'), ({ address }) => address).sort()
    const members = positionsOf(found.objects, live)
    const named = { name: 'testmod_live_sessions', module: 'testmod', objects: 600 }
    expect(soleHolder(system, found, members)).toMatchObject({ ...named, besideStacks: false })

    const [stack] = taskStacks(kernel, found.objects)
    const middle = members[300]
    expect(soleHolder(system, withRoot(found, kernel.physicalOf(stack.end - 512n)!, middle), members)).toMatchObject({ ...named, besideStacks: true })
    expect(soleHolder(system, withRoot(found, kernel.physicalOf(kernel.symbol('init_net')!)!, middle), members)).toBeUndefined()
    system.close()
  })
})
