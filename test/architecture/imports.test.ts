import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

/** Who may import whom, as docs/design.md has it. A layer may always import itself, util, errors and warnings. */
const mayImport: Record<string, string[]> = {
  util: [],
  source: [],
  notebook: [],
  symbol: ['source'],
  type: ['source'],
  memory: ['source', 'symbol'],
  slab: ['source', 'memory', 'symbol', 'type'],
  system: ['source', 'memory', 'symbol', 'type', 'slab'],
  table: ['source', 'symbol', 'slab', 'system'],
  dump: ['source', 'memory', 'symbol', 'type', 'slab', 'system', 'table'],
  analysis: ['source', 'memory', 'symbol', 'type', 'slab', 'system', 'table', 'dump'],
  plot: ['table'],
  display: ['table', 'plot', 'analysis'],
  report: ['analysis', 'plot', 'display', 'notebook', 'table', 'dump', 'system', 'source'],
  record: ['source', 'table', 'analysis'],
  'kernel/session': ['index'],
  'kernel/jupyter': ['index', 'kernel/session'],
  'kernel/repl': ['index', 'kernel/session'],
  'kernel/cli': ['index', 'kernel/session']
}

const everyone = new Set(['util', 'errors', 'warnings'])
/** The one file that may touch node:fs below lib. */
const filesystem = 'lib/source/file.ts'

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
}

function layerOf(file: string): string {
  const [top, second] = file.split(path.sep)
  if (top === 'kernel') return `kernel/${second}`
  return second.replace(/\.tsx?$/, '')
}

interface Import { target: string; lazy: boolean; typeOnly: boolean }

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  const found: Import[] = []
  for (const match of text.matchAll(/^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'/gm)) found.push({ target: match[2], lazy: false, typeOnly: match[1] !== undefined })
  for (const match of text.matchAll(/^\s*import\s+'([^']+)'/gm)) found.push({ target: match[1], lazy: false, typeOnly: false })
  for (const match of text.matchAll(/\bimport\(\s*'([^']+)'/g)) found.push({ target: match[1], lazy: true, typeOnly: false })
  return found
}

const files = [...sources('lib'), ...sources('kernel')]

describe('who may import whom', () => {
  test.each(files)('%s', (file) => {
    const layer = layerOf(file)
    if (layer === 'index' || layer === 'errors' || layer === 'warnings') return
    const allowed = mayImport[layer]
    expect(allowed, `${layer} is a layer of docs/design.md`).toBeDefined()
    for (const { target, lazy, typeOnly } of importsOf(file)) {
      if (!target.startsWith('.')) {
        if (file.startsWith('lib') && target.startsWith('node:fs')) expect(file, 'only lib/source/file.ts touches node:fs').toBe(filesystem)
        if (['vega', 'vega-lite', '@resvg/resvg-js'].includes(target)) expect(lazy || typeOnly, `${target} is loaded lazily`).toBe(true)
        continue
      }
      const to = layerOf(path.relative('.', path.resolve(path.dirname(file), target)).replace(/\.js$/, '.ts'))
      if (to === layer || everyone.has(to)) continue
      if (layer === 'kernel/cli' && to.startsWith('kernel/') && lazy) continue
      expect(allowed, `${file} imports ${target}`).toContain(to)
    }
  })
})
