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
    const { unreachable, undecided } = sorted(members, found.reached)
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

/** Which of some objects nothing leads to, and of how many the dump does not tell. */
function sorted(members: Uint32Array, reached: Uint8Array): { unreachable: Uint32Array; undecided: number } {
  const unreachable = new Uint32Array(members.length)
  let count = 0
  let undecided = 0
  for (const object of members) {
    if (reached[object] === UNREACHABLE) unreachable[count++] = object
    else if (reached[object] === UNDECIDED) undecided++
  }
  return { unreachable: unreachable.slice(0, count), undecided }
}
