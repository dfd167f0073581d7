/** Prompts that crash's pager leaves in a log: its own, less's and more's. */
const pagerNoise = /-- MORE --\s+forward: <SPACE>, <ENTER> or j\s+backward: b or k\s+quit: q|--More--(\(\d+%\))?|\(END\)/g
const waitNoise = /please wait\.\.\. \([^)]*\)\s*/g

/**
 * Time stamps that loggers (script with ts, PuTTY, syslog, screen) put before each line. A kernel log's own `[    0.123456]` is none: it
 * is what `log` prints.
 */
const date = String.raw`(?:\d{4}[-/.]\d\d[-/.]\d\d|\d\d[-/.]\d\d[-/.]\d{4}|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +[A-Z][a-z]{2} +\d{1,2}|[A-Z][a-z]{2} +\d{1,2})`
const clock = String.raw`\d{1,2}:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|UTC|[AP]M|[+-]\d\d:?\d\d))?`
const stamp = new RegExp(String.raw`^\s*(?:\[(?:${date}[T ]+)?${clock}(?: \d{4})?\]|(?:${date}[T ]+)?${clock})(?: ?[|>:-])? ?`)

/** `> ` before each line of a quoted mail. crash's own `>` (the active tasks of `ps`) has a blank and numbers behind it, and is no row here. */
const quoted = /^(?:> ?)+/

const control = /[\u0000-\u0008\u000b-\u001f\u007f\u009b]/

/**
 * A line of a terminal's log as a person saw it: colours and cursor movements carried out, tabs expanded, pager prompts, time stamps and
 * mail quoting taken off. Blanks at its end go too.
 *
 * @param keepStamps inside the output of `log`, whose `-T` form starts lines with a date of its own
 * @example cleanLine('\u001b[1m[12:00:01] crash> kmem -s\r') // 'crash> kmem -s'
 */
export function cleanLine(line: string, keepStamps = false): string {
  let text = line
  if (text.charCodeAt(text.length - 1) === 13) text = text.slice(0, -1)
  if (control.test(text)) text = asShown(text)
  if (text.includes('\t')) text = expandTabs(text)
  if (text.includes('--') || text.includes('(END)')) text = text.replace(pagerNoise, '')
  if (text.includes('please wait')) text = text.replace(waitNoise, '')
  if (text.charCodeAt(0) === 62) text = text.replace(quoted, '')
  if (!keepStamps && text.includes(':')) text = text.replace(stamp, '')
  return text.trimEnd()
}

/** A control sequence (`ESC [ parameters letter`), an operating system command (titles), or another escape. */
const escape = /^(?:\u001b\[|\u009b)([0-9;?]*)[ -/]*([@-~])|^\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|^\u001b[ -/]*[0-~]?/

/** What stands on the screen's line after all control characters: a terminal of one line. */
function asShown(line: string): string {
  const cells: string[] = []
  let column = 0
  for (let i = 0; i < line.length;) {
    const code = line.charCodeAt(i)
    if (code === 0x1b || code === 0x9b) {
      const [sequence, parameters, letter] = escape.exec(line.slice(i, i + 512)) ?? [line[i]]
      i += sequence.length
      const count = Number.parseInt(parameters ?? '', 10)
      const steps = Number.isNaN(count) ? 1 : count
      if (letter === 'K') erase(cells, column, Number.isNaN(count) ? 0 : count)
      else if (letter === 'C') column += steps
      else if (letter === 'D') column = Math.max(0, column - steps)
      else if (letter === 'G') column = Math.max(0, steps - 1)
      else if (letter === 'P') cells.splice(column, steps)
      else if (letter === '@') cells.splice(column, 0, ...Array<string>(Math.min(steps, 512)).fill(' '))
      continue
    }
    i++
    if (code === 13) column = 0
    else if (code === 8) column = Math.max(0, column - 1)
    else if (code === 9) column = put(cells, column, '\t')
    else if (code >= 32 && code !== 127) column = put(cells, column, line[i - 1])
  }
  return Array.from(cells, (cell) => cell ?? ' ').join('')
}

function put(cells: string[], column: number, character: string): number {
  while (cells.length < column) cells.push(' ')
  cells[column] = character
  return column + 1
}

/** Erase in line: 0 to its end, 1 to the cursor, 2 all. */
function erase(cells: string[], column: number, mode: number): void {
  if (mode === 0) cells.length = Math.min(cells.length, column)
  else if (mode === 1) cells.fill(' ', 0, column + 1)
  else if (mode === 2) cells.fill(' ')
}

function expandTabs(line: string): string {
  let shown = ''
  for (const part of line.split('\t')) shown = (shown + part).padEnd((Math.floor((shown.length + part.length) / 8) + 1) * 8)
  return shown.trimEnd()
}
