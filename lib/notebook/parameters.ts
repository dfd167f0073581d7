import { UsageError } from '../errors.js'
import { codeCell, tagsOf, type Cell, type CodeCell, type Notebook } from './notebook.js'

/** Tags of papermill: a cell with defaults, and the cell after it that replaces some of them. */
export const parametersTag = 'parameters'
export const injectedTag = 'injected-parameters'

/** A declaration at the start of a line, which is where a cell's own names stand. */
const declaration = /^(?:let|var|const)\s+([\p{ID_Start}$_][\p{ID_Continue}$]*)/gmu

/** The cell with the notebook's parameters; undefined where there is none. */
export function parametersCell({ cells }: Notebook): CodeCell | undefined {
  return cells.find((cell): cell is CodeCell => cell.cell_type === 'code' && tagsOf(cell).includes(parametersTag))
}

/**
 * The names that a notebook's parameters cell declares.
 *
 * @example parameterNames(notebook) // ['files', 'cache']
 */
export function parameterNames(notebook: Notebook): string[] {
  return [...(parametersCell(notebook)?.source ?? '').matchAll(declaration)].map(([, name]) => name)
}

/**
 * The notebook with other values for its parameters: a cell of its own after the one that has the defaults, as papermill does it. A former
 * such cell goes. Without values, it only goes.
 *
 * @throws UsageError for a name that is no parameter of the notebook
 */
export function withParameters(notebook: Notebook, values: Readonly<Record<string, unknown>>): Notebook {
  const names = parameterNames(notebook)
  for (const name of Object.keys(values)) {
    if (names.includes(name)) continue
    throw new UsageError(names.length === 0 ? `the notebook has no parameters: no code cell with the tag ${parametersTag} declares ${name}`
      : `${name} is no parameter of the notebook; there are ${names.join(', ')}`)
  }
  const cells = notebook.cells.filter((cell) => !tagsOf(cell).includes(injectedTag))
  if (Object.keys(values).length === 0) return { ...notebook, cells }
  const after = cells.findIndex((cell) => tagsOf(cell).includes(parametersTag)) + 1
  return { ...notebook, cells: cells.toSpliced(after, 0, codeCell(freeId(cells), parametersCode(values), [injectedTag])) }
}

/**
 * Values as a cell that declares them.
 *
 * @example parametersCode({ cache: 'kmalloc-128', most: 5 }) // 'let cache = "kmalloc-128"\nlet most = 5'
 */
export function parametersCode(values: Readonly<Record<string, unknown>>): string {
  // A const would have this one value as its type, and the cells below would be told that their comparisons are pointless.
  return Object.entries(values).map(([name, value]) => `let ${name} = ${JSON.stringify(value)}`).join('\n')
}

/**
 * What `name=value` on a command line stands for: the value is JSON where it reads as JSON, and else a text.
 *
 * @throws UsageError where there is no name
 * @example parseParameter('most=5') // ['most', 5]
 */
export function parseParameter(text: string): [name: string, value: unknown] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`expected a parameter as name=value, got ${text}`)
  const name = text.slice(0, at)
  const value = text.slice(at + 1)
  try {
    return [name, JSON.parse(value)]
  } catch {
    return [name, value]
  }
}

function freeId(cells: readonly Cell[]): string {
  const taken = new Set(cells.map(({ id }) => id))
  const numbered = (n: number): string => n === 1 ? injectedTag : `${injectedTag}-${n}`
  let n = 1
  while (taken.has(numbered(n))) n++
  return numbered(n)
}
