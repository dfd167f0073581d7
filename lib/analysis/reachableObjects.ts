import type { ReferenceGraph } from './reference/referenceGraph.js'

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
  const next = first.slice()
  for (let edge = 0; edge < near.length; edge++) other[next[near[edge]]++] = far[edge]
  return { first, other }
}

/**
 * Mark and sweep: 1 for each object that a chain of references leads to from the roots. Unreferenced cycles stay 0.
 */
export function markReachable(graph: ReferenceGraph, references: Adjacency): Uint8Array {
  const reached = new Uint8Array(graph.index.objects.length)
  const work = new Uint32Array(reached.length)
  let waiting = 0
  for (const object of graph.rootTarget) {
    if (reached[object] === 1) continue
    reached[object] = 1
    work[waiting++] = object
  }
  while (waiting > 0) {
    const object = work[--waiting]
    for (let edge = references.first[object]; edge < references.first[object + 1]; edge++) {
      const target = references.other[edge]
      if (reached[target] === 1) continue
      reached[target] = 1
      work[waiting++] = target
    }
  }
  return reached
}
