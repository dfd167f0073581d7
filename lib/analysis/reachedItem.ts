import { hex } from '../util/hex.js'
import { formatBytes, formatCount } from '../util/units.js'
import { addressList, openCell } from './cell.js'
import type { EvidenceItem } from './finding.js'
import { lostExamples, type GroupFacts, type MachineFacts } from './leakEvidence.js'

/** What the mark and sweep says of a group, as evidence for any rule; `unreachable` of its objects. */
export function reached(machine: MachineFacts, facts: GroupFacts, unreachable: number): EvidenceItem {
  const { cache, group, reachable, retainedBytes } = facts
  const examples = Array.from(lostExamples(facts, 3), hex)
  const retained = retainedBytes === null ? '' : ` They keep ${formatBytes(retainedBytes)} from being freed.`
  return {
    text: `No chain of references leads from the kernel's memory to ${formatCount(unreachable)} of ${formatCount(group.objects)} such objects${rest(group.objects, unreachable, reachable)}.${retained}`,
    addresses: examples,
    code: openCell(machine.files, (dump) => cache === null ? `await references(${dump}, ${addressList(examples)})`
      : `(await reachability(${dump})).filter(d => d.cache === '${cache.name}').groupby('reachable').count()`)
  }
}

function rest(objects: number, unreachable: number, reachable: number | null): string {
  if (reachable === null) return ''
  const unknown = objects - unreachable - reachable
  const others = reachable === 1 ? 'one is' : `${formatCount(reachable)} are`
  return (reachable === 0 ? '' : `; ${unknown === 0 ? 'the other ' : ''}${others} referred to`) + (unknown === 0 ? '' : `; of ${formatCount(unknown)} the dump does not tell`)
}
