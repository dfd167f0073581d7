import { formatCount } from '../../util/units.js'
import { hex } from '../../util/hex.js'
import { cacheEvidence, type CacheEvidence } from '../cacheEvidence.js'
import { addressList, openCell } from '../cell.js'
import type { Finding } from '../finding.js'
import type { GroupFacts, MachineFacts } from '../leakEvidence.js'
import { findingOf, isSample, type Rule } from '../rule.js'
import { seqOperations } from './seqOperations.js'

/** A cache's leak is most of what it holds. */
const leastShare = 0.2
/** Fewer equal objects say nothing. */
const leastObjects = 2
/** From so many on, `unreachableObjects` speaks of them. */
const leastUnreachable = 16

/**
 * Objects that point at a module's code belong to that module's dealings. In a cache that grows, the largest such group is where to look,
 * though the rule knows nothing of what the objects are.
 */
export const moduleCode: Rule = {
  name: 'objects that name a module',
  text: "the larger part of a growing cache holds an address of a module's code",
  async find(evidence) {
    const known = await seqOperations.find(evidence)
    return evidence.machines.flatMap((machine) => machine.groups.flatMap((facts) => {
      const { cache, group, signatures } = facts
      // What nothing refers to has a rule of its own.
      if (facts.unreachable !== null && facts.unreachable >= leastUnreachable) return []
      if (group.objects < leastObjects || group.objects < signatures.readObjects * leastShare) return []
      const further = cacheEvidence(evidence, cache?.name ?? null)
      // A dump holds every object of a module, most of them where they should be: without growth, they are no suspects.
      if (!further.agrees && !isSample(machine)) return []
      const explained = known.some((finding) => finding.cache === (cache?.name ?? null) && finding.type === facts.type?.type)
      return explained ? [] : accuse(machine, facts, further)
    }))
  }
}

function accuse(machine: MachineFacts, facts: GroupFacts, further: CacheEvidence): Finding[] {
  const { cache, group, signatures, words, reach } = facts
  const code = words.filter((word) => word.class === 'module text' && word.value !== null)
  if (code.length === 0) return []
  const [first] = code
  const name = first.symbol ?? first.value!
  const examples = Array.from(signatures.addressesOf(group).subarray(0, 3), hex)
  const places = code.map(({ offset, symbol, value }) => `${symbol ?? value} at 0x${offset.toString(16)}`).join(', ')
  const of = isSample(machine) ? 'objects that were read' : 'allocated objects'
  return [findingOf(facts, {
    verdict: 'maybe',
    confidence: 'weak',
    module: first.module,
    symbols: code.flatMap(({ symbol }) => (symbol === null ? [] : [symbol])),
    rule: moduleCode.name,
    hypothesis: `Objects that ${first.module === null ? 'a module' : `the module ${first.module}`} sets up with ${name} are allocated and not freed.`,
    fix: `Look for the code that stores ${name} in memory from ${cache?.name ?? 'kmalloc'}, and at each way out of it for the missing kfree.`,
    evidence: [{
      text: `${formatCount(group.objects)} of the ${formatCount(signatures.readObjects)} ${of} hold ${places} (${reach.bytes} bytes: ${reach.basis}).`,
      addresses: examples,
      code: openCell(machine.files, (dump) => `words(${dump}, ${addressList(examples)})`)
    }, ...further.items]
  })]
}
