import { SourceMap, type SourceMapPayload } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { exportPrefix } from '../converter/exportVariables.js'
import type { MapStep } from '../converter/messages.js'
import { built, packageFolder } from '../installed.js'
import { library } from './library.js'

interface Place { readonly file: string, readonly line: number, readonly column: number }

interface Mapped {
  readonly steps: readonly MapStep[]
  /** Decoded on first use. */
  maps?: readonly SourceMap[]
  /** Lines that stand before what a person wrote. */
  readonly linesBefore: number
  readonly shownAs: string
}

const mapped = new Map<string, Mapped>()

/** Registers by which maps places in evaluated code lead back to what a person wrote. */
export function registerMaps(file: string, steps: readonly MapStep[], linesBefore: number, shownAs: string): void {
  mapped.set(file, { steps, linesBefore, shownAs })
}

function originalPlace(place: Place): Place {
  const entry = mapped.get(place.file)
  if (entry === undefined) return place
  entry.maps ??= entry.steps.map(({ map }) => new SourceMap(JSON.parse(map) as SourceMapPayload))
  let { line, column } = place
  for (const [i, map] of entry.maps.entries()) {
    const found = map.findEntry(line - 1, column - 1)
    if (!('originalLine' in found)) return { ...place, file: entry.shownAs }
    line = found.originalLine + 1
    const isWidened = entry.steps[i].widened.includes(found.originalLine)
    column = Math.max(found.originalColumn - (isWidened ? exportPrefix.length : 0), 0) + 1
  }
  return { file: entry.shownAs, line: Math.max(line - entry.linesBefore, 1), column }
}

const ownFolder = path.join(packageFolder, 'dist/kernel/session')

/** Frames that tell a person nothing: ours, and Node's that lead to them. */
function isHidden(file: string): boolean {
  return file.startsWith(ownFolder) || file.startsWith('node:internal/') || file === 'node:vm'
}

function fileOf(site: NodeJS.CallSite): string {
  const name = site.getFileName() ?? site.getScriptNameOrSourceURL() ?? ''
  return name.startsWith('file:') ? fileURLToPath(name) : name
}

function frame(site: NodeJS.CallSite): string | null {
  const file = fileOf(site)
  if (isHidden(file)) return null
  if (!mapped.has(file)) return `    at ${(site as { toString(): string }).toString()}`
  const place = originalPlace({ file, line: site.getLineNumber() ?? 1, column: site.getColumnNumber() ?? 1 })
  const where = `${place.file}:${place.line}:${place.column}`
  const type = site.getTypeName()
  const name = site.getFunctionName()
  const prefix = site.isAsync() ? 'async ' : site.isConstructor() ? 'new ' : ''
  if (name === null) return `    at ${prefix}${where}`
  const owner = site.isToplevel() || type === null || type === 'Object' || name.startsWith(`${type}.`) || site.isConstructor() ? '' : `${type}.`
  return `    at ${prefix}${owner}${name} (${where})`
}

/** Makes stack traces name cells and lines as they were written, without frames of ours. */
export function installStackTraces(): void {
  Error.prepareStackTrace = (error: Error, sites) => {
    let head: string
    try {
      head = Error.prototype.toString.call(error)
    } catch {
      head = 'Error'
    }
    // Errors that the library means say what is wrong with the evidence; where in the library that is found helps nobody.
    const told = error instanceof library.SlablabError ? sites.filter((site) => fileOf(site) !== built.library) : sites
    return [head, ...told.map(frame).filter((line) => line !== null)].join('\n')
  }
}
