import type { ReferenceGraph } from './referenceGraph.js'

/** References as lists: those of object `i` are entries `first[i]` to `first[i + 1]` of `other`. */
export interface Adjacency {
  readonly first: Uint32Array
  readonly other: Uint32Array
}

/** Sorts references by the object at one end. */
export function adjacency(objects: number, near: Uint32Array, far: Uint32Array): Adjacency {
  const first = new Uint32Array(objects + 1)
  for (let edge = 0; edge < near.length; edge++) first[near[edge] + 1]++
  for (let object = 0; object < objects; object++) first[object + 1] += first[object]
  const other = new Uint32Array(near.length)
  // Each entry moves to where the next object's list begins while its own is filled.
  for (let edge = 0; edge < near.length; edge++) other[first[near[edge]]++] = far[edge]
  first.copyWithin(1, 0, objects)
  first[0] = 0
  return { first, other }
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
