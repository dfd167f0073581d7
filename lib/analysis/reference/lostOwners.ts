import type { Adjacency } from './markReachable.js'

export interface LostObjects {
  /** Group of each lost object, by position of the object; {@link NOT_LOST} for the others. */
  readonly groupOf: Int32Array
  /** References from objects, and to objects. */
  readonly references: Adjacency
  referrers(): Adjacency
  /** Whether a group's kind owns others that it refers to and that refer back. Where none of a cycle does, each counts for itself. */
  isOwner(group: number): boolean
}

export const NOT_LOST = -1

/**
 * Who lost what: an object that only other lost objects refer to is not lost itself, but goes with those. Of each lost object the group whose
 * objects take it along: its own where nothing lost refers to it, or only its like.
 */
export function lostOwners({ groupOf, references, referrers, isOwner }: LostObjects): Int32Array {
  const owner = new Int32Array(groupOf.length).fill(NOT_LOST)
  own(withoutReferrers(groupOf, references), groupOf, references, owner)
  const rest: number[] = []
  for (let object = 0; object < owner.length; object++) if (groupOf[object] !== NOT_LOST && owner[object] === NOT_LOST) rest.push(object)
  if (rest.length === 0) return owner
  const heads = cyclesOnTop(rest, owner, groupOf, references, referrers()).flatMap((cycle) => {
    const owners = cycle.filter((object) => isOwner(groupOf[object]))
    return owners.length > 0 ? owners : cycle
  })
  own(heads, groupOf, references, owner)
  return owner
}

function withoutReferrers(groupOf: Int32Array, { first, other }: Adjacency): Uint32Array {
  const held = new Uint8Array(groupOf.length)
  for (let object = 0; object < groupOf.length; object++) {
    if (groupOf[object] === NOT_LOST) continue
    for (let edge = first[object]; edge < first[object + 1]; edge++) held[other[edge]] = 1
  }
  const heads = new Uint32Array(groupOf.length)
  let count = 0
  for (let object = 0; object < groupOf.length; object++) if (groupOf[object] !== NOT_LOST && held[object] === 0) heads[count++] = object
  return heads.subarray(0, count)
}

/** Hands ownership on along references, in rounds: who is nearest owns. */
function own(heads: Uint32Array | readonly number[], groupOf: Int32Array, { first, other }: Adjacency, owner: Int32Array): void {
  for (const head of heads) owner[head] = groupOf[head]
  for (let round: Uint32Array | readonly number[] = heads; round.length > 0;) {
    const next: number[] = []
    for (const object of round) {
      for (let edge = first[object]; edge < first[object + 1]; edge++) {
        const target = other[edge]
        if (groupOf[target] === NOT_LOST || owner[target] !== NOT_LOST) continue
        owner[target] = owner[object]
        next.push(target)
      }
    }
    round = next
  }
}

/**
 * The cycles among objects that no other object of these refers to. Where searches begin one after the other at what none before has reached,
 * each such cycle holds the beginning of one; and going backwards through the beginnings, it is those that no later one reaches.
 */
function cyclesOnTop(objects: readonly number[], owner: Int32Array, groupOf: Int32Array, references: Adjacency, referrers: Adjacency): number[][] {
  const isOutside = (object: number): boolean => groupOf[object] === NOT_LOST || owner[object] !== NOT_LOST
  const seen = new Uint8Array(owner.length)
  const starts = objects.filter((object) => closure(object, references, seen, isOutside).length > 0)
  seen.fill(0)
  const members = new Uint8Array(owner.length)
  return starts.reverse().flatMap((start) => closure(start, references, seen, isOutside).length > 0 ? [closure(start, referrers, members, isOutside)] : [])
}

/** What a search from an object reaches that none has seen. */
function closure(start: number, { first, other }: Adjacency, seen: Uint8Array, isOutside: (object: number) => boolean): number[] {
  if (seen[start] === 1) return []
  const found = [start]
  seen[start] = 1
  for (let next = 0; next < found.length; next++) {
    for (let edge = first[found[next]]; edge < first[found[next] + 1]; edge++) {
      const target = other[edge]
      if (seen[target] === 1 || isOutside(target)) continue
      seen[target] = 1
      found.push(target)
    }
  }
  return found
}
