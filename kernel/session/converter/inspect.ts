import type ts from 'typescript'
import type { Inspection } from '../model.js'
import type { Tslab } from './tslab.js'

/** What is known of the name at a place, or of the function whose arguments are being written there. */
export function inspect(tslab: Tslab, declarations: string, code: string, cursor: number, _detail: 0 | 1): Inspection {
  tslab.facade.begin()
  for (const place of places(tslab, code, cursor)) {
    const info = quickInfo(tslab, declarations, code, place)
    // A name that means nothing is `any` to the compiler.
    if (info?.displayParts !== undefined && info.displayParts.length > 1) return { found: true, data: bundle(info) }
  }
  return { found: false, data: {} }
}

function quickInfo({ converter }: Tslab, declarations: string, code: string, place: number): ts.QuickInfo | undefined {
  try {
    return converter.inspect(declarations, code, place)
  } catch {
    return undefined
  }
}

/** The cursor, the name that ends there, and the ends of the functions that are being called there, innermost first. */
function places({ compiler }: Tslab, code: string, cursor: number): number[] {
  const source = compiler.createSourceFile('cell.ts', code, compiler.ScriptTarget.ES2022, true)
  const callees: number[] = []
  const visit = (node: ts.Node): void => {
    if (cursor < node.getStart(source) || cursor > node.end) return
    if ((compiler.isCallExpression(node) || compiler.isNewExpression(node)) && cursor > node.expression.end) callees.unshift(node.expression.end - 1)
    compiler.forEachChild(node, visit)
  }
  visit(source)
  const name = /[\p{ID_Continue}$]/u
  const near = [cursor, cursor - 1].filter((place) => place >= 0 && name.test(code[place] ?? ''))
  return [...near, ...callees]
}

function bundle(info: ts.QuickInfo): Inspection['data'] {
  const text = (parts: readonly ts.SymbolDisplayPart[] | undefined): string => (parts ?? []).map((part) => part.text).join('')
  // Everything of the library is imported, which is no news to anybody.
  const signature = text(info.displayParts).replace(/^\(alias\) /, '').replace(/\nimport \S+$/, '')
  const documentation = text(info.documentation)
  const tags = (info.tags ?? []).map((tag) => ({ name: tag.name, text: text(tag.text) }))
  const example = ({ name }: { name: string }): boolean => name === 'example'
  const plain = [signature, documentation, ...tags.map((tag) => example(tag) ? `Example:\n${unfenced(tag.text)}` : `@${tag.name} ${tag.text}`.trim())]
  const markdown = [`\`\`\`typescript\n${signature}\n\`\`\``, documentation, ...tags.map((tag) => example(tag) ? `**Example**\n\n${fenced(tag.text)}` : `*@${tag.name}* ${tag.text}`.trim())]
  const join = (parts: string[]): string => parts.filter((part) => part !== '').join('\n\n')
  return { 'text/plain': join(plain), 'text/markdown': join(markdown) }
}

const fence = /^```\w*\n([^]*?)\n?```$/

function unfenced(text: string): string {
  return fence.exec(text.trim())?.[1] ?? text.trim()
}

function fenced(text: string): string {
  return `\`\`\`typescript\n${unfenced(text)}\n\`\`\``
}
