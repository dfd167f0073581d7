import { BtfKind } from '../source/btf.js'
import type { TypeGraph } from './typeGraph.js'

export interface Enumerator {
  readonly name: string
  readonly value: bigint
}

/** The enumerators of an enum, in the order of its declaration. */
export function enumeratorsOf(graph: TypeGraph, id: number): Enumerator[] {
  const stride = graph.kind(id) === BtfKind.ENUM64 ? 3 : 2
  return Array.from({ length: graph.vlen(id) }, (_, i) => {
    const word = graph.body(id) + i * stride
    return { name: graph.string(graph.words[word]), value: enumeratorAt(graph, id, word) }
  })
}

/** The value of an enumerator of enum `id` whose record starts at `word`. */
export function enumeratorAt(graph: TypeGraph, id: number, word: number): bigint {
  if (graph.kind(id) === BtfKind.ENUM64) {
    const value = (BigInt(graph.words[word + 2]) << 32n) | BigInt(graph.words[word + 1])
    return enumIsSigned(graph, id) ? BigInt.asIntN(64, value) : value
  }
  const value = BigInt(graph.words[word + 1])
  return enumIsSigned(graph, id) ? BigInt.asIntN(32, value) : value
}

/** kind_flag tells it since Linux 6.1. Where no enum has the flag, the encoder did not know it, and all values were signed. */
export function enumIsSigned(graph: TypeGraph, id: number): boolean {
  return graph.kindFlag(id) || !graph.enumsTellSign
}

/**
 * A value by its enumerator's name, as gdb prints it: of an enum of single bits `(READ | WRITE)`, `(READ | unknown: 0x40)`;
 * of any other, the number where no name fits.
 */
export function enumText(graph: TypeGraph, id: number, value: bigint): string {
  const list = enumeratorsOf(graph, id)
  const exact = list.find((enumerator) => enumerator.value === value)
  if (exact !== undefined) return exact.name
  if (!isFlags(list)) return value.toString()
  const names: string[] = []
  let rest = value
  for (const flag of list) {
    if ((rest & flag.value) === 0n) continue
    names.push(flag.name)
    rest &= ~flag.value
  }
  if (rest !== 0n) names.push(`unknown: 0x${rest.toString(16)}`)
  return names.length === 0 ? '0' : `(${names.join(' | ')})`
}

/** Whether an enum is one of flags: no negative value, and every one a run of bits that no other shares in part. */
function isFlags(list: readonly Enumerator[]): boolean {
  for (const { value } of list) {
    if (value < 0n) return false
    const bits = value.toString(2)
    if (!/^1*0*$/.test(bits)) return false
  }
  return true
}
