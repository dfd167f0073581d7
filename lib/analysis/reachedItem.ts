import { hex } from '../util/hex.js'
import { formatBytes, formatCount } from '../util/units.js'
import { addressList, openCell } from './cell.js'
import type { EvidenceItem } from './finding.js'
import { lostExamples, type GroupFacts, type MachineFacts } from './leakEvidence.js'

/** What the mark and sweep says of a group, as evidence for any rule; `unreachable` of its objects. */
export function reached(machine: MachineFacts, facts: GroupFacts, unreachable: number): EvidenceItem {
  const { cache, group, retainedBytes } = facts
  const others = group.objects - unreachable
  const examples = Array.from(lostExamples(facts, 3), hex)
  const rest = others === 0 ? '' : `; the other ${formatCount(others)} are referred to`
  const retained = retainedBytes === null ? '' : ` They keep ${formatBytes(retainedBytes)} from being freed.`
  return {
    text: `No chain of references leads from the kernel's memory to ${formatCount(unreachable)} of ${formatCount(group.objects)} such objects${rest}.${retained}`,
    addresses: examples,
    code: openCell(machine.files, (dump) => cache === null ? `await references(${dump}, ${addressList(examples)})`
      : `(await reachability(${dump})).filter(d => d.cache === '${cache.name}').groupby('reachable').count()`)
  }
}
