import type { ColumnTable } from 'arquero'
import { numberOf, tableRows, textOf } from '../table/tableRows.js'
import { counted, formatBytes, formatCount } from '../util/units.js'
import { visible } from '../util/visible.js'
import { ink, palette, specification, type PlotSpecification } from './specification.js'

/** A row is a line of words and the bar below it. */
const groupHeight = 40
const labelLength = 84

interface Group {
  readonly cache: string
  readonly objects: number
  /** Of the objects of its cache; null for what lies in several. */
  readonly share: number | null
  readonly bytes: number | null
  /** Told apart from groups that hold the same symbols. */
  holds: string
  readonly words: readonly Word[]
  readonly type: string | null
  readonly rest: boolean
}

/**
 * Signature shares: which contents the objects of a cache have, largest group first. A group is named by its type where that is known,
 * else by the symbols that its objects point at, else by the classes of its words.
 * `signatures` is a table of `cache`, `objects`, `share`, `bytes`, `words` and `type`.
 */
export function plotSignatures(signatures: ColumnTable, options: { readonly top?: number } = {}): PlotSpecification {
  const { count, names, column } = tableRows(signatures)
  const [cacheAt, objectsAt, shareAt, bytesAt, wordsAt] = ['cache', 'objects', 'share', 'bytes', 'words'].map(column)
  const typeAt = names.includes('type') ? column('type') : () => null
  const readAt = names.includes('readObjects') ? column('readObjects') : () => null
  const askedAt = names.includes('askedObjects') ? column('askedObjects') : () => null
  const all = Array.from({ length: count }, (_, row) => ({
    row, cache: textOf(cacheAt(row)), objects: numberOf(objectsAt(row)) ?? 0, share: numberOf(shareAt(row)) ?? 0, bytes: numberOf(bytesAt(row)),
    read: numberOf(readAt(row)), asked: numberOf(askedAt(row))
  })).sort((a, b) => b.objects - a.objects)
  const caches = [...new Set(all.map(({ cache }) => cache))]
  const top = options.top ?? 8
  // What a group holds is described when it is asked for: of thousands of groups, for the few that are drawn.
  const largest = all.slice(0, all.length === top + 1 ? top + 1 : top).map((one): Group => {
    const words = wordsOf(wordsAt(one.row))
    return { ...one, holds: contents(words), words, type: textOf(typeAt(one.row), '') || null, rest: false }
  })
  tellApart(largest)
  const shown = [...largest]
  const others = all.slice(shown.length)
  if (others.length > 0) {
    shown.push({
      cache: caches.length === 1 ? caches[0] : 'several', holds: counted(others.length, 'smaller group'), words: [], type: null, rest: true,
      objects: total(others, 'objects'), share: caches.length === 1 ? total(others, 'share') : null,
      bytes: others.some(({ bytes }) => bytes === null) ? null : total(others, 'bytes')
    })
  }
  const values = shown.map((one, i) => ({
    row: i, share: one.share === null ? null : Math.min(1, one.share), whole: one.share === null ? null : 1, objects: one.objects, rest: one.rest,
    name: cut(visible([
      caches.length > 1 && !one.rest ? one.cache : null, one.type, one.holds
    ].filter((part) => part !== null).join(': '))),
    label: [
      one.share === null ? null : percent(one.share), counted(one.objects, 'object'), one.bytes === null ? null : formatBytes(one.bytes)
    ].filter((part) => part !== null).join(' · ')
  }))
  const sample = sampled(all)
  const y = { field: 'row', type: 'ordinal' as const, axis: null, scale: { paddingInner: 0, paddingOuter: 0 } }
  return specification({
    title: headline(largest, caches, sample),
    subtitle: `share of ${caches.length === 1 ? `the objects in ${caches[0]}` : `each cache's objects`} by what they hold, ${counted(total(all, 'objects'), 'object')} in ${counted(all.length, 'group')}` +
      (sample === undefined ? '' : `; of ${counted(sample.asked, 'object')} asked for, the evidence holds the contents of ${formatCount(sample.read)}`),
    height: Math.max(1, values.length) * groupHeight,
    values,
    encoding: { y },
    layer: [
      {
        mark: { type: 'bar', height: 12, yOffset: 8, color: ink.grid },
        encoding: { x: { field: 'whole', type: 'quantitative' } }
      },
      {
        mark: { type: 'bar', height: 12, yOffset: 8 },
        encoding: {
          x: {
            field: 'share', type: 'quantitative', title: null, scale: { domain: [0, 1] },
            axis: {
              grid: false, labelFlush: true, values: [0, 0.25, 0.5, 0.75, 1],
              labelExpr: "format(datum.value * 100, 'd') + ' %'"
            }
          },
          color: {
            field: 'rest', type: 'nominal', legend: null,
            scale: { domain: [false, true], range: [palette.blue, palette.grey] }
          },
          tooltip: [
            { field: 'name', title: 'holds' }, { field: 'objects', type: 'quantitative', format: ',d' },
            { field: 'share', type: 'quantitative', format: '.1%' }
          ]
        }
      },
      {
        mark: { type: 'text', align: 'left', baseline: 'middle', dy: -8, fontSize: 12, limit: 560 },
        encoding: { x: { datum: 0, type: 'quantitative' }, text: { field: 'name' } }
      },
      {
        mark: { type: 'text', align: 'left', baseline: 'middle', dy: 8, dx: 8 },
        encoding: { x: { datum: 1, type: 'quantitative' }, text: { field: 'label' } }
      }
    ]
  })
}

interface Word {
  readonly offset?: unknown, readonly class?: unknown, readonly value?: unknown, readonly symbol?: unknown
}

/** The shortest true name of what a group's objects hold: its symbols, else the classes of its words. */
function contents(list: readonly Word[]): string {
  const symbols = list.map(({ symbol }) => symbol).filter((symbol): symbol is string => typeof symbol === 'string').map((symbol) => symbol.replace(/\+0x0$/, ''))
  if (symbols.length > 0) return [...new Set(symbols)].join(', ')
  return list.length === 0 ? 'nothing in common' : runs(list.map((word) => textOf(word.class))).join(', ')
}

function wordsOf(words: unknown): readonly Word[] {
  return Array.isArray(words) ? words as Word[] : []
}

/** Groups of the same symbols differ in some other word: its class is added to their names. */
function tellApart(groups: readonly Group[]): void {
  const named = new Map<string, Group[]>()
  for (const group of groups) {
    const key = `${group.cache} ${group.type} ${group.holds}`
    named.set(key, [...named.get(key) ?? [], group])
  }
  for (const alike of named.values()) {
    if (alike.length < 2) continue
    const offsets = [...new Set(alike.flatMap(({ words }) => words.map(({ offset }) => offset)))]
    const classAt = (group: Group, offset: unknown): string => textOf(
      group.words.find((word) => word.offset === offset)?.class, 'nothing'
    )
    const telling = offsets.find((offset) => new Set(alike.map((group) => classAt(group, offset))).size === alike.length)
      ?? offsets.find((offset) => new Set(alike.map((group) => classAt(group, offset))).size > 1)
    if (telling === undefined) continue
    for (const group of alike) group.holds += `, ${classAt(group, telling)} at ${textOf(telling)}`
  }
}

/** Equal neighbours counted: zero ×4, slab pointer. */
function runs(classes: readonly string[]): string[] {
  const found: { name: string, times: number }[] = []
  for (const name of classes) {
    const last = found.at(-1)
    if (last?.name === name) last.times++
    else found.push({ name, times: 1 })
  }
  return found.map(({ name, times }) => times === 1 ? name : `${name} ×${times}`)
}

interface Sample { readonly read: number, readonly asked: number }

/** How many of the objects could be read, where that is not all of them: their shares speak of these alone. */
function sampled(groups: readonly {
  readonly cache: string, readonly read: number | null, readonly asked: number | null
}[]): Sample | undefined {
  const caches = [...new Map(groups.map((group) => [group.cache, group])).values()]
  if (caches.some(({ read, asked }) => read === null || asked === null)) return undefined
  const read = total(caches, 'read')
  const asked = total(caches, 'asked')
  return read < asked ? { read, asked } : undefined
}

function headline(groups: readonly Group[], caches: readonly string[], sample: Sample | undefined): string {
  if (groups.length === 0) return 'no objects to group'
  const [first] = groups
  if (first.holds === 'nothing in common' && first.type === null) return `the objects of ${caches.length === 1 ? caches[0] : 'these caches'} have little in common`
  const share = first.share ?? 0
  const read = Math.round(first.objects / share)
  const of = sample === undefined
    ? `${percent(share)} of the objects in ${first.cache}`
    : `${formatCount(first.objects)} of ${formatCount(read)} objects that were read in ${first.cache}`
  if (first.type !== null) return `${of} are ${first.type}`
  // A list of classes names nothing; it stands at the bar.
  return first.words.some(({ symbol }) => typeof symbol === 'string') ? `${of} hold ${cut(first.holds, 70)}` : `${of} are alike`
}

function total<K extends string>(rows: readonly Readonly<Record<K, number | null>>[], key: K): number {
  return rows.reduce((sum, row) => sum + (row[key] ?? 0), 0)
}

/** Never 100 % or 0 % where it is not exactly that. */
function percent(share: number): string {
  const digits = share >= 0.995 && share < 1 || share < 0.095 ? 1 : 0
  const text = (share * 100).toFixed(digits)
  if (share < 1 && Number(text) === 100) return '> 99.9 %'
  if (share > 0 && Number(text) === 0) return '< 0.1 %'
  return `${Number(text)} %`
}

function cut(text: string, length = labelLength): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}
