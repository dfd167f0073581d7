import type { ReferenceGraph } from './referenceGraph.js'

/** References as lists: those of object `i` are entries `first[i]` to `first[i + 1]` of `other`. */
export interface Adjacency {
  readonly first: Uint32Array
  readonly other: Uint32Array
}

/** References by the object at one end. Where they come in its order, as a pass over memory finds those of objects, `far` is used as it is. */
export function adjacency(objects: number, near: Uint32Array, far: Uint32Array): Adjacency {
  const first = new Uint32Array(objects + 1)
  let next = 0
  for (let edge = 0; edge < near.length; edge++) {
    const object = near[edge]
    if (object + 1 < next) return sortedAdjacency(objects, near, far)
    if (object + 1 === next) continue
    first.fill(edge, next, object + 1)
    next = object + 1
  }
  first.fill(near.length, next)
  return { first, other: far }
}

function sortedAdjacency(objects: number, near: Uint32Array, far: Uint32Array): Adjacency {
  // One place behind its own, so that each entry moves to where its list ends, and the next one begins, while the list is filled.
  const places = new Uint32Array(objects + 2)
  for (let edge = 0; edge < near.length; edge++) places[near[edge] + 2]++
  for (let object = 2; object < places.length; object++) places[object] += places[object - 1]
  const other = new Uint32Array(near.length)
  for (let edge = 0; edge < near.length; edge++) other[places[near[edge] + 1]++] = far[edge]
  return { first: places.subarray(0, objects + 1), other }
}

/**
 * Mark and sweep: 1 for each object that a chain of references leads to from the roots. Unreferenced cycles stay 0.
 *
 * @param without objects (1) through which no chain may lead: what is then not reached lives by them alone
 */
export function markReachable(graph: ReferenceGraph, references: Adjacency, without?: Uint8Array): Uint8Array {
  const reached = new Uint8Array(graph.index.objects.length)
  spread(references, graph.rootTarget, reached, without)
  return reached
}

/** Marks (1) everything that chains of references lead to from `starts`, these included; `reached` and `without` are not entered. */
export function spread(references: Adjacency, starts: Iterable<number>, reached: Uint8Array, without?: Uint8Array): void {
  const work = new Uint32Array(reached.length)
  let waiting = 0
  const enter = (object: number): void => {
    if (reached[object] === 1 || without?.[object] === 1) return
    reached[object] = 1
    work[waiting++] = object
  }
  for (const object of starts) enter(object)
  while (waiting > 0) {
    const object = work[--waiting]
    for (let edge = references.first[object]; edge < references.first[object + 1]; edge++) enter(references.other[edge])
  }
}
