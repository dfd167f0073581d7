import { BtfKind } from '../source/btf.js'
import { Budget } from './budget.js'
import { DEEPEST_CHAIN, type TypeGraph } from './typeGraph.js'

/** How C calls the kinds that have a tag. */
export const tagWord: Readonly<Record<number, string>> = {
  [BtfKind.STRUCT]: 'struct',
  [BtfKind.UNION]: 'union',
  [BtfKind.ENUM]: 'enum',
  [BtfKind.ENUM64]: 'enum'
}

const qualifierWord: Readonly<Record<number, string>> = {
  [BtfKind.CONST]: 'const',
  [BtfKind.VOLATILE]: 'volatile',
  [BtfKind.RESTRICT]: 'restrict'
}

/**
 * Writes a declaration as C does, inside out: `declarator(graph, id, 'start')` is `void *(*start)(struct seq_file *, loff_t *)`.
 * An empty name gives the type alone. `body` writes what stands for a type without a name (default: `struct {...}`).
 */
export function declarator(graph: TypeGraph, id: number, name = '', body: (id: number) => string = unnamed(graph)): string {
  return write(graph, id, name, body, 0, new Budget(LONGEST))
}

/** `struct {...}`: a type without a name where nobody asked for its members. */
export function unnamed(graph: TypeGraph): (id: number) => string {
  return (id) => `${tagWord[graph.kind(id)]} {...}`
}

/** Steps that one declaration may take: functions that take functions that take themselves have no end. */
const LONGEST = 4000

function write(graph: TypeGraph, id: number, name: string, body: (id: number) => string, depth: number, budget: Budget): string {
  let inner = name
  let qualifiers: string[] = []
  for (; depth < DEEPEST_CHAIN && budget.spend(); depth++) {
    const kind = graph.kind(id)
    switch (kind) {
      case BtfKind.CONST:
      case BtfKind.VOLATILE:
      case BtfKind.RESTRICT:
        if (!qualifiers.includes(qualifierWord[kind])) qualifiers.push(qualifierWord[kind])
        id = graph.sizeOrType(id)
        continue
      case BtfKind.TYPE_TAG:
      case BtfKind.DECL_TAG:
        id = graph.sizeOrType(id)
        continue
      case BtfKind.PTR:
        // Qualifiers met before a pointer are the pointer's own: `char * const name`.
        inner = qualifiers.length > 0 ? `* ${qualifiers.join(' ')}${inner === '' ? '' : ` ${inner}`}` : `*${inner}`
        qualifiers = []
        id = graph.sizeOrType(id)
        continue
      case BtfKind.ARRAY: {
        const elements = graph.words[graph.body(id) + 2]
        // An array without elements is one of unknown length, at the end of a struct.
        inner = `${inner.startsWith('*') ? `(${inner})` : inner}[${elements === 0 ? '' : elements}]`
        id = graph.words[graph.body(id)]
        continue
      }
      case BtfKind.FUNC:
        id = graph.sizeOrType(id)
        continue
      case BtfKind.FUNC_PROTO:
        inner = `${inner.startsWith('*') ? `(${inner})` : inner}(${parameters(graph, id, body, depth + 1, budget)})`
        id = graph.sizeOrType(id)
        continue
    }
    break
  }
  const base = depth < DEEPEST_CHAIN && budget.spend() ? baseName(graph, id, body) : '...'
  const left = [...qualifiers, base].join(' ')
  return inner === '' ? left : `${left}${inner.startsWith('[') ? '' : ' '}${inner}`
}

function parameters(graph: TypeGraph, proto: number, body: (id: number) => string, depth: number, budget: Budget): string {
  const vlen = graph.vlen(proto)
  if (vlen === 0) return 'void'
  const list: string[] = []
  for (let i = 0; i < vlen && budget.spend(); i++) {
    const word = graph.body(proto) + 2 * i
    const type = graph.words[word + 1]
    // A last parameter without type is the dots of a function that takes any number.
    list.push(type === 0 && i === vlen - 1 ? '...' : write(graph, type, '', body, depth, budget))
  }
  return list.join(', ')
}

function baseName(graph: TypeGraph, id: number, body: (id: number) => string): string {
  const kind = graph.kind(id)
  const name = graph.name(id)
  switch (kind) {
    case BtfKind.VOID:
      return 'void'
    case BtfKind.FWD:
      return `${graph.kindFlag(id) ? 'union' : 'struct'} ${name}`
    case BtfKind.STRUCT:
    case BtfKind.UNION:
    case BtfKind.ENUM:
    case BtfKind.ENUM64:
      return name === '' ? body(id) : `${tagWord[kind]} ${name}`
    default:
      return name === '' ? '...' : plainInteger(name)
  }
}

/** DWARF's word order to the one people write: `long unsigned int` is `unsigned long`. */
export function plainInteger(name: string): string {
  switch (name) {
    case 'long unsigned int': return 'unsigned long'
    case 'long long unsigned int': return 'unsigned long long'
    case 'long long int': return 'long long'
    case 'long int': return 'long'
    case 'short unsigned int': return 'unsigned short'
    case 'short int': return 'short'
    default: return name
  }
}
