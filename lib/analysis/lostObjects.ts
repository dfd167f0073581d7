import type { System } from '../system/system.js'
import { formatCount } from '../util/units.js'
import { hex } from '../util/hex.js'
import { typeText } from '../util/typeText.js'
import { cacheEvidence } from './cacheEvidence.js'
import { addressList, openCell } from './cell.js'
import { cgroupCharges, chargesItem } from './cgroupCharges.js'
import type { EvidenceItem, Finding } from './finding.js'
import { droppedObjects, lostExamples, type GroupFacts, type LeakEvidence, type MachineFacts } from './leakEvidence.js'
import { reached } from './reachedItem.js'
import { recordedAllocator } from './recordedAllocator.js'
import { findingOf } from './rule.js'
import { groupType, groupTypes, type GroupType } from './typing.js'
import { structNamed, structsOfCache } from './typing/cacheStructs.js'

/**
 * Objects of one kind that nothing leads to. Healthy machines have a handful in all: objects meant to stay for ever whose address nobody
 * keeps. Many equal ones are no accident.
 */
const ENOUGH_FOR_LEAK = 50
const ENOUGH_TO_MENTION = 16
/** So many, of a known type, leave no room for an accident. */
const ENOUGH_TO_BE_SURE = 100

/** Part of a group's words on which objects of one kind may differ. */
const MOST_VARYING = 1 / 4

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
  /** Whoever allocated them is known to be gone: evidence of its own. */
  readonly ownerGone?: boolean
  /** The telling code first; without it, what the objects name. */
  readonly symbols?: readonly string[]
}

/** All groups of so many dropped objects that a rule should speak of them. What only went with others is told with those. */
export function lostGroups({ machines }: LeakEvidence): LostGroup[] {
  return machines.flatMap((machine) => machine.groups.flatMap((facts) => {
    const { unreachable } = facts
    return unreachable === null || droppedObjects(machine, facts) < ENOUGH_TO_MENTION ? [] : [{ machine, facts, unreachable, type: typeOfLost(machine.system, facts) }]
  }))
}

/**
 * The struct of lost objects. Nothing leads to them that would tell; but those that hold the same and that something does lead to may be known,
 * and a cache that is named after one struct, and of which each object that something leads to is such, holds no other.
 */
function typeOfLost(system: System, facts: GroupFacts): GroupType {
  const own = groupType(system, facts, facts.lost?.addresses)
  const btf = system.types?.btf
  if (own.type !== null || facts.cache === null || btf === undefined) return own
  const alike = groupType(system, facts)
  if (alike.type !== null && isUniform(facts)) {
    return { ...alike, objects: facts.group.objects, evidence: [`they hold what ${formatCount(alike.objects)} others of the cache hold that are known to be such`, ...alike.evidence] }
  }
  const { named } = structsOfCache(system, facts.cache, btf)
  const told = groupTypes(system).filter(({ described, type }) => described.cache?.name === facts.cache?.name && type !== null)
  const [like] = told
  if (named.length !== 1 || like === undefined || told.some(({ id, rivals }) => id !== named[0] || rivals !== 0)) return own
  const objects = told.reduce((sum, part) => sum + part.objects, 0)
  return { ...like, described: facts, objects: facts.group.objects, evidence: [`the cache ${facts.cache.name} has a name of it`, `so are the ${formatCount(objects)} others of the cache that are known`] }
}

/** Whether the objects of a group have nearly all words in common: then they are of one kind. */
function isUniform({ words, reach }: GroupFacts): boolean {
  const used = words.filter(({ offset, class: kind }) => offset < reach.bytes && kind !== 'zero')
  return used.filter(({ class: kind }) => kind === 'varying').length <= used.length * MOST_VARYING
}

/** A struct by its name, or what stands for one. */
export function namedObjects({ type }: GroupType): string {
  return type === null ? 'objects' : typeText(type)
}

/** The finding of a rule on lost objects: how many, whose they are, and how sure that is. */
export function lostFinding(evidence: LeakEvidence, { machine, facts, unreachable, type }: LostGroup, story: LostStory): Finding {
  const further = cacheEvidence(evidence, facts.cache?.name ?? null)
  const code = facts.words.filter((word) => (word.class === 'module text' || word.class === 'kernel text') && word.symbol !== null)
  const dropped = droppedObjects(machine, facts)
  const leak = dropped >= ENOUGH_FOR_LEAK
  const allocator = recordedAllocator(machine, facts)
  const charges = facts.lost === undefined ? undefined : cgroupCharges(machine.system, facts.lost.addresses)
  const agrees = further.agrees || story.ownerGone === true || (charges !== undefined && charges.removed.objects >= ENOUGH_FOR_LEAK)
  const name = allocator?.function ?? null
  return findingOf(facts, {
    verdict: leak ? 'leak' : 'maybe',
    confidence: leak && dropped >= ENOUGH_TO_BE_SURE && (type.rivals === 0 || agrees) ? 'certain' : leak ? 'likely' : 'weak',
    type: type.type,
    module: facts.words.find((word) => word.module !== null)?.module ?? moduleOf(machine, type) ?? allocator?.module ?? null,
    symbols: [...new Set([...(story.symbols ?? code.map(({ symbol }) => symbol!)), ...(name === null ? [] : [name])])],
    rule: story.rule,
    hypothesis: story.hypothesis,
    fix: name === null ? story.fix : story.fix.replace(/\.$/, `; ${name} allocates them.`),
    evidence: [
      reached(machine, facts, unreachable), ...takenItem(machine, facts), ...typeItem(machine, facts, type), ...(story.items ?? []),
      ...(allocator === undefined ? [] : [allocator.item]), ...(charges === undefined ? [] : chargesItem(machine, facts.cache?.name ?? '', charges)), ...further.items
    ]
  })
}

/** The module that declares the struct. */
function moduleOf(machine: MachineFacts, { id }: GroupType): string | null {
  return id === null ? null : machine.system.types?.btf?.graph.moduleOf(id) ?? null
}

/** What is lost with them: it is named here, and accuses nobody by itself. */
function takenItem(machine: MachineFacts, { lost }: GroupFacts): EvidenceItem[] {
  const takes = lost?.takes.filter(({ objects }) => objects >= ENOUGH_TO_MENTION).slice(0, SHOWN_TAKEN) ?? []
  if (takes.length === 0) return []
  const texts = takes.map(({ facts, objects }) => `${formatCount(objects)} ${namedObjects(groupType(machine.system, facts))} in ${facts.cache?.name ?? 'slab memory'}`)
  const examples = takes.map(({ facts }) => hex(lostExamples(facts, 1)[0]))
  return [{
    text: `With them go ${texts.join(', ')}: nothing else refers to these.`, addresses: examples,
    code: openCell(machine.files, (dump) => `await references(${dump}, ${addressList(examples)})`)
  }]
}

/** Kinds of objects that a finding lists as lost with others. */
const SHOWN_TAKEN = 6

function typeItem(machine: MachineFacts, facts: GroupFacts, type: GroupType): EvidenceItem[] {
  if (type.type === null) return []
  const sure = type.rivals === 0 ? '' : ` (${formatCount(type.rivals ?? 0)} other structs fit as well)`
  return [{ text: `They are ${namedObjects(type)}${sure}: ${type.evidence.slice(0, SHOWN_REASONS).join('; ')}.${otherName(machine.system, facts, type)}`, addresses: [], code: null }]
}

/** Why they lie in a cache of another name: the one of theirs was merged into it. */
function otherName({ types }: System, { cache }: GroupFacts, { id }: GroupType): string {
  const btf = types?.btf
  if (btf === undefined || id === null || cache === null) return ''
  const alias = cache.aliases.find((name) => structNamed(name, cache.objectBytes ?? 0, btf) === id)
  return alias === undefined ? '' : ` ${alias} was merged into ${cache.name}.`
}

/** Reasons for a type that a finding lists. */
const SHOWN_REASONS = 4
