import { readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { Completion, Completions } from '../model.js'
import type { Magic } from './magic.js'

const mostFiles = 200

/** Completes what TypeScript knows nothing of: the name of a magic, and paths in strings and behind commands; null elsewhere. */
export function completeCommand(code: string, cursor: number, { magics, folder }: { readonly magics: readonly Magic[], readonly folder: string }): Completions | null {
  const lineStart = code.lastIndexOf('\n', cursor - 1) + 1
  const line = code.slice(lineStart, cursor)
  const magic = /^\s*(%%?\w*)$/.exec(line)
  if (magic !== null) {
    const sign = /^%+/.exec(magic[1])![0]
    const matches = magics.map(({ name }) => ({ text: `${sign}${name}`, kind: 'magic' })).filter(({ text }) => text.startsWith(magic[1]))
    return { matches, start: cursor - magic[1].length, end: cursor }
  }
  const word = /^\s*(?:%load\b|!).*?((?:\\.|[^\s"'\\])*)$/.exec(line)?.[1] ?? openString(line)
  // What an import names is the compiler's to complete.
  if (word === undefined || /\b(from|import|require)\s*\(?\s*['"][^'"]*$/.test(line)) return null
  const matches = files(word, folder)
  return matches.length === 0 ? null : { matches, start: cursor - word.length, end: cursor }
}

/** What stands in a string that is still open at the end of a line. */
function openString(line: string): string | undefined {
  let quote: string | undefined
  let start = 0
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '\\') i++
    else if (quote === undefined && /['"`]/.test(line[i])) [quote, start] = [line[i], i + 1]
    else if (line[i] === quote) quote = undefined
  }
  return quote === undefined ? undefined : line.slice(start)
}

function files(word: string, folder: string): Completion[] {
  const head = word.slice(0, word.lastIndexOf('/') + 1)
  const tail = word.slice(head.length)
  try {
    return readdirSync(path.resolve(folder, head.replace(/^~(?=\/)/, homedir())), { withFileTypes: true })
      .filter(({ name }) => name.startsWith(tail) && (tail !== '' || !name.startsWith('.')))
      .sort((a, b) => a.name.localeCompare(b.name)).slice(0, mostFiles)
      .map((entry) => ({ text: `${head}${entry.name}${entry.isDirectory() ? '/' : ''}`, kind: 'path' }))
  } catch {
    return []
  }
}
