import type { Backend } from './model.js'

/** The compiler answers in a few milliseconds; while it starts up, brackets alone tell whether a cell is complete. */
const completenessPatience = 250

/** Whether a cell is complete; `unknown` where the compiler does not say in time. */
export async function completenessOf(backend: Backend, text: string): ReturnType<Backend['isComplete']> {
  const unknown = { status: 'unknown' as const, indent: '' }
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<typeof unknown>((resolve) => {
    timer = setTimeout(() => resolve(unknown), completenessPatience)
  })
  return Promise.race([backend.isComplete(text).catch(() => unknown), late]).finally(() => clearTimeout(timer))
}

/** What the function before the cursor takes; null where there is none. */
export async function signatureAt(backend: Backend, text: string, cursor: number): Promise<string | null> {
  const call = /([\p{L}_$][\p{L}\p{N}_$.]*)\s*\([^()]*$/u.exec(text.slice(0, cursor))
  if (call === null) return null
  const { found, data } = await backend.inspect(text, call.index + call[1].length, 0)
  const shown = data['text/plain']
  return found && typeof shown === 'string' ? shown.split('\n')[0] : null
}

/** How far a line behind this text is indented, by its brackets. */
export function indentAfter(text: string): string {
  const last = text.slice(text.lastIndexOf('\n') + 1)
  return `${/^\s*/.exec(last)![0]}${/[([{]\s*$/.test(last) ? '  ' : ''}`
}
