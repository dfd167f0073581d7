import { inspect } from 'node:util'
import { visible } from '../util/visible.js'
import { findingText, isFinding, isFindings } from './finding.js'
import { formatTable } from './formatTable.js'
import { renderText } from './renderText.js'
import { hasDisplay, displayMethod, isMimeData, isPlot, isTable } from './valueKind.js'

export interface TextOptions {
  /** Terminal columns. Default 80. */
  readonly width?: number
  /** With ANSI colours. Default false. */
  readonly colour?: boolean
  /** The most rows of a table. Default 50. */
  readonly rows?: number
}

/** What inspection of nested values shows at most: enough to know a value by. */
const limits = { depth: 4, maxArrayLength: 100, maxStringLength: 10_000 }

/**
 * Any value as a person reads it in a terminal: tables fitted to the width, plots drawn with characters, values that have a display of their
 * own by its text, and everything else as Node inspects it. What came from evidence never acts on the terminal.
 * A fault while showing is told, and the value is still shown.
 */
export async function displayText(value: unknown, options: TextOptions = {}): Promise<string> {
  try {
    if (isTable(value)) return formatTable(value, 'table', options).trimEnd()
    if (hasDisplay(value)) {
      const shown: unknown = await value[displayMethod]()
      const text = isMimeData(shown) ? shown['text/plain'] : undefined
      if (typeof text === 'string') return text
    } else if (isPlot(value)) return (await renderText(value, options)).trimEnd()
    else if (isFinding(value)) return findingText(value, options)
    else if (isFindings(value)) return value.map((finding) => findingText(finding, options)).join('\n\n')
  } catch (error) {
    return `${inspected(value, options)}\n(could not be shown better: ${visible((error as Error).message)})`
  }
  return inspected(value, options)
}

function inspected(value: unknown, { width, colour }: TextOptions): string {
  const text = inspect(value, { ...limits, colors: colour ?? false, breakLength: width ?? 80 })
  return text.split('\n').map(colour === true ? visibleButColours : visible).join('\n')
}

/** Node's own colours stay; it writes escapes inside of strings out by itself. */
function visibleButColours(line: string): string {
  return line.split(/(\u001b\[\d+m)/).map((part, i) => i % 2 === 1 ? part : visible(part)).join('')
}
