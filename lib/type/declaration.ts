import { BtfKind } from '../source/btf.js'
import { Budget, DEEPEST_NESTING, MOST_STEPS } from './budget.js'
import { declarator, tagWord } from './declarator.js'
import { enumeratorsOf } from './enumText.js'
import { findMember, isComposite, rawMember } from './members.js'
import type { TypeGraph } from './typeGraph.js'

export interface DeclarationOptions {
  /** Writes `[offset]` before each member, as crash's `struct -o` does, but always from the start of the outermost struct. */
  readonly offsets?: boolean
  /**
   * Writes out unnamed structs, unions and enums at any depth (default with offsets); otherwise, as gdb and crash do,
   * one within another with a name between is `struct {...}`.
   */
  readonly expand?: boolean
}

/** How far types without a name are written out: gdb's `ptype` starts with this, and a level takes one. */
const AS_GDB = 1
const ALL = 1000

interface Line {
  readonly text: string
  /** Bytes from the start of the outermost struct; undefined for lines that declare nothing. */
  readonly offset: number | undefined
}

/**
 * A struct, union, enum or typedef as C declares it, and a line with its size: what crash's `struct NAME` prints.
 *
 * @example
 * declaration(graph, id)
 * // struct list_head {
 * //     struct list_head *next;
 * //     struct list_head *prev;
 * // }
 * // SIZE: 16
 */
export function declaration(graph: TypeGraph, id: number, options: DeclarationOptions = {}): string {
  const kind = graph.kind(id)
  const name = graph.name(id)
  const bytes = graph.bytesOf(id)
  const show = options.expand ?? options.offsets ?? false ? ALL : AS_GDB
  const size = bytes === undefined ? [] : [`SIZE: ${bytes}`]
  if (kind === BtfKind.TYPEDEF) {
    const target = behindQualifiers(graph, graph.sizeOrType(id))
    const isUnnamed = tagWord[graph.kind(target)] !== undefined && graph.name(target) === ''
    if (!isUnnamed) return [`typedef ${declarator(graph, graph.sizeOrType(id), name)};`, ...size].join('\n')
    if (!isComposite(graph, target)) return [`typedef ${enumBody(graph, target)} ${name};`, ...size].join('\n')
    const lines = [{ text: `typedef ${tagWord[graph.kind(target)]} {`, offset: undefined }, ...body(graph, target, 0, 1, show, new Budget(MOST_STEPS)), { text: `} ${name};`, offset: undefined }]
    return [...join(lines, options, bytes), ...size].join('\n')
  }
  if (isComposite(graph, id)) {
    const lines = [{ text: `${tagWord[kind]} ${name === '' ? '' : `${name} `}{`, offset: undefined }, ...body(graph, id, 0, 1, show, new Budget(MOST_STEPS)), { text: '}', offset: undefined }]
    return [...join(lines, options, bytes), ...size].join('\n')
  }
  if (kind === BtfKind.ENUM || kind === BtfKind.ENUM64) return [enumBody(graph, id), ...size].join('\n')
  return [declarator(graph, id), ...size].join('\n')
}

/** Some members of a struct with their offsets, as crash's `struct TYPE.MEMBER` prints them. Members that do not exist are left out. */
export function memberDeclaration(graph: TypeGraph, id: number, paths: readonly string[]): string {
  const width = String(graph.bytesOf(id) ?? 0).length + 4
  const lines = paths.flatMap((path) => {
    const found = findMember(graph, id, path)
    if (found === undefined) return []
    const bits = found.bits > 0 ? ` : ${found.bits}` : ''
    return [`${`[${Math.floor(found.bitOffset / 8)}]`.padStart(width)} ${declarator(graph, found.type, path)}${bits};`]
  })
  return [`${declarator(graph, id)} {`, ...lines, '}'].join('\n')
}

function behindQualifiers(graph: TypeGraph, id: number): number {
  return graph.kind(id) === BtfKind.TYPEDEF ? id : graph.strip(id)
}

function body(graph: TypeGraph, struct: number, base: number, depth: number, show: number, budget: Budget, lines: Line[] = []): Line[] {
  const indent = '    '.repeat(depth)
  if (graph.vlen(struct) === 0) lines.push({ text: `${indent}<no data fields>`, offset: undefined })
  for (let i = 0, vlen = graph.vlen(struct); i < vlen && budget.spend(); i++) {
    const member = rawMember(graph, struct, i)
    const name = graph.string(member.nameOffset)
    const bitOffset = base + member.bitOffset
    const offset = Math.floor(bitOffset / 8)
    const inner = unnamedComposite(graph, member.type)
    // Members of an unnamed member are members of the outer struct, and shown like them.
    const deeper = name === '' ? show : show - 1
    if (inner !== undefined && deeper >= 0 && depth < DEEPEST_NESTING) {
      // An array of unnamed structs keeps its brackets behind the closing brace.
      const tail = declarator(graph, member.type, name, () => '')
      lines.push({ text: `${indent}${qualifiersOf(graph, member.type)}${tagWord[graph.kind(inner)]} {`, offset: undefined })
      body(graph, inner, bitOffset, depth + 1, deeper, budget, lines)
      lines.push({ text: `${indent}}${tail.replace(/^(const |volatile )+/, '').replace(/^\s*(?=\S)/, ' ').trimEnd()};`, offset: name === '' ? undefined : offset })
      continue
    }
    const text = declarator(graph, member.type, name, (id) => isComposite(graph, id) || deeper < 0 ? `${tagWord[graph.kind(id)]} {...}` : enumBody(graph, id))
    lines.push({ text: `${indent}${text}${member.bits > 0 ? ` : ${member.bits}` : ''};`, offset })
  }
  return lines
}

/** The struct or union without a name that a member's type is, or is an array of or a pointer to. */
function unnamedComposite(graph: TypeGraph, type: number): number | undefined {
  for (let depth = 0; depth < 32; depth++) {
    switch (graph.kind(type)) {
      case BtfKind.CONST:
      case BtfKind.VOLATILE:
      case BtfKind.RESTRICT:
      case BtfKind.TYPE_TAG:
      case BtfKind.DECL_TAG:
      case BtfKind.PTR:
        type = graph.sizeOrType(type)
        continue
      case BtfKind.ARRAY:
        type = graph.words[graph.body(type)]
        continue
    }
    return isComposite(graph, type) && graph.nameOffset(type) === 0 ? type : undefined
  }
  return undefined
}

/** `const ` of an unnamed struct's member: it stands before the brace. */
function qualifiersOf(graph: TypeGraph, type: number): string {
  return /^((?:const |volatile )*)/.exec(declarator(graph, type, '', () => ''))?.[1] ?? ''
}

function enumBody(graph: TypeGraph, id: number): string {
  let next = 0n
  const list = enumeratorsOf(graph, id).map(({ name, value }) => {
    const text = value === next ? name : `${name} = ${value}`
    next = value + 1n
    return text
  })
  const name = graph.name(id)
  return `enum ${name === '' ? '' : `${name} `}{${list.join(', ')}}`
}

function join(lines: readonly Line[], options: DeclarationOptions, bytes: number | undefined): string[] {
  if (!options.offsets) return lines.map(({ text }) => text)
  // Crash's columns: as wide as the largest offset could be, two blanks before it.
  const width = String(bytes ?? 0).length + 4
  return lines.map(({ text, offset }, i) => {
    if (i === 0 || i === lines.length - 1) return text
    return `${offset === undefined ? ' '.repeat(width) : `[${offset}]`.padStart(width)} ${text.slice(4)}`
  })
}
