import { BtfKind } from '../../lib/source/btf.js'
import type { TypeGraph } from '../../lib/type/typeGraph.js'

const linkages = ['static', 'global', 'extern']
const kindNames = Object.fromEntries(Object.entries(BtfKind).map(([name, kind]) => [kind, name]))
const encodings: Record<number, string> = { 0: '(none)', 1: 'SIGNED', 2: 'CHAR', 4: 'BOOL' }

/** Every type as `bpftool btf dump … format raw` (7.1) writes it, but without what bpftool adds of its own: one line a type, members indented. */
export function* rawDump(graph: TypeGraph, firstId = 1, endId = graph.endId): Generator<string> {
  const anonymous = (name: string): string => (name === '' ? '(anon)' : name)
  for (let id = firstId; id < endId; id++) {
    const kind = graph.kind(id)
    const third = graph.sizeOrType(id)
    const body = graph.body(id)
    const vlen = graph.vlen(id)
    const word = (index: number): number => graph.words[body + index]
    const head = `[${id}] ${kindNames[kind]} '${anonymous(graph.name(id))}'`
    switch (kind) {
      case BtfKind.INT: {
        const encoding = (word(0) >>> 24) & 0xf
        yield `${head} size=${third} bits_offset=${(word(0) >>> 16) & 0xff} nr_bits=${word(0) & 0xff} encoding=${encodings[encoding]}`
        break
      }
      case BtfKind.PTR:
      case BtfKind.TYPEDEF:
      case BtfKind.VOLATILE:
      case BtfKind.CONST:
      case BtfKind.RESTRICT:
      case BtfKind.TYPE_TAG:
        yield `${head} type_id=${third}`
        break
      case BtfKind.ARRAY:
        yield `${head} type_id=${word(0)} index_type_id=${word(1)} nr_elems=${word(2)}`
        break
      case BtfKind.STRUCT:
      case BtfKind.UNION:
        yield `${head} size=${third} vlen=${vlen}`
        for (let i = 0; i < vlen; i++) {
          const offset = word(3 * i + 2)
          const bits = graph.kindFlag(id) && offset >>> 24 > 0 ? ` bitfield_size=${offset >>> 24}` : ''
          yield `\t'${anonymous(graph.string(word(3 * i)))}' type_id=${word(3 * i + 1)} bits_offset=${graph.kindFlag(id) ? offset & 0xffffff : offset}${bits}`
        }
        break
      case BtfKind.ENUM:
      case BtfKind.ENUM64:
        yield `${head} encoding=${graph.kindFlag(id) ? 'SIGNED' : 'UNSIGNED'} size=${third} vlen=${vlen}`
        for (let i = 0; i < vlen; i++) {
          if (kind === BtfKind.ENUM) {
            yield `\t'${graph.string(word(2 * i))}' val=${graph.kindFlag(id) ? word(2 * i + 1) | 0 : word(2 * i + 1)}`
          } else {
            const value = (BigInt(word(3 * i + 2)) << 32n) | BigInt(word(3 * i + 1))
            yield `\t'${graph.string(word(3 * i))}' val=${graph.kindFlag(id) ? BigInt.asIntN(64, value) : value}${graph.kindFlag(id) ? 'LL' : 'ULL'}`
          }
        }
        break
      case BtfKind.FWD:
        yield `${head} fwd_kind=${graph.kindFlag(id) ? 'union' : 'struct'}`
        break
      case BtfKind.FUNC:
        yield `${head} type_id=${third} linkage=${linkages[vlen]}`
        break
      case BtfKind.FUNC_PROTO:
        yield `${head} ret_type_id=${third} vlen=${vlen}`
        for (let i = 0; i < vlen; i++) yield `\t'${anonymous(graph.string(word(2 * i)))}' type_id=${word(2 * i + 1)}`
        break
      case BtfKind.VAR:
        yield `${head} type_id=${third}, linkage=${linkages[word(0)]}`
        break
      case BtfKind.DATASEC:
        yield `${head} size=${third} vlen=${vlen}`
        for (let i = 0; i < vlen; i++) yield `\ttype_id=${word(3 * i)} offset=${word(3 * i + 1)} size=${word(3 * i + 2)} (VAR '${graph.name(word(3 * i))}')`
        break
      case BtfKind.FLOAT:
        yield `${head} size=${third}`
        break
      case BtfKind.DECL_TAG:
        yield `${head} type_id=${third} component_idx=${word(0) | 0}`
        break
      default:
        yield head
    }
  }
}
