import type { System } from '../system/system.js'
import type { BtfTypes } from '../type/btfTypes.js'
import { StructMatcher, type StructCandidate, type WordEvidence } from '../type/structMatch.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { leastObjectBytes } from './kmallocFamily.js'
import type { ObjectList } from './objectAddresses.js'
import { describeSignatures, type DescribedGroup, type SignaturesOptions } from './signatures.js'
import { structOfCache } from './structOfCache.js'
import { pointeeVotes } from './pointeeVotes.js'
import { wordEvidenceOf } from './wordEvidence.js'

/** How a type is known, strongest first. */
export const typeSources = ['cache', 'session', 'words', 'pointers'] as const
export type TypeSource = (typeof typeSources)[number]

/** What struct lies in the objects of a group. */
export interface GroupType {
  readonly described: DescribedGroup
  /** `seq_operations`; null where nothing tells, or what tells is too little. */
  readonly type: string | null
  /** BTF id of the struct; null where the type is not in BTF. */
  readonly id: number | null
  readonly source: TypeSource | null
  /** How many other structs explain the evidence as well: 0 for a type that is known. Null where no struct does. */
  readonly rivals: number | null
  /** One sentence each. */
  readonly evidence: readonly string[]
}

export type TypingOptions = SignaturesOptions

/**
 * Less than this is no evidence: a struct that as few words fit by chance is found among tens of thousands. 2^16 structs fit a slot;
 * half as much again is asked for.
 */
const ENOUGH_BITS = 24
/** Rounds of following pointers from objects whose type is known. */
const ROUNDS = 4
/** Objects behind which a vote of pointers stands, at least, and the part that must agree. */
const LEAST_VOTES = 2
const AGREEING = 0.9

/**
 * What struct each group of objects holds, by the cache they are in, by the prototypes of the functions they point at, by what else they
 * point at, and by the declared types of pointers that lead to them from objects already known. Without BTF, what the session
 * printed.
 *
 * @example groupTypes(dump).find(({ type }) => type === 'seq_operations')?.evidence
 */
export function groupTypes(evidence: MachineEvidence, objects?: ObjectList, options: TypingOptions = {}): GroupType[] {
  const system = systemOf(evidence)
  const groups = describeSignatures(system, objects, options)
  const types = system.types?.btf
  if (types === undefined) return groups.map(withoutBtf)
  const matcher = matcherOf(types)
  const typed = groups.map((described) => ofCache(described, types) ?? ofWords(system, described, types, matcher))
  follow(system, typed, types)
  return typed
}

/**
 * The struct of one group, without what pointers from others say: for the few groups that somebody looks at.
 *
 * @example groupType(system, described).type // 'TestModSession'
 */
export function groupType(system: System, described: DescribedGroup): GroupType {
  const types = system.types?.btf
  return types === undefined ? withoutBtf(described) : ofCache(described, types) ?? ofWords(system, described, types, matcherOf(types))
}

const matchers = new WeakMap<BtfTypes, StructMatcher>()

function matcherOf(types: BtfTypes): StructMatcher {
  let made = matchers.get(types)
  if (made === undefined) matchers.set(types, (made = new StructMatcher(types)))
  return made
}

function withoutBtf(described: DescribedGroup): GroupType {
  const { type } = described
  return { described, type: type?.type ?? null, id: null, source: type === null ? null : 'session', rivals: type === null ? null : 0, evidence: type === null ? [] : [type.basis] }
}

function ofCache(described: DescribedGroup, types: BtfTypes): GroupType | undefined {
  const struct = described.cache === null ? undefined : structOfCache(described.cache, types)
  if (struct === undefined) return undefined
  return { described, type: struct.name, id: struct.id, source: 'cache', rivals: 0, evidence: [`the cache ${described.cache!.name} holds nothing else`] }
}

function ofWords(system: System, described: DescribedGroup, types: BtfTypes, matcher: StructMatcher): GroupType {
  const { cache } = described
  const unknown: GroupType = { described, type: null, id: null, source: null, rivals: null, evidence: [] }
  const slotBytes = cache?.objectBytes ?? cache?.slotBytes
  if (slotBytes == null) return unknown
  const words = wordEvidenceOf(system, described, types, matcher)
  // Numbers and text fit almost anything: without a pointer that tells, there is nothing to go by.
  if (!words.some(tells)) return unknown
  const least = cache === null ? null : leastObjectBytes(cache, system.caches(), true)
  const options = { slotBytes, ...(least === null ? {} : { smallestBytes: least }), limit: 8 }
  const match = matcher.match(words, options)
  const best = match.candidates[0]
  if (best !== undefined && best.bits >= ENOUGH_BITS && strong(best)) return known(described, best, match.rivals)
  const inside = matcher.matchInside(words, options)
  const embedded = inside.candidates[0]
  if (embedded !== undefined && inside.rivals === 0 && embedded.bits >= ENOUGH_BITS && embedded.fits > 1) return known(described, embedded, inside.rivals)
  return unknown
}

function tells(word: WordEvidence): boolean {
  return word.kind === 'function' || word.kind === 'pointer' || word.kind === 'kin'
}

/** Not by one piece of evidence alone, nor against as many as there are for it. */
function strong({ evidence, fits, contradictions }: StructCandidate): boolean {
  return fits > 1 && contradictions * 2 < fits && evidence.some(({ kind, fits: speaksFor }) => speaksFor && (kind === 'function' || kind === 'pointer' || kind === 'kin'))
}

function known(described: DescribedGroup, candidate: StructCandidate, rivals: number): GroupType {
  const where = candidate.shift === 0 ? [] : [`it stands 0x${candidate.shift.toString(16)} bytes into the object`]
  const module = candidate.module === null ? [] : [`declared by ${candidate.module}`]
  const reasons = candidate.evidence.filter(({ kind }) => kind !== 'number' && kind !== 'module')
    .map(({ offset, text }) => `0x${offset.toString(16)}: ${text}`)
  return {
    described, type: candidate.type.replace(/^struct /, ''), id: candidate.id, source: 'words', rivals,
    evidence: [...reasons, ...module, ...where]
  }
}

/** Types the groups that objects of known type point at with members of declared type, round by round. */
function follow(system: System, typed: GroupType[], types: BtfTypes): void {
  const asked = new Set<GroupType>()
  for (let round = 0; round < ROUNDS; round++) {
    const sources = typed.filter((group) => group.id !== null && group.rivals === 0 && !asked.has(group))
    if (sources.length === 0) return
    for (const source of sources) asked.add(source)
    const votes = pointeeVotes(system, sources, typed, types)
    for (const [position, ballot] of votes) {
      const group = typed[position]
      if (group.type !== null && group.rivals === 0) continue
      const all = [...ballot.values()].reduce((sum, { votes: count }) => sum + count, 0)
      const [id, winner] = [...ballot].sort(([, a], [, b]) => b.votes - a.votes)[0]
      const slotBytes = group.described.cache?.objectBytes ?? 0
      if (winner.votes < Math.min(LEAST_VOTES, group.described.group.objects) || winner.votes < AGREEING * all) continue
      if ((types.graph.bytesOf(id) ?? Infinity) > slotBytes) continue
      typed[position] = {
        described: group.described, type: types.graph.name(id), id, source: 'pointers', rivals: 0,
        evidence: [`${winner.votes} of ${all} pointers followed to it are declared so: ${[...winner.members].slice(0, 3).join(', ')}`]
      }
    }
  }
}
