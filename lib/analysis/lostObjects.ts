import { formatCount } from '../util/units.js'
import { cacheEvidence } from './cacheEvidence.js'
import type { EvidenceItem, Finding } from './finding.js'
import type { GroupFacts, LeakEvidence, MachineFacts } from './leakEvidence.js'
import { reached } from './reachedItem.js'
import { findingOf } from './rule.js'
import { groupType, type GroupType } from './typing.js'

/**
 * Objects of one kind that nothing leads to. Healthy machines have a handful in all: objects meant to stay for ever whose address nobody
 * keeps. Many equal ones are no accident.
 */
const ENOUGH_FOR_LEAK = 50
const ENOUGH_TO_MENTION = 16
/** So many, of a known type, leave no room for an accident. */
const ENOUGH_TO_BE_SURE = 100

/** Objects of one kind that nothing refers to, with the struct that they hold. */
export interface LostGroup {
  readonly machine: MachineFacts
  readonly facts: GroupFacts
  readonly unreachable: number
  readonly type: GroupType
}

/** What a rule knows of lost objects beyond that they are lost. */
export interface LostStory {
  readonly rule: string
  readonly hypothesis: string
  readonly fix: string
  /** What else speaks for it. */
  readonly items?: readonly EvidenceItem[]
  /** The telling code first; without it, what the objects name. */
  readonly symbols?: readonly string[]
}

/** All groups of so many lost objects that a rule should speak of them. */
export function lostGroups({ machines }: LeakEvidence): LostGroup[] {
  return machines.flatMap((machine) => machine.groups.flatMap((facts) => {
    const { unreachable } = facts
    return unreachable === null || unreachable < ENOUGH_TO_MENTION ? [] : [{ machine, facts, unreachable, type: groupType(machine.system, facts) }]
  }))
}

/** A struct by its name, or what stands for one. */
export function namedObjects({ type }: GroupType): string {
  return type === null ? 'objects' : type.endsWith('[]') || type.startsWith('union ') ? type : `struct ${type}`
}

/** The finding of a rule on lost objects: how many, whose they are, and how sure that is. */
export function lostFinding(evidence: LeakEvidence, { machine, facts, unreachable, type }: LostGroup, story: LostStory): Finding {
  const further = cacheEvidence(evidence, facts.cache?.name ?? null)
  const code = facts.words.filter((word) => (word.class === 'module text' || word.class === 'kernel text') && word.symbol !== null)
  const leak = unreachable >= ENOUGH_FOR_LEAK
  return findingOf(facts, {
    verdict: leak ? 'leak' : 'maybe',
    confidence: leak && unreachable >= ENOUGH_TO_BE_SURE && (type.rivals === 0 || further.agrees) ? 'certain' : leak ? 'likely' : 'weak',
    type: type.type,
    module: facts.words.find((word) => word.module !== null)?.module ?? moduleOf(machine, type),
    symbols: story.symbols ?? code.map(({ symbol }) => symbol!),
    rule: story.rule,
    hypothesis: story.hypothesis,
    fix: story.fix,
    evidence: [reached(machine, facts, unreachable), ...typeItem(type), ...(story.items ?? []), ...further.items]
  })
}

/** The module that declares the struct. */
function moduleOf(machine: MachineFacts, { id }: GroupType): string | null {
  return id === null ? null : machine.system.types?.btf?.graph.moduleOf(id) ?? null
}

function typeItem(type: GroupType): EvidenceItem[] {
  if (type.type === null) return []
  const sure = type.rivals === 0 ? '' : ` (${formatCount(type.rivals ?? 0)} other structs fit as well)`
  return [{ text: `They are ${namedObjects(type)}${sure}: ${type.evidence.slice(0, SHOWN_REASONS).join('; ')}.`, addresses: [], code: null }]
}

/** Reasons for a type that a finding lists. */
const SHOWN_REASONS = 4
