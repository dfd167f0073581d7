import type { System } from '../system/system.js'
import { REACHABLE, type Reachability } from './reachability.js'
import { placesOf } from './references.js'
import type { WordPlace } from './reference/wordPlaces.js'
import { referringMember } from './referringMember.js'
import { word64, wordsOf } from './typing/groupContents.js'

/** What refers to objects of one kind. */
export interface Holders {
  /** Objects that were looked at. */
  readonly asked: number
  /** By what so many of these are referred to: `device.p`, `kmalloc-64+0x10`, `workqueues+0x0`. The most frequent first; what has no name last. */
  readonly places: readonly { readonly name: string; readonly objects: number }[]
}

/** Objects that are asked for what refers to them, spread evenly. */
const SAMPLES = 64
const WORD_BYTES = 8

/**
 * What refers to objects: members of structs, as far as it is known what lies in the objects that refer to them, and places outside of slabs.
 *
 * @param members positions in the objects of the pass; those that nothing leads to are not asked
 */
export function holdersOf(system: System, { graph, reached }: Reachability, members: Uint32Array): Holders {
  const { index } = graph
  const alive = members.filter((object) => reached[object] === REACHABLE)
  const step = Math.max(1, alive.length / SAMPLES)
  const names = new Map<number, Set<string>>()
  for (let i = 0; i < Math.min(SAMPLES, alive.length); i++) names.set(alive[Math.floor(i * step)], new Set())
  const { first, other } = graph.referrers()
  for (const [target, found] of names) {
    for (let edge = first[target]; edge < first[target + 1]; edge++) found.add(memberNamed(system, graph, other[edge], target))
  }
  const places = placesOf(system, index)
  graph.rootTarget.forEach((target, root) => names.get(target)?.add(rootNamed(places.at(graph.rootWord[root]))))
  const counts = new Map<string, number>()
  for (const found of names.values()) for (const name of found) counts.set(name, (counts.get(name) ?? 0) + 1)
  return { asked: names.size, places: [...counts].map(([name, objects]) => ({ name, objects })).sort((a, b) => Number(nameless.has(a.name)) - Number(nameless.has(b.name)) || b.objects - a.objects || a.name.localeCompare(b.name)) }
}

/** Places that tell nothing of who refers to an object. */
export const nameless: ReadonlySet<string> = new Set(['a stack', 'a page of the kernel', 'a vmalloc area', 'a per-CPU area'])

/** Stacks of many tasks are one kind of place. */
function rootNamed({ kind, text }: WordPlace): string {
  if (kind === 'stack') return 'a stack'
  return text ?? (kind === 'page' ? 'a page of the kernel' : kind === 'vmalloc' ? 'a vmalloc area' : kind === 'per-CPU' ? 'a per-CPU area' : kind)
}

/** The member, of an object that refers to another, that does. */
function memberNamed(system: System, { index }: Reachability['graph'], object: number, target: number): string {
  const { memory } = system
  const { objects } = index
  const bytes = index.payloadBytes(object)
  const content = memory.tryRead(objects.address[object], bytes - (bytes % WORD_BYTES))
  const words = typeof content === 'string' ? new Uint32Array(0) : wordsOf(content, memory.littleEndian)
  let at = 0
  while (at < words.length && index.targetOf(words[at], words[at + 1]) !== target) at += 2
  const { type, member } = at < words.length ? referringMember(system, index, object, at * 4, word64(words, at), target, true) : { type: null, member: null }
  return member === null ? `${type ?? objects.caches[objects.cache[object]].name}+0x${(at * 4).toString(16)}` : `${type}.${member}`
}
