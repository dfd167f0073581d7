import { formatCount } from '../../util/units.js'
import { hex } from '../../util/hex.js'
import { cacheEvidence } from '../cacheEvidence.js'
import { openCell } from '../cell.js'
import type { Finding } from '../finding.js'
import { kmallocSize } from '../kmallocFamily.js'
import type { GroupFacts, MachineFacts } from '../leakEvidence.js'
import { findReachable } from '../reachability.js'
import { positionsOf } from '../reference/positionsOf.js'
import { findingOf, type Rule } from '../rule.js'
import { soleHolder, type Holder } from '../soleHolder.js'
import { groupType } from '../typing.js'
import { namedObjects } from '../lostObjects.js'

/** Fewer objects are nobody's trouble. */
const LEAST_OBJECTS = 500
/** The kernel's own lists are long by nature: on one that does not grow must be such a part of all objects' bytes. */
const LEAST_SHARE_OF_KERNEL = 0.01
/** Groups of a kind that are looked at, the largest first: each costs a pass over all references. */
const MOST_GROUPS = 6

/**
 * Objects that one variable keeps alive are no leak to the kernel: somebody can still free them. Whether the list should be that long is for a
 * person to say, and growth tells. No mark and sweep finds such leaks, so the list is named.
 */
export const globalList: Rule = {
  name: 'kept alive by a global list',
  text: 'many objects of one kind, in a general cache or of a module\'s struct, that a single variable of the kernel or a module keeps alive',
  async find(evidence) {
    const found: Finding[] = []
    for (const machine of evidence.machines) {
      const { kernel, slabs } = machine.system
      if (kernel === undefined || slabs === undefined) continue
      for (const facts of suspicious(machine)) {
        const pass = await findReachable(machine.system)
        const holder = soleHolder(machine.system, pass, positionsOf(pass.objects, facts.signatures.addressesOf(facts.group)))
        if (holder === undefined) continue
        const further = cacheEvidence(evidence, facts.cache?.name ?? null)
        if (holder.module !== null || further.agrees || isLarge(machine, facts)) found.push(tell(machine, facts, holder, further))
      }
    }
    return found
  }
}

/** Groups of which nothing is lost: of structs that modules declare, then others in general caches. The kernel's own caches are large by nature. */
function suspicious({ system, groups }: MachineFacts): GroupFacts[] {
  const large = groups.filter(({ group, unreachable }) => group.objects >= LEAST_OBJECTS && unreachable === 0)
  const ofModules = large.filter((facts) => {
    const { id } = groupType(system, facts)
    return id !== null && system.types?.btf?.graph.moduleOf(id) != null
  }).slice(0, MOST_GROUPS)
  const general = large.filter((facts) => kmallocSize(facts.cache?.name ?? '') !== undefined && !ofModules.includes(facts)).slice(0, MOST_GROUPS)
  return [...ofModules, ...general]
}

function isLarge({ system }: MachineFacts, { cache, group }: GroupFacts): boolean {
  const all = system.caches().reduce((sum, { allocated, slotBytes }) => sum + (allocated ?? 0) * (slotBytes ?? 0), 0)
  return group.objects * (cache?.slotBytes ?? 0) >= all * LEAST_SHARE_OF_KERNEL
}

function tell(machine: MachineFacts, facts: GroupFacts, { name, module, address, objects, besideStacks }: Holder, further: ReturnType<typeof cacheEvidence>): Finding {
  const { cache, group } = facts
  const type = groupType(machine.system, facts)
  const owner = module === null ? name : `${name} of the module ${module}`
  const example = hex(group.example)
  return findingOf(facts, {
    verdict: further.agrees ? 'maybe' : 'not a leak',
    confidence: 'likely',
    type: type.type,
    module,
    symbols: [name],
    rule: globalList.name,
    hypothesis: `${formatCount(objects)} ${namedObjects(type)} in ${cache?.name ?? 'slab memory'} are kept alive by ${owner}: they are not lost${further.agrees ? ', but their number grows' : ''}.`,
    fix: `If there should be fewer of them, look at who puts them on ${name} and when they are taken off.`,
    evidence: [{
      text: `Without ${owner}, ${formatCount(objects)} of ${formatCount(group.objects)} could not be reached${besideStacks ? ' but by words on stacks' : ''}.`, addresses: [hex(address), example],
      code: openCell(machine.files, (dump) => `await chainTo(${dump}, '${example}')`)
    }, ...further.items]
  })
}
