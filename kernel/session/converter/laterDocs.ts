import type ts from 'typescript'
import type { Compiler } from './compilerFacade.js'

/** Internals of the compiler, which tslab's makes public. */
interface Internals {
  readonly objectAllocator: { getNodeConstructor(): { readonly prototype: object } }
  getSourceFileOfNode(node: ts.Node): ts.SourceFile | undefined
  getJSDocCommentRanges(node: ts.Node, text: string): readonly ts.TextRange[] | undefined
  parseIsolatedJSDocComment(text: string, start: number, length: number): { readonly jsDoc: ts.JSDoc & { parent: ts.Node } } | undefined
}

export interface LaterDocs {
  /** The text of a file for the compiler: its docs are plain comments, of the same length. */
  withoutDocs(text: string): string
  /** Asks the compiler with all docs in their places. */
  ask<T>(question: () => T): T
}

/**
 * A third of the time that a compiler takes to read declarations of packages goes to their docs, of which a session shows one now and then:
 * they are read when the compiler is asked for them.
 */
export function laterDocs(compiler: Compiler, system: ts.System): LaterDocs {
  const internals = compiler as unknown as Internals
  const docs = new WeakMap<object, readonly ts.JSDoc[]>()
  let file = { name: '', text: '' }
  let isAsked = false

  const textOf = (name: string): string => {
    if (file.name !== name) file = { name, text: system.readFile(name) ?? '' }
    return file.text
  }
  const read = (node: ts.Node): readonly ts.JSDoc[] => {
    const source = internals.getSourceFileOfNode(node)
    if (source === undefined || !hasLaterDocs(source.fileName)) return []
    const text = textOf(source.fileName)
    return (internals.getJSDocCommentRanges(node, text) ?? []).flatMap(({ pos, end }) => {
      const parsed = internals.parseIsolatedJSDocComment(text, pos, end - pos)?.jsDoc
      return parsed === undefined ? [] : [Object.assign(parsed, { parent: node })]
    })
  }
  // The parser gives docs that it reads to the node itself, which hides this.
  Object.defineProperty(internals.objectAllocator.getNodeConstructor().prototype, 'jsDoc', {
    configurable: true,
    get(this: ts.Node): readonly ts.JSDoc[] | undefined {
      if (!isAsked) return undefined
      let found = docs.get(this)
      if (found === undefined) docs.set(this, found = read(this))
      return found.length > 0 ? found : undefined
    },
    set(this: ts.Node, value: unknown) {
      if (value !== undefined) Object.defineProperty(this, 'jsDoc', { value, writable: true, configurable: true, enumerable: true })
    }
  })
  return {
    withoutDocs: (text) => text.replace(/\/\*\*(?!\/)/g, '/* '),
    ask(question) {
      isAsked = true
      try {
        return question()
      } finally {
        isAsked = false
      }
    }
  }
}

/** Declarations of packages, and of the language. */
export function hasLaterDocs(file: string): boolean {
  return file.endsWith('.d.ts') && file.includes('/node_modules/')
}
