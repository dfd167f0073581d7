import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { renderText, UsageError } from '../../lib/index.js'

const lines = {
  data: { values: [1, 2, 3, 4].flatMap((x) => [{ x, y: x * x, kind: 'square' }, { x, y: 2 * x, kind: 'double' }]) },
  mark: 'line',
  width: 400, height: 200,
  encoding: { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' }, color: { field: 'kind', type: 'nominal' } }
}
const bars = {
  data: { values: [{ name: 'a', count: 3 }, { name: 'bb', count: 8 }, { name: '漢字', count: 0.05 }] },
  mark: 'bar',
  width: 200, height: 60,
  encoding: { x: { field: 'count', type: 'quantitative' }, y: { field: 'name', type: 'nominal', sort: null } }
}

test.each([40, 60, 80, 120])('fits %d columns', async (width) => {
  for (const plot of [lines, bars]) {
    for (const line of (await renderText(plot, { width })).split('\n')) expect(stringWidth(line), line).toBeLessThanOrEqual(width)
  }
})

test('bars are as long as their values, each in its row, the smallest visible', async () => {
  const rows = (await renderText(bars, { width: 60 })).split('\n')
  const bar = (name: string): string => rows.find((row) => row.includes(`${name} ┤`))!.split('┤')[1]
  const cells = (text: string): number => text.split('').reduce((sum, c) => sum + (c === '█' ? 1 : '▏▎▍▌▋▊▉'.includes(c) ? 0.5 : 0), 0)
  expect(cells(bar('bb')) / cells(bar('a'))).toBeCloseTo(8 / 3, 0)
  expect(bar('漢字')).toMatch(/^[▏▎▍]/)
})

test('without colour a legend tells lines apart by marks, with colour by colours', async () => {
  const plain = await renderText(lines)
  expect(plain).not.toContain('\u001b')
  expect(plain).toMatch(/• double\s+× square/)
  expect(plain.match(/×/g)!.length).toBeGreaterThan(2)
  const coloured = await renderText(lines, { colour: true })
  expect(coloured).toMatch(/\u001b\[38;5;\d+m━\u001b\[0m double/)
  expect(coloured).toMatch(/[\u2801-\u28ff]/)
})

test('a line is broken where a value is missing', async () => {
  const broken = { ...lines, data: { values: [{ x: 1, y: 1 }, { x: 2, y: 1 }, { x: 3, y: null }, { x: 4, y: 1 }, { x: 5, y: 1 }] }, encoding: { x: lines.encoding.x, y: lines.encoding.y } }
  const row = (await renderText(broken)).split('\n').find((line) => /[\u2801-\u28ff]/.test(line))!
  expect(row).toMatch(/[\u2801-\u28ff] {4,}[\u2801-\u28ff]/)
})

describe('plots of other people', () => {
  test('points, areas and rules', async () => {
    const values = Array.from({ length: 20 }, (_, i) => ({ x: i, y: (i * 7) % 20 }))
    const encoding = { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' } }
    expect((await renderText({ data: { values }, mark: 'point', width: 300, height: 200, encoding })).match(/•/g)!.length).toBeGreaterThan(15)
    expect((await renderText({ data: { values }, mark: 'area', width: 300, height: 200, encoding })).match(/\u28ff/g)!.length).toBeGreaterThan(20)
    const rule = { data: { values: [{ y: 5 }] }, mark: 'rule', width: 300, height: 200, encoding: { y: { field: 'y', type: 'quantitative', scale: { domain: [0, 10] } } } }
    expect(await renderText(rule)).toMatch(/─{30}/)
  })

  test('side by side, and without a size', async () => {
    const { width: _w, height: _h, ...natural } = bars
    expect(await renderText(natural)).toContain('bb ┤')
    const text = await renderText({ data: bars.data, hconcat: [{ mark: 'bar', encoding: bars.encoding }, { mark: 'bar', encoding: bars.encoding }] })
    expect(text).toContain('█')
    for (const line of text.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(80)
  })

  test('a histogram that vega counts itself', async () => {
    const values = Array.from({ length: 100 }, (_, i) => ({ value: Math.floor(Math.sqrt(i)) }))
    const text = await renderText({
      data: { values }, mark: 'bar', width: 300, height: 160, encoding: { x: { bin: true, field: 'value', type: 'quantitative' }, y: { aggregate: 'count', type: 'quantitative' } }
    })
    expect(text).toContain('Count of Records')
    expect(text.match(/█/g)!.length).toBeGreaterThan(50)
  })

  test('no data at all', async () => {
    await expect(renderText({ ...bars, data: { values: [] } })).resolves.toContain('\n')
  })
})

test.each([
  [{ mark: 'none', data: { values: [] } }, /^not a specification that vega can draw: /],
  [{ ...bars, data: { url: 'data.csv' } }, /^a plot's data must stand in its specification, and is not loaded from data.csv$/]
])('%#: what cannot be drawn', async (plot, message) => {
  await expect(renderText(plot)).rejects.toThrow(UsageError)
  await expect(renderText(plot)).rejects.toThrow(message)
})
