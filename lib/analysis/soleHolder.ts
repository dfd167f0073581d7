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
  const { graph } = found
  let all = choices.get(graph)
  if (all === undefined) choices.set(graph, (all = chosen(graph, () => true)))
  const held = holderAmong(system, found, members, all)
  if (held !== undefined) return held
  let besideStacks = withoutStacks.get(graph)
  if (besideStacks === undefined) {
    const places = placesOf(system, graph.index)
    withoutStacks.set(graph, (besideStacks = chosen(graph, (root) => places.at(graph.rootWord[root]).kind !== 'stack')))
  }
  return holderAmong(system, found, members, besideStacks)
}

/** Some of a graph's roots. */
interface ChosenRoots {
  /** By position of the root: whether it is one of them. */
  readonly counts: Uint8Array
  /** By object: the first of them that points at it, or -1. */
  readonly of: Int32Array
}

/** Chosen once for all groups of objects: all roots, and those on no stack. */
const choices = new WeakMap<Reachability['graph'], ChosenRoots>()
const withoutStacks = new WeakMap<Reachability['graph'], ChosenRoots>()

function chosen({ rootTarget, index }: Reachability['graph'], isChosen: (root: number) => boolean): ChosenRoots {
  const counts = new Uint8Array(rootTarget.length)
  const of = new Int32Array(index.objects.length).fill(-1)
  for (let root = rootTarget.length - 1; root >= 0; root--) {
    if (!isChosen(root)) continue
    counts[root] = 1
    of[rootTarget[root]] = root
  }
  return { counts, of }
}

function holderAmong(system: System, { graph, references }: Reachability, members: Uint32Array, roots: ChosenRoots): Holder | undefined {
  const { kernel } = system
  const variable = kernel === undefined ? undefined : mostFrequent(samplesOf(members).map((member) => variableAbove(system, kernel, graph, member, roots)))
  if (variable === undefined) return undefined
  const { symbol, start } = variable
  const end = start + (system.symbols.bytesAt(symbol.address) ?? symbol.offset + 8)
  const isOther = (root: number): boolean => graph.rootWord[root] < start || graph.rootWord[root] >= end
  const others = graph.rootTarget.filter((_, root) => isOther(root) && roots.counts[root] === 1)
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

function variableAbove(system: System, kernel: KernelView, graph: Reachability['graph'], object: number, roots: ChosenRoots): Variable | undefined {
  const root = rootAbove(graph, object, roots)
  if (root < 0) return undefined
  const place = placesOf(system, graph.index).at(graph.rootWord[root])
  const symbol = place.kind === 'data' ? system.symbols.at(place.address) : undefined
  const start = symbol === undefined ? undefined : kernel.physicalOf(symbol.address)
  return symbol === undefined || start === undefined ? undefined : { symbol, start }
}

/** The variable that more than half of the samples hang on. */
function mostFrequent(found: readonly (Variable | undefined)[]): Variable | undefined {
  return found.find((one) => one !== undefined && found.filter((other) => other?.start === one.start).length * 2 > found.length)
}

/** The root nearest to an object, backwards along references: position among the graph's roots, or -1. */
function rootAbove(graph: Reachability['graph'], object: number, roots: ChosenRoots): number {
  const { first, other } = graph.referrers()
  const seen = new Set([object])
  for (let round = [object]; round.length > 0;) {
    const next: number[] = []
    for (const one of round) {
      if (roots.of[one] >= 0) return roots.of[one]
      for (let edge = first[one]; edge < first[one + 1]; edge++) {
        if (seen.has(other[edge])) continue
        seen.add(other[edge])
        next.push(other[edge])
      }
    }
    round = next
  }
  return -1
}
