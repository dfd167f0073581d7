import type { Completeness } from '../session/session.js'

/** What begins a line that goes on with the statement above it: by JavaScript's rules it does, or it can begin none. */
const goesOn = /^\s*(?:[.?:*/%&|^,=)\]}([`<>]|\+(?!\+)|-(?!-)|(?:else|catch|finally|instanceof|in|as|satisfies)\b)/
/** What begins a statement that has no value. */
const valueless = /^\s*(?:const|let|var|function|async\s+function|class|interface|type\s+\w|enum|import\b(?!\s*\()|export|declare|namespace|abstract|if|for|while|do|switch|try|throw|return|\{)/
const command = /^\s*[%!]/

/**
 * A script as cells that each end with an expression, so that the value of every expression is shown: what stands at the prompt line by
 * line is run the same way.
 */
export async function cellsOf(script: string, isComplete: (code: string) => Promise<Completeness>): Promise<string[]> {
  const lines = script.replace(/^#![^\n]*/, '').split('\n')
  const cells: string[] = []
  /** Whole statements without a value, and the one being read. */
  let whole = ''
  let current = ''
  const end = (): void => {
    if (`${whole}${current}`.trim() !== '') cells.push(`${whole}${current}`.replace(/\n+$/, ''))
    whole = current = ''
  }
  for (let i = 0; i < lines.length; i++) {
    if (current.trim() === '' && command.test(lines[i])) {
      end()
      cells.push(lines[i])
      continue
    }
    current += `${lines[i]}\n`
    if (current.trim() === '' || isComment(current) || goesOn.test(nextLine(lines, i)) || !await ended(current, isComplete)) continue
    if (valueless.test(withoutComments(current))) {
      whole += current
      current = ''
    } else end()
  }
  end()
  return cells
}

async function ended(code: string, isComplete: (code: string) => Promise<Completeness>): Promise<boolean> {
  const { status } = await isComplete(code)
  return status === 'complete'
}

/** The next line that is neither empty nor a comment. */
function nextLine(lines: readonly string[], at: number): string {
  return lines.slice(at + 1).find((line) => line.trim() !== '' && !/^\s*\/\//.test(line)) ?? ''
}

function isComment(code: string): boolean {
  return withoutComments(code).trim() === ''
}

function withoutComments(code: string): string {
  return code.replace(/^(?:\s*(?:\/\/[^\n]*(?:\n|$)|\/\*[^]*?\*\/))+/, '')
}
