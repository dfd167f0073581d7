import type { ColumnTable } from 'arquero'
import { describedTable } from '../table/columns.js'
import { addReachability } from './addReachability.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { rankFindings, type Finding } from './finding.js'
import { evidenceOf, type LeakEvidence } from './leakEvidence.js'
import type { Rule } from './rule.js'
import { growingCache } from './rules/growingCache.js'
import { rules as builtIn } from './rules/index.js'

export interface SuspectsOptions {
  /** Instead of the built-in {@link rules}; add to them with `[...rules, ownRule]`. */
  readonly rules?: readonly Rule[]
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, objects: number) => void
}

/**
 * Who is suspected, worst and surest first: columns verdict, confidence, cache, type, objects, bytes, retainedBytes, unreachable, module,
 * symbols, rule, hypothesis, fix, evidence. Each item of `evidence` says what was seen, at which addresses, and holds the code of a
 * notebook cell that recomputes it.
 *
 * @example (await suspects(await openDump('session.crash.txt'))).objects()[0].symbols // ['TestMod_ProcContentSeqShow', …]
 */
export async function suspects(evidence: MachineEvidence | LeakEvidence, options: SuspectsOptions = {}): Promise<ColumnTable> {
  return suspectsTable(await findSuspects(evidence, options))
}

/** The same as {@link suspects}, as a list. */
export async function findSuspects(evidence: MachineEvidence | LeakEvidence, options: SuspectsOptions = {}): Promise<Finding[]> {
  const facts = 'machines' in evidence ? evidence : evidenceOf(systemOf(evidence), options)
  for (const machine of facts.machines) await addReachability(machine, options.signal === undefined ? {} : { signal: options.signal })
  const found: Finding[] = []
  for (const rule of options.rules ?? builtIn) {
    options.signal?.throwIfAborted()
    found.push(...(await rule.find(facts)).filter((finding) => isNew(finding, found)))
  }
  // A cache whose objects name the code needs no second entry that only says that it grows.
  const explained = new Set(found.filter((finding) => finding.rule !== growingCache.name && finding.verdict !== 'not a leak').map(({ cache }) => cache))
  return rankFindings(found.filter((finding) => finding.rule !== growingCache.name || !explained.has(finding.cache)))
}

/** Whether no rule before has accused the same lost objects: what is said further up explains more. */
function isNew({ cache, objects, unreachable, verdict }: Finding, before: readonly Finding[]): boolean {
  if (unreachable === null || verdict === 'not a leak') return true
  return !before.some((known) => known.verdict !== 'not a leak' && known.cache === cache && known.objects === objects && known.unreachable === unreachable)
}

/** Findings as the table of {@link suspects}. */
export function suspectsTable(findings: readonly Finding[]): ColumnTable {
  const keys = ['verdict', 'confidence', 'cache', 'type', 'objects', 'bytes', 'retainedBytes', 'unreachable', 'module', 'symbols', 'rule', 'hypothesis', 'fix', 'evidence'] as const
  return describedTable(Object.fromEntries(keys.map((key) => [key, findings.map((finding) => finding[key])])))
}
