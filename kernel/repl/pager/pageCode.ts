import type { TableWindow, WindowOptions } from '../../../lib/index.js'
import type { SessionOutput } from '../../session/session.js'

/** The MIME type under which a page comes out of the session: no front end but this shows it. */
const pageType = 'application/vnd.slablab.page+json'

/** Where the session keeps the values that pages are of. */
const store = '(globalThis as any)[Symbol.for(\'slablab.pages\')]'

/** What the session answers. */
export type PageAnswer = { readonly kind: 'table', readonly window: TableWindow } | { readonly kind: 'text', readonly text: string }

/** Code that evaluates an expression, keeps its value under a number, and shows its first rows. */
export function openPageCode(id: number, expression: string, width: number, rows: number): string {
  return `{
  const value: any = await (
${expression}
  );
  (${store} ??= new Map()).set(${id}, value);
  display({ '${pageType}': isTable(value)
    ? { kind: 'table', window: tableWindow(value, { rows: ${rows} }) }
    : { kind: 'text', text: await displayText(value, { width: ${width}, rows: 10_000 }) } })
}`
}

/** Code that shows another part of a kept table. */
export function windowCode(id: number, options: WindowOptions): string {
  return `display({ '${pageType}': { kind: 'table', window: tableWindow(${store}.get(${id}), ${JSON.stringify(options)}) } })`
}

/** Code that forgets all kept values, so that tables nobody looks at take no memory. */
export const forgetPagesCode = `${store}?.clear()`

/** The page among what a cell showed. */
export function pageIn(outputs: readonly SessionOutput[]): PageAnswer | undefined {
  for (const output of outputs) {
    const answer = output.kind === 'display' ? output.data[pageType] : undefined
    if (answer !== undefined) return answer as PageAnswer
  }
  return undefined
}
