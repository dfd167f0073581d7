import type { Completions } from '../model.js'
import type { Tslab } from './tslab.js'

/** Nobody reads more, and each costs in every front end. */
const most = 500

/** Names that fit at a place, those that start as it does first. */
export function complete({ converter, facade }: Tslab, declarations: string, code: string, cursor: number): Completions {
  const none = { matches: [], start: cursor, end: cursor }
  try {
    facade.begin()
    const { candidates, original, start, end } = converter.complete(declarations, code, cursor)
    if (original === undefined) return none
    const kinds = new Map(original.entries.map(({ name, kind }) => [name, kind as string]))
    const matches = closest(candidates.filter(isWanted), code.slice(start, cursor)).slice(0, most).map((text) => ({ text, kind: kinds.get(text) ?? '' }))
    return { matches, start, end: Math.max(end, cursor) }
  } catch {
    // The compiler's completion is not made for every unfinished text; none is then the honest answer.
    return none
  }
}

/** Names that go on as was typed; where there are none, those that do so in other letters, or hold it. */
function closest(names: readonly string[], typed: string): readonly string[] {
  const lower = typed.toLowerCase()
  const kinds = [(name: string) => name.startsWith(typed), (name: string) => name.toLowerCase().startsWith(lower)]
  for (const fits of kinds) {
    const found = names.filter(fits)
    if (found.length > 0) return found
  }
  return names
}

/** Not the names that the conversion itself uses. */
function isWanted(name: string): boolean {
  return !/^(tsLastExpr\d*|__(tslab|prev|import|importMeta)__?)$/.test(name)
}
