import { folderEntries, pathKind, standardInput } from './file.js'

/** What makes a path a pattern. */
const magic = /[*?[{]/

/**
 * The paths that a path or glob names, in natural order. `*` and `?` stand for anything but `/`, `**` for any folders, `[a-c]` and
 * `[!a]` for one character, `{a,b}` for either. A path that exists is itself, whatever its characters; a leading dot must be written.
 * Without a pattern the path is returned as it is, so that opening it says what is wrong.
 *
 * @example expandPaths('snapshots/slabinfo.*') // ['snapshots/slabinfo.1', 'snapshots/slabinfo.2', 'snapshots/slabinfo.10']
 */
export function expandPaths(pattern: string): string[] {
  if (pattern === standardInput || !magic.test(pattern) || pathKind(pattern) !== undefined) return [pattern]
  const found = new Set<string>()
  for (const plain of expandBraces(pattern)) {
    const absolute = plain.startsWith('/')
    for (const path of matches(absolute ? '/' : '', plain.split('/').filter((part) => part !== ''))) found.add(path)
  }
  return [...found]
}

/** `a{b,c}` as `ab` and `ac`; braces may nest. */
function expandBraces(pattern: string): string[] {
  const open = pattern.indexOf('{')
  if (open < 0) return [pattern]
  const parts: string[] = []
  let depth = 0
  let start = open + 1
  for (let i = open; i < pattern.length; i++) {
    const character = pattern[i]
    if (character === '{') depth++
    if (character === '}') depth--
    if ((character === ',' && depth === 1) || depth === 0) {
      parts.push(pattern.slice(start, i))
      start = i + 1
    }
    if (depth > 0) continue
    const rest = expandBraces(pattern.slice(i + 1))
    return parts.flatMap(expandBraces).flatMap((part) => rest.map((tail) => pattern.slice(0, open) + part + tail))
  }
  return [pattern]
}

function* matches(prefix: string, parts: readonly string[]): Generator<string> {
  const [part, ...rest] = parts
  if (part === undefined) return
  if (part === '**') {
    yield* matches(prefix, rest.length > 0 ? rest : ['*'])
    for (const folder of inside(prefix)) {
      if (!baseName(folder).startsWith('.') && isFolder(folder)) yield* matches(`${folder}/`, parts)
    }
    return
  }
  if (!magic.test(part)) {
    const path = prefix + part
    if (pathKind(path) !== undefined) yield* rest.length > 0 ? matches(`${path}/`, rest) : [path]
    return
  }
  const expression = segmentExpression(part)
  for (const path of inside(prefix)) {
    const name = baseName(path)
    if (!expression.test(name) || (name.startsWith('.') && !part.startsWith('.'))) continue
    if (rest.length === 0) yield path
    else if (isFolder(path)) yield* matches(`${path}/`, rest)
  }
}

/** What a folder holds; nothing where it can't be listed, as shells do. */
function inside(prefix: string): string[] {
  try {
    const entries = folderEntries(prefix === '' ? '.' : prefix)
    return prefix === '' ? entries.map((entry) => entry.slice(2)) : entries
  } catch {
    return []
  }
}

function isFolder(path: string): boolean {
  try {
    return pathKind(path) === 'folder'
  } catch {
    return false
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function segmentExpression(part: string): RegExp {
  let source = ''
  for (let i = 0; i < part.length; i++) {
    const character = part[i]
    const end = character === '[' ? part.indexOf(']', i + 2) : -1
    if (character === '*') source += '.*'
    else if (character === '?') source += '.'
    else if (end > 0) {
      const set = part.slice(i + 1, end).replace(/^[!^]/, '^').replaceAll('\\', '\\\\').replaceAll('[', '\\[')
      source += `[${set}]`
      i = end
    } else source += character.replace(/[.+^$()|{}\\[\]]/, '\\$&')
  }
  return new RegExp(`^${source}$`, 's')
}
