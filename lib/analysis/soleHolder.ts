import type { KernelView } from '../slab/kernelView.js'
import { UNKNOWN } from '../slab/model.js'
import type { SymbolHit } from '../symbol/symbolTable.js'
import type { System } from '../system/system.js'
import type { Reachability } from './reachability.js'
import { spread } from './reference/markReachable.js'
import { placesOf } from './references.js'

/** A variable by which alone objects are kept alive. */
export interface Holder {
  /** `testmod_live_sessions` */
  readonly name: string
  readonly module: string | null
  readonly address: bigint
  /** How many of the objects would be lost without it. */
  readonly objects: number
  /** Whether words on stacks name some as well: of functions at work on them, or stale. */
  readonly besideStacks: boolean
}

/**
 * The one variable of the kernel or a module that keeps objects alive: without it, most of them could not be reached. Undefined where they
 * are held by several, or by none that has a name.
 *
 * @param members positions in the objects of the pass
 */
export function soleHolder(system: System, found: Reachability, members: Uint32Array): Holder | undefined {
  return holderAmong(system, found, members, () => true) ?? holderAmong(system, found, members, besideStacks(system, found.graph))
}

/** Tells roots that are on no stack, by their positions. */
function besideStacks(system: System, graph: Reachability['graph']): (root: number) => boolean {
  const places = placesOf(system, graph.index)
  const known = new Map<number, boolean>()
  return (root) => {
    let counts = known.get(root)
    if (counts === undefined) known.set(root, (counts = places.at(graph.rootWord[root]).kind !== 'stack'))
    return counts
  }
}

function holderAmong(system: System, { graph, references }: Reachability, members: Uint32Array, counts: (root: number) => boolean): Holder | undefined {
  const { kernel } = system
  const variable = kernel === undefined ? undefined : mostFrequent(samplesOf(members).map((member) => variableAbove(system, kernel, graph, member, counts)))
  if (variable === undefined) return undefined
  const { symbol, start } = variable
  const end = start + (system.symbols.bytesAt(symbol.address) ?? symbol.offset + 8)
  const isOther = (root: number): boolean => graph.rootWord[root] < start || graph.rootWord[root] >= end
  const others = graph.rootTarget.filter((_, root) => isOther(root) && counts(root))
  const reached = new Uint8Array(graph.index.objects.length)
  spread(references, others, reached)
  let lost = 0
  for (const object of members) if (reached[object] === 0 && graph.index.objects.state[object] !== UNKNOWN) lost++
  return lost < members.length * MOST ? undefined : { name: symbol.name, module: symbol.module, address: symbol.address, objects: lost, besideStacks: others.length < graph.rootTarget.filter((_, root) => isOther(root)).length }
}

/** Part of the objects that must depend on the variable. */
const MOST = 0.9
/** A group may hold a few objects of another kind: some are asked, spread over all of them. */
const SAMPLES = 5

function samplesOf(members: Uint32Array): number[] {
  const count = Math.min(SAMPLES, members.length)
  return Array.from({ length: count }, (_, i) => members[Math.floor((i * members.length) / count)])
}

interface Variable {
  readonly symbol: SymbolHit
  /** Physical. */
  readonly start: number
}

function variableAbove(system: System, kernel: KernelView, graph: Reachability['graph'], object: number, counts: (root: number) => boolean): Variable | undefined {
  const root = rootOf(graph, object, counts)
  if (root === undefined) return undefined
  const place = placesOf(system, graph.index).at(graph.rootWord[root])
  const symbol = place.kind === 'data' ? system.symbols.at(place.address) : undefined
  const start = symbol === undefined ? undefined : kernel.physicalOf(symbol.address)
  return symbol === undefined || start === undefined ? undefined : { symbol, start }
}

/** The variable that more than half of the samples hang on. */
function mostFrequent(found: readonly (Variable | undefined)[]): Variable | undefined {
  return found.find((one) => one !== undefined && found.filter((other) => other?.start === one.start).length * 2 > found.length)
}

/** The root nearest to an object, backwards along references: position among the graph's roots. */
function rootOf(graph: Reachability['graph'], object: number, counts: (root: number) => boolean): number | undefined {
  const roots = new Map<number, number>()
  graph.rootTarget.forEach((target, i) => {
    if (!roots.has(target) && counts(i)) roots.set(target, i)
  })
  const { first, other } = graph.referrers()
  const seen = new Set([object])
  for (let round = [object]; round.length > 0;) {
    const next: number[] = []
    for (const one of round) {
      const root = roots.get(one)
      if (root !== undefined) return root
      for (let edge = first[one]; edge < first[one + 1]; edge++) {
        if (seen.has(other[edge])) continue
        seen.add(other[edge])
        next.push(other[edge])
      }
    }
    round = next
  }
  return undefined
}
