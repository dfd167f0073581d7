import type { Finding } from './finding.js'
import type { GroupFacts, LeakEvidence, MachineFacts } from './leakEvidence.js'

/**
 * A pattern of leaks: looks at the evidence and says what it found. A rule states what it saw and where, never more than the evidence
 * supports, and gives the fix in one sentence. It finds nothing where it has nothing to say.
 *
 * One's own rules are passed beside the built-in ones:
 *
 * @example
 * const emptySockets: Rule = {
 *   name: 'sockets nobody closed',
 *   text: 'struct sock in its own cache, more than a million',
 *   find: ({ machines }) => machines.flatMap(({ groups }) => groups
 *     .filter(({ cache, group }) => cache?.name === 'TCP' && group.objects > 1e6)
 *     .map((facts) => findingOf(facts, { verdict: 'maybe', confidence: 'weak', … })))
 * }
 * await suspects(dump, { rules: [...rules, emptySockets] })
 */
export interface Rule {
  /** Short, as a report names it. */
  readonly name: string
  /** What it looks for, in one sentence. */
  readonly text: string
  find(evidence: LeakEvidence): readonly Finding[] | Promise<readonly Finding[]>
}

/** A finding about a group: counts and memory come from the group, the rest from the rule. */
export function findingOf(
  facts: GroupFacts,
  told: Omit<Finding, 'cache' | 'objects' | 'bytes' | 'unreachable' | 'retainedBytes' | 'type'> & { readonly type?: string | null }
): Finding {
  const { cache, group, type, unreachable, retainedBytes } = facts
  return {
    ...told, cache: cache?.name ?? null, type: told.type ?? type?.type ?? null, objects: group.objects,
    bytes: cache?.slotBytes == null ? null : group.objects * cache.slotBytes, unreachable, retainedBytes
  }
}

/** Whether all allocated objects of the group's cache were looked at, or only some that somebody read. */
export function isSample({ system }: MachineFacts): boolean {
  return system.kind === 'transcript'
}
