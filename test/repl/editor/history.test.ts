import { describe, expect, test } from 'vitest'
import { emptySearch, searchKey, type HistorySearch, type SearchStep } from '../../../kernel/repl/editor/historySearch.js'
import { walkHistory, type HistoryWalk } from '../../../kernel/repl/editor/historyWalk.js'

const cells = ['dump.caches()', 'growth(snapshots)', 'dump.caches()', 'const a = {\n  b: 1\n}', 'dump.objects()']

function walk(typed: string, cursor: number, ...directions: (-1 | 1)[]): string[] {
  const shown: string[] = []
  let now: HistoryWalk | null = null
  let text = typed
  for (const direction of directions) {
    const step = walkHistory(cells, now, direction, { text, cursor })
    if (step === undefined) shown.push('(none)')
    else {
      now = step.walk
      text = step.text
      shown.push(text)
    }
  }
  return shown
}

describe('up and down through the history', () => {
  test('whole cells, the latest first, and back to what was typed', () => {
    expect(walk('x', 0, -1, -1, 1, 1, 1)).toEqual(['dump.objects()', 'const a = {\n  b: 1\n}', 'dump.objects()', 'x', '(none)'])
  })

  test('only those that begin like what stands before the cursor, none twice in a row', () => {
    expect(walk('dump', 4, -1, -1, -1, 1)).toEqual(['dump.objects()', 'dump.caches()', '(none)', 'dump.objects()'])
    expect(walk('zzz', 3, -1)).toEqual(['(none)'])
  })
})

describe('Ctrl-R', () => {
  const step = (search: HistorySearch, id: string, text = ''): SearchStep => searchKey(cells, search, { id, text })
  const on = (search: HistorySearch, id: string, text = ''): HistorySearch => {
    const found = step(search, id, text)
    if (found.kind !== 'on') throw new Error(found.kind)
    return found.search
  }

  test('finds as one types, without regard to case, and older with each Ctrl-R', () => {
    const first = on(emptySearch, 'text', 'DUMP')
    expect(first).toEqual({ query: 'DUMP', found: 4, failed: false })
    expect(on(first, 'ctrl+r').found).toBe(2)
    const narrower = on(first, 'text', '.ca')
    expect(narrower.found).toBe(2)
    expect(on(narrower, 'ctrl+r')).toMatchObject({ found: 2, failed: true })
    expect(on(on(first, 'up'), 'ctrl+s').found).toBe(4)
    expect(on(narrower, 'down').failed).toBe(true)
  })

  test('keeps what it found where the query fits nothing, and finds again with less', () => {
    const found = on(emptySearch, 'text', 'growth')
    const failed = on(found, 'text', 'x')
    expect(failed).toEqual({ query: 'growthx', found: 1, failed: true })
    expect(on(failed, 'backspace')).toEqual({ query: 'growth', found: 1, failed: false })
    expect(on({ query: 'd', found: 4, failed: false }, 'ctrl+h')).toEqual(emptySearch)
  })

  test('Enter and Tab take, Escape, Ctrl-G and Ctrl-C leave, other keys take and go on', () => {
    const kinds = ['enter', 'tab', 'escape', 'ctrl+g', 'ctrl+c', 'left', 'ctrl+a'].map((id) => step(emptySearch, id).kind)
    expect(kinds).toEqual(['take', 'take', 'leave', 'leave', 'leave', 'takeAndKey', 'takeAndKey'])
    expect(on(emptySearch, 'paste', 'growth').found).toBe(1)
  })
})
