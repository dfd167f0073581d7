import { BtfKind } from '../source/btf.js'
import type { TypeGraph } from './typeGraph.js'

/** A per-CPU variable: the only kind of variable that BTF describes on all kernels. */
export interface PerCpuVariable {
  /** Bytes from the start of the per-CPU section. */
  readonly offset: number
  readonly bytes: number
  /** Id of its type. */
  readonly type: number
}

/** The section of per-CPU variables (Linux include/asm-generic/vmlinux.lds.h). */
const section = '.data..percpu'
/** Words of a `struct btf_var_secinfo` {type, offset, size}. */
const ENTRY_WORDS = 3

/**
 * The kernel's own per-CPU variables by name, as the data section in its BTF has them. A name that comes twice keeps its first place.
 *
 * @example perCpuVariables(types.graph).get('runqueues')?.offset
 */
export function perCpuVariables(graph: TypeGraph): Map<string, PerCpuVariable> {
  const variables = new Map<string, PerCpuVariable>()
  for (const id of graph.ofKind(BtfKind.DATASEC)) {
    if (id >= graph.kernelEndId || graph.name(id) !== section) continue
    let word = graph.body(id)
    for (let i = graph.vlen(id); i > 0; i--, word += ENTRY_WORDS) {
      const variable = graph.words[word]
      if (variable === 0 || variable >= graph.endId || graph.kind(variable) !== BtfKind.VAR) continue
      const name = graph.name(variable)
      if (!variables.has(name)) variables.set(name, { offset: graph.words[word + 1], bytes: graph.words[word + 2], type: graph.sizeOrType(variable) })
    }
  }
  return variables
}
