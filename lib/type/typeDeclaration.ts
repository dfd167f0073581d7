import { declaration, memberDeclaration, type DeclarationOptions } from './declaration.js'
import { layout, type LayoutMember } from './layout.js'
import type { TypeGraph } from './typeGraph.js'

/** How node's console and a notebook ask a value to show itself. */
const inspect = Symbol.for('nodejs.util.inspect.custom')
const display = Symbol.for('Jupyter.display')

/** A type as declared, which prints itself; {@link members} has the same as data. */
export class TypeDeclaration {
  readonly #graph: TypeGraph
  readonly #id: number
  readonly #options: DeclarationOptions
  readonly #path: string

  /** @param path members that are meant (`oo.x,name`), or empty for all of it */
  constructor(graph: TypeGraph, id: number, options: DeclarationOptions = {}, path = '') {
    this.#graph = graph
    this.#id = id
    this.#options = options
    this.#path = path
  }

  get name(): string {
    return this.#graph.name(this.#id)
  }

  /** Null for an incomplete type. */
  get bytes(): number | null {
    return this.#graph.bytesOf(this.#id) ?? null
  }

  /** The module that declares it; null for the kernel. */
  get module(): string | null {
    return this.#graph.moduleOf(this.#id)
  }

  get text(): string {
    return this.#path === '' ? declaration(this.#graph, this.#id, this.#options) : memberDeclaration(this.#graph, this.#id, this.#path.split(','))
  }

  /** All members at any depth, with their offsets. None for what is no struct or union. */
  members(): LayoutMember[] {
    const all = [...layout(this.#graph, this.#id)]
    const paths = this.#path.split(',')
    return this.#path === '' ? all : all.filter(({ path }) => paths.some((wanted) => path === wanted || path.startsWith(`${wanted}.`)))
  }

  toString(): string {
    return this.text
  }

  [inspect](): string {
    return this.text
  }

  [display](): Record<string, string> {
    return { 'text/plain': this.text }
  }

  toJSON(): { type: string; bytes: number | null; module: string | null; members: Omit<LayoutMember, 'typeId'>[] } {
    const members = this.members().map(({ typeId: _, ...rest }) => rest)
    return { type: this.name, bytes: this.bytes, module: this.module, members }
  }
}
