import { SlablabError } from '../errors.js'
import { BtfKind, mapNames, mapReferences, type Btf } from '../source/btf.js'
import { BtfTypes } from './btfTypes.js'
import { TypeGraph } from './typeGraph.js'

/**
 * Puts a module's BTF that was split from a distilled base onto its kernel's. A distilled base (`.BTF.base`, Linux 6.11 and pahole 1.28) holds
 * only names and sizes of the kernel's types that the module uses, so that the module outlives a rebuild of the kernel.
 * The kernel does the same when it loads the module (kernel/bpf/btf_relocate.c); its memory holds the result.
 *
 * @param split read with the distilled base as its base
 * @param kernel what to put it on
 * @throws SlablabError where a type of the base is not in the kernel, or has another size
 */
export function relocateBtf(split: Btf, kernel: Btf): Btf {
  const { base } = split
  if (base === undefined) throw new SlablabError(`${split.name} is not split from anything: there is nothing to relocate`)
  const target = new BtfTypes(new TypeGraph(kernel))
  const distilled = new TypeGraph(base)
  const map = new Uint32Array(base.endId)
  for (let id = 1; id < base.endId; id++) map[id] = match(distilled, id, target, split.name)
  const words = split.words.slice()
  const starts = split.starts.slice()
  mapReferences(words, starts, 0, (id) => (id < base.endId ? map[id] : id - base.endId + kernel.endId))
  // Names of the distilled base come along, in front of the module's own.
  const strings = new Uint8Array(base.strings.length + split.strings.length)
  strings.set(base.strings)
  strings.set(split.strings, base.strings.length)
  mapNames(words, starts, 0, (offset) => (offset === 0 ? 0 : offset + kernel.strings.length))
  return {
    name: split.name,
    littleEndian: split.littleEndian,
    base: kernel,
    firstId: kernel.endId,
    endId: kernel.endId + split.starts.length,
    words,
    starts,
    strings,
    firstString: kernel.strings.length
  }
}

/** What a distilled type may stand for in the kernel: a declaration is enough where only a pointer is needed. */
const standsFor: Readonly<Record<number, readonly number[]>> = {
  [BtfKind.INT]: [BtfKind.INT],
  [BtfKind.FLOAT]: [BtfKind.FLOAT],
  [BtfKind.STRUCT]: [BtfKind.STRUCT],
  [BtfKind.UNION]: [BtfKind.UNION],
  [BtfKind.ENUM]: [BtfKind.ENUM, BtfKind.ENUM64],
  [BtfKind.ENUM64]: [BtfKind.ENUM64, BtfKind.ENUM],
  [BtfKind.FWD]: [BtfKind.STRUCT, BtfKind.UNION, BtfKind.FWD]
}

function match(distilled: TypeGraph, id: number, target: BtfTypes, module: string): number {
  const { graph } = target
  const kind = distilled.kind(id)
  const name = distilled.name(id)
  const bytes = distilled.sizeOrType(id)
  const kinds = standsFor[kind] ?? []
  // A declaration says by its flag whether it is a union.
  const isUnion = kind === BtfKind.FWD && distilled.kindFlag(id)
  const candidates = target.findAll(name).filter((candidate) => {
    const found = graph.kind(candidate)
    if (!kinds.includes(found)) return false
    if (kind === BtfKind.FWD) return found === BtfKind.FWD ? graph.kindFlag(candidate) === isUnion : (found === BtfKind.UNION) === isUnion
    return graph.sizeOrType(candidate) === bytes
  })
  if (candidates.length === 0) throw new SlablabError(`${module}: its base type ${name || id} (${bytes} bytes) is not in this kernel`)
  return candidates[0]
}
