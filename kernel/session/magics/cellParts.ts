/** A line before the code of a cell that is no TypeScript. */
export type CellCommand =
  | { readonly kind: 'magic', readonly name: string, readonly args: string, readonly isCode: boolean, /** Where its arguments start in the cell. */ readonly argsAt: number }
  | { readonly kind: 'shell', readonly command: string, readonly argsAt: number }
  | { readonly kind: 'inspect', readonly name: string, readonly detail: 0 | 1, readonly argsAt: number }

export interface CellParts {
  readonly commands: readonly CellCommand[]
  /** The code, with empty lines in place of the commands, so that its lines keep their numbers. */
  readonly code: string
}

const magicLine = /^(\s*%%?([A-Za-z]\w*)[ \t]*)(.*)$/
const shellLine = /^(\s*!)(.*)$/
const nameAsked = /^(\s*)([\p{L}_$][\p{L}\p{N}_$.]*)\s*(\?\??)\s*$/u
const askedName = /^(\s*(\?\??)\s*)([\p{L}_$][\p{L}\p{N}_$.]*)\s*$/u

/**
 * What a line asks to be shown: `NAME?` or `?NAME`, with two question marks in more detail; null for any other line.
 *
 * @example inspection('openDump??') // { kind: 'inspect', name: 'openDump', detail: 1, argsAt: 0 }
 */
export function inspection(line: string): Extract<CellCommand, { kind: 'inspect' }> | null {
  const behind = nameAsked.exec(line)
  if (behind !== null) return { kind: 'inspect', name: behind[2], detail: behind[3] === '??' ? 1 : 0, argsAt: behind[1].length }
  const before = askedName.exec(line)
  return before === null ? null : { kind: 'inspect', name: before[3], detail: before[2] === '??' ? 1 : 0, argsAt: before[1].length }
}

/** Takes the commands off the start of a cell. One that ends with a backslash goes on in the next line. */
export function cellParts(cell: string): CellParts {
  const lines = cell.split('\n')
  const commands: CellCommand[] = []
  let at = 0
  let offset = 0
  while (at < lines.length) {
    let line = lines[at]
    let last = at
    if (!/^\s*[%!]/.test(line) && inspection(line) === null) {
      if (line.trim() !== '') break
    } else {
      while (/^\s*!/.test(line) && line.endsWith('\\') && last + 1 < lines.length) line = `${line}\n${lines[++last]}`
      const command = commandOf(line, offset)
      if (command === null) break
      commands.push(command)
    }
    for (; at <= last; at++) offset += lines[at].length + 1
  }
  return { commands, code: '\n'.repeat(at) + lines.slice(at).join('\n') }
}

function commandOf(line: string, offset: number): CellCommand | null {
  const magic = magicLine.exec(line)
  if (magic !== null) {
    const [, head, name, args] = magic
    const isCode = /(^|\s)--code(\s|$)/.test(args)
    return { kind: 'magic', name, args: isCode ? args.replace(/(^|\s)--code(?=\s|$)/, '').trim() : args, isCode, argsAt: offset + head.length }
  }
  const shell = shellLine.exec(line.split('\n')[0])
  if (shell !== null) return { kind: 'shell', command: line.slice(shell[1].length), argsAt: offset + shell[1].length }
  const asked = inspection(line)
  return asked === null ? null : { ...asked, argsAt: offset + asked.argsAt }
}
