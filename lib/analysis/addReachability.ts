import type { MachineFacts } from './leakEvidence.js'
import { lostFacts } from './lostFacts.js'
import { findReachable, retainedBy, UNDECIDED, UNREACHABLE, type Reachability, type ReachabilityOptions } from './reachability.js'
import { positionsOf } from './reference/positionsOf.js'

/** Fewer orphans are what every healthy machine has: retained memory is not worked out for them. */
const WORTH_RETAINING = 16

/**
 * Puts beside each group of a dump's objects how many of them nothing leads to, and what they alone keep alive. Null where the dump cannot
 * tell. Does nothing for a transcript, whose few words say nothing of who refers to whom.
 */
export async function addReachability(machine: MachineFacts, options: ReachabilityOptions = {}): Promise<Reachability | undefined> {
  if (machine.system.kernel === undefined || machine.system.slabs === undefined) return undefined
  const found = await findReachable(machine.system, options)
  Object.assign(machine, { unreadObjects: found.graph.unread.reduce((sum, one) => sum + one, 0) })
  const lost = machine.groups.map((facts) => {
    const members = positionsOf(found.objects, facts.signatures.addressesOf(facts.group))
    const unreachable = members.filter((object) => found.reached[object] === UNREACHABLE)
    const undecided = members.reduce((count, object) => count + (found.reached[object] === UNDECIDED ? 1 : 0), 0)
    // None of few is no news of the rest.
    const decided = unreachable.length > 0 || undecided * 2 < members.length
    Object.assign(facts, {
      unreachable: decided ? unreachable.length : null,
      reachable: decided ? members.length - undecided - unreachable.length : null,
      retainedBytes: unreachable.length >= WORTH_RETAINING ? retainedBy(found, unreachable).bytes : null
    })
    return unreachable
  })
  if (lost.some(({ length }) => length >= WORTH_RETAINING)) lostFacts(machine, found, lost).forEach((facts, group) => Object.assign(machine.groups[group], { lost: facts }))
  return found
}
