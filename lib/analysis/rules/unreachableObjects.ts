import { formatCount } from '../../util/units.js'
import { cacheEvidence } from '../cacheEvidence.js'
import type { EvidenceItem, Finding } from '../finding.js'
import type { GroupFacts, LeakEvidence, MachineFacts } from '../leakEvidence.js'
import { reached } from '../reachedItem.js'
import { findingOf, type Rule } from '../rule.js'
import { groupType, type GroupType } from '../typing.js'
import { seqOperations } from './seqOperations.js'

/**
 * Objects of one kind that nothing leads to. Healthy machines have a handful in all: objects meant to stay for ever whose address nobody
 * keeps. Many equal ones are no accident.
 */
const ENOUGH_FOR_LEAK = 50
const ENOUGH_TO_MENTION = 16
/** So many, of a known type, leave no room for an accident. */
const ENOUGH_TO_BE_SURE = 100

/** Objects of one kind to which no chain of references leads from the kernel's memory: nobody can free them any more. */
export const unreachableObjects: Rule = {
  name: 'objects that nothing refers to',
  text: 'many objects of one kind that no chain of references leads to from the kernel\'s own memory',
  async find(evidence) {
    const known = await seqOperations.find(evidence)
    return evidence.machines.flatMap((machine) => machine.groups.flatMap((facts) => {
      if (facts.unreachable === null || facts.unreachable < ENOUGH_TO_MENTION) return []
      const explained = known.some((finding) => finding.cache === (facts.cache?.name ?? null) && finding.objects === facts.group.objects)
      return explained ? [] : [accuse(evidence, machine, facts, facts.unreachable)]
    }))
  }
}

function accuse(evidence: LeakEvidence, machine: MachineFacts, facts: GroupFacts, unreachable: number): Finding {
  const { cache, words } = facts
  const type = groupType(machine.system, facts)
  const further = cacheEvidence(evidence, cache?.name ?? null)
  const code = words.filter((word) => (word.class === 'module text' || word.class === 'kernel text') && word.symbol !== null)
  const module = words.find((word) => word.module !== null)?.module ?? null
  const leak = unreachable >= ENOUGH_FOR_LEAK
  const named = type.type === null ? 'objects' : `struct ${type.type}`
  return findingOf(facts, {
    verdict: leak ? 'leak' : 'maybe',
    confidence: leak && unreachable >= ENOUGH_TO_BE_SURE && (type.rivals === 0 || further.agrees) ? 'certain' : leak ? 'likely' : 'weak',
    type: type.type,
    module: module ?? moduleOf(machine, type),
    symbols: code.map(({ symbol }) => symbol!),
    rule: unreachableObjects.name,
    hypothesis: `${formatCount(unreachable)} ${named} in ${cache?.name ?? 'slab memory'} were allocated, and the last reference to them was dropped without kfree.`,
    fix: code.length > 0
      ? `Look for the code that sets these objects up (it stores ${code[0].symbol}), and at each way on which it drops its pointer to them.`
      : `Look for the code that allocates ${named} from ${cache?.name ?? 'slab memory'}, and at each way on which it drops its pointer to them.`,
    evidence: [reached(machine, facts, unreachable), ...typeItem(type), ...further.items]
  })
}

/** The module that declares the struct. */
function moduleOf(machine: MachineFacts, { id }: GroupType): string | null {
  return id === null ? null : machine.system.types?.btf?.graph.moduleOf(id) ?? null
}

function typeItem({ type, rivals, evidence }: GroupType): EvidenceItem[] {
  if (type === null) return []
  const sure = rivals === 0 ? '' : ` (${formatCount(rivals ?? 0)} other structs fit as well)`
  return [{ text: `They are struct ${type}${sure}: ${evidence.slice(0, SHOWN_REASONS).join('; ')}.`, addresses: [], code: null }]
}

/** Reasons for a type that a finding lists. */
const SHOWN_REASONS = 4
