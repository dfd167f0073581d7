import { describe, expect, test } from 'vitest'
import { tableWindow } from '../../../lib/display/tableWindow.js'
import { AddressColumn, describedTable, NamedColumn } from '../../../lib/table/columns.js'
import { drillsOf } from '../../../kernel/repl/pager/drills.js'
import type { Drill, PagerEffect, PagerState, TablePage } from '../../../kernel/repl/pager/page.js'
import { openedPage, pagerKey, resizedPager, tablePage, windowWanted, withWindow } from '../../../kernel/repl/pager/pagerKey.js'
import { pagerLines } from '../../../kernel/repl/pager/pagerLines.js'

const count = 10_000
const addresses = (length: number): AddressColumn => new AddressColumn(BigUint64Array.from({ length }, (_, i) => 0xffff800000000000n + BigInt(i) * 128n))
const big = describedTable({
  address: addresses(count),
  cache: new NamedColumn(['kmalloc-128', 'dentry'], Uint8Array.from({ length: count }, (_, i) => i % 2)),
  state: new NamedColumn(['allocated'], new Uint8Array(count))
})
const names = { dump: 'dump', snapshots: 'snapshots' }

function open(table = big, height = 12, width = 80): PagerState {
  const state: PagerState = { pages: [], width, height, opening: 'objects', note: null, names }
  return openedPage(state, tablePage({ id: 1, title: 'objects', code: 'objects', type: null }, tableWindow(table, { rows: 50 })))
}

/** Presses keys and fetches what they make missing, as the pager at the terminal does. */
function press(state: PagerState, ...ids: string[]): { state: PagerState, effect: PagerEffect | undefined } {
  let effect: PagerEffect | undefined
  for (const id of ids) {
    const step = pagerKey(state, id.length === 1 ? { id: 'text', text: id } : { id, text: '' })
    state = step.state
    effect = step.effect
    const wanted = windowWanted(state)
    if (wanted !== undefined) state = withWindow(state, wanted.id, wanted.options, tableWindow(big, wanted.options))
  }
  return { state, effect }
}

const page = (state: PagerState): TablePage => state.pages.at(-1) as TablePage
const lines = (state: PagerState): string[] => pagerLines(state, false).map((line) => line.replace(/\u001b\[[\d;]*m/g, ''))

describe('moving through a table', () => {
  test.each([
    [['down', 'j', 'ctrl+n'], 3], [['down', 'down', 'up'], 1], [['j', 'k'], 0], [['down', 'ctrl+p'], 0], [['up'], 0], [['pagedown'], 7], [[' ', 'ctrl+d'], 14],
    [['G'], count - 1], [['end', 'pageup'], count - 8], [['end', 'ctrl+u'], count - 8], [['end', 'down'], count - 1], [['G', 'g'], 0], [['end', 'home'], 0]
  ])('%j leads to row %d', (keys, row) => {
    expect(page(press(open(), ...keys).state).row).toBe(row)
  })

  test('rows that are not here yet are shown as such, and asked for around those in sight', () => {
    const { state } = pagerKey(open(), { id: 'end', text: '' })
    expect(lines(state)[3]).toBe('…')
    expect(windowWanted(state)).toEqual({ id: 1, options: { filter: '', start: count - 7 - 21, rows: 49 } })
    expect(lines(press(open(), 'end').state)[9]).toContain('0xffff800000138780')
  })

  test('a key takes little on a table of a million rows', () => {
    let { state } = press(open(describedTable({ address: addresses(1_000_000), cache: new NamedColumn(['dentry'], new Uint8Array(1_000_000)) }), 50, 200), 'down')
    for (let i = 0; i < 20; i++) pagerLines(press(state, 'down').state, true)
    const start = performance.now()
    for (let i = 0; i < 50; i++) {
      state = pagerKey(state, { id: 'down', text: '' }).state
      pagerLines(state, true)
    }
    // The limit of a key is 16 ms; a test machine may be busy.
    expect((performance.now() - start) / 50).toBeLessThan(16)
  })

  test('columns: left and right choose, the first stays in sight', () => {
    const right = press(open(big, 12, 40), 'right', 'tab', 'right').state
    expect(page(right).column).toBe(2)
    expect(lines(right)[1]).toMatch(/^address .*state/)
    expect(page(press(right, 'left', 'left', 'left').state).column).toBe(0)
  })
})

describe('filter and order', () => {
  test('s sorts by the chosen column, again the other way; S as it came', () => {
    const sorted = press(open(), 'right', 's').state
    expect(page(sorted)).toMatchObject({ sort: 'cache', descending: false })
    expect(lines(sorted)[1]).toContain('cache↑')
    expect(lines(sorted)[3]).toContain('dentry')
    expect(lines(press(sorted, 's').state)[3]).toContain('kmalloc-128')
    expect(page(press(sorted, 'S').state).sort).toBeNull()
  })

  test('numbers sort largest first', () => {
    const caches = describedTable({ cache: ['a', 'b'], bytes: [1, 2] })
    const state = pagerKey(pagerKey(open(caches), { id: 'right', text: '' }).state, { id: 'text', text: 's' }).state
    expect(page(state)).toMatchObject({ sort: 'bytes', descending: true })
  })

  test('a filter works as it is typed; Enter keeps it, Escape takes it away', () => {
    const typed = press(open(), '/', ...'dentri', 'backspace', 'y').state
    expect(lines(typed)[10]).toBe('filter: dentry▏')
    expect(page(typed).window.matching).toBe(count / 2)
    const kept = press(typed, 'enter').state
    expect(lines(kept)[10]).toContain('row 1 of 5,000 of 10,000  filter: dentry')
    expect(page(press(kept, '/', 'escape').state).window.matching).toBe(count)
    expect(page(press(typed, 'ctrl+w').state).filter).toBe('')
    expect(page(press(typed, 'ctrl+u', 'z', 'z').state).window.matching).toBe(0)
    expect(lines(press(typed, 'ctrl+u', 'z', 'z').state)[3]).toBe('no row fits the filter')
    expect(page(press(open(), '/', 'down', 'q').state)?.typing).toBeNull()
    expect(page(press(typed, 'ctrl+c').state)).toMatchObject({ filter: '', typing: null })
    expect(page(press(typed, 'ctrl+g').state)).toMatchObject({ filter: '', typing: null })
    expect(page(press(open(), '/', 'ctrl+h').state).filter).toBe('')
  })
})

describe('leaving', () => {
  test.each([['q', 'close'], ['ctrl+c', 'close'], ['escape', 'close'], ['backspace', 'close'], ['c', 'code']])('%s: %s', (id, kind) => {
    expect(press(open(), id).effect?.kind).toBe(kind)
  })

  test('what takes long can be given up, and takes no other key', () => {
    const opening = { ...open(), opening: 'referrers' }
    expect(lines(opening)[0]).toBe('objects › referrers …')
    for (const id of ['escape', 'backspace', 'q', 'ctrl+c']) expect(press(opening, id).effect).toEqual({ kind: 'cancel' })
    expect(press(opening, 'down').state).toBe(opening)
  })

  test('Escape goes back to the page before, as it was', () => {
    const below = press(open(), 'down', 'down').state
    const above = openedPage(below, { kind: 'text', id: 2, title: 'text', code: 'x', type: null, lines: ['a'], top: 0 })
    expect(lines(above).slice(0, 2)).toEqual(['objects › text', 'a'])
    expect(page(press(above, 'escape').state).row).toBe(2)
  })
})

describe('text', () => {
  test('scrolls', () => {
    const text = openedPage(open(), { kind: 'text', id: 2, title: 'text', code: 'x', type: null, lines: Array.from({ length: 40 }, (_, i) => `line ${i}`), top: 0 })
    const top = (...keys: string[]): string => lines(press(text, ...keys).state)[1]
    expect([top('down'), top('j', 'k'), top('enter', 'up'), top('pagedown'), top(' ', 'pageup'), top('ctrl+d', 'ctrl+u'), top('G'), top('end', 'home'), top('G', 'g')])
      .toEqual(['line 1', 'line 0', 'line 0', 'line 7', 'line 0', 'line 0', 'line 33', 'line 0', 'line 0'])
  })
})

describe('resize', () => {
  test('keeps the chosen row in sight', () => {
    const small = resizedPager(press(open(big, 40), ...Array<string>(30).fill('down')).state, 60, 10)
    expect(page(small)).toMatchObject({ row: 30, top: 26 })
    expect(lines(small)).toHaveLength(10)
    expect(lines(small).every((line) => line.length <= 60)).toBe(true)
  })
})

describe('from a row one goes on', () => {
  const drills = (data: Record<string, unknown[]>, type: string | null = null, known = names): Drill[] => drillsOf({
    ...tablePage({ id: 1, title: '', code: '', type }, tableWindow(describedTable(data)))
  }, known)
  const codes = (data: Record<string, unknown[]>, type?: string): string[] => drills(data, type).map(({ key, code }) => `${key}: ${code}`)
  const address = '0xffff800000000080'

  test('from a cache to what its objects hold, and to the objects', () => {
    expect(codes({ cache: ['kmalloc-128'], bytes: [1] })).toEqual(['enter: signatures(dump, undefined, { cache: \'kmalloc-128\' })', 'o: await dump.objects(\'kmalloc-128\')'])
    expect(codes({ cache: ['it\'s "x"\n'], bytes: [1] })[1]).toBe('o: await dump.objects(\'it\\\'s "x"\\n\')')
  })

  test('from a group to its objects', () => {
    expect(codes({ cache: ['kmalloc-128'], words: [[]], example: [address], type: ['seq_operations'] })).toEqual([
      `enter: await objectsLike(dump, '${address}', { cache: 'kmalloc-128' })`,
      `h: hexdump(dump, '${address}', { type: 'seq_operations' })`,
      `r: await references(dump, '${address}')`
    ])
  })

  test('from an object to its words, with the type that led here, and to its referrers', () => {
    expect(codes({ address: [address], state: ['allocated'] }, 'seq_operations')).toEqual([
      `enter: hexdump(dump, '${address}', { type: 'seq_operations' })`, `r: await references(dump, '${address}')`, `w: whatis(dump, '${address}')`
    ])
  })

  test('from a word to where it points, and to who refers to its object', () => {
    const word = { address: [address], offset: [0], value: ['0xffff800000000100'], symbol: [null], cache: ['dentry'] }
    expect(codes(word)).toEqual([
      'enter: hexdump(dump, \'0xffff800000000100\')', `r: await references(dump, '${address}')`, `w: whatis(dump, '${address}')`, 'v: whatis(dump, \'0xffff800000000100\')'
    ])
    // A word that points at no object leads nowhere, but the object still has referrers.
    expect(codes({ ...word, cache: [null] })[0]).toBe(`r: await references(dump, '${address}')`)
  })

  test('from a reference to the object that holds it', () => {
    const reference = { target: [address], from: ['0xffff800000000208'], cache: ['seq_file'], type: ['seq_file'] }
    expect(codes(reference)[0]).toBe('enter: hexdump(dump, whatis(dump, \'0xffff800000000208\').get(\'object\', 0), { type: \'seq_file\' })')
    expect(codes({ ...reference, cache: [null], type: [null] })[0]).toBe('enter: hexdump(dump, \'0xffff800000000208\')')
  })

  test('without a dump, from a cache to its growth; without anything, nowhere', () => {
    const row = { cache: ['dentry'], bytes: [1] }
    expect(drills(row, null, { dump: null, snapshots: 'snapshots' } as never)[0].code).toBe('plotGrowth(snapshots, { cache: \'dentry\' })')
    expect(drills(row, null, { dump: null, snapshots: null } as never)).toEqual([])
    expect(drills({ cache: [null], bytes: [1] })).toEqual([])
  })

  test('Enter opens, and the foot says so', () => {
    const { state, effect } = press(open(), 'enter')
    expect(effect).toMatchObject({ kind: 'open', drill: { code: 'hexdump(dump, \'0xffff800000000000\')' } })
    expect(state.opening).toBe('words at …800000000000')
    expect(lines(open())[11]).toMatch(/^Enter its words · r who refers to it · w what it is · Esc close/)
  })
})
