import { table } from 'arquero'
import { describe, expect, test } from 'vitest'
import { displayMethod, displayText, escapeHtml, htmlTable, mimeBundle } from '../../lib/index.js'
import { describedTable } from '../../lib/table/columns.js'

const hostile = '<script>alert(1)</script>\u001b[31m\u202e"onload=\'x\'&'

const bars = {
  $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
  data: { values: [{ name: 'a', count: 3 }, { name: hostile, count: 5 }] },
  mark: 'bar',
  encoding: { x: { field: 'count', type: 'quantitative' }, y: { field: 'name', type: 'nominal' } }
}

describe('tables', () => {
  const rows = describedTable({
    cache: ['kmalloc-128', hostile],
    allocated: [71003, null],
    slab: ['0xffff80003a5b0000', null],
    rank: [0, 1],
    aliases: [[hostile], []] as unknown[]
  })

  test('are HTML with units, meanings and hex addresses, and text; without internal columns', async () => {
    const { data } = await mimeBundle(rows)
    expect(Object.keys(data)).toEqual(['text/html', 'text/plain'])
    const html = data['text/html'] as string
    expect(html).toContain('<th align="right" style="text-align:right" title="objects in use">allocated<br><small>objects</small></th>')
    expect(html).toContain('<code>0xffff80003a5b0000</code>')
    expect(html).toContain('<p>2 rows</p>')
    expect(html).not.toContain('rank')
    expect(data['text/plain']).toContain('71,003')
  })

  test('keep names on their line, and break long text and hashes in a column that no page squeezes', () => {
    const html = htmlTable(table({ cache: ['kmalloc-128'], file: ['a-folder-of-its-own/and-a-file.txt'], sha256: ['9185350651a636b010218809486d7f3c'.repeat(2)] }))
    expect(html).toContain('<td align="left" style="text-align:left;white-space:nowrap">kmalloc-128</td>')
    expect(html).toContain('<td align="left" style="text-align:left;overflow-wrap:anywhere;min-width:15em">a-folder')
    expect(html).toContain('min-width:15em"><code style="white-space:normal">9185')
  })

  test('are escaped throughout, names of columns included', () => {
    const html = htmlTable(table({ [hostile]: [hostile, { nested: hostile }, [hostile]] } as never))
    expect(html).not.toContain('<script>')
    expect(html).not.toContain('\u001b')
    expect(html).not.toContain('\u202e')
    // Inside of the tags that are ours there is no quote from evidence.
    expect(html.match(/<[^>]*>/g)!.join('')).not.toMatch(/onload|alert/)
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m\\u202e&quot;onload=&#39;x&#39;&amp;')
  })

  test('long cells are cut and whole in the tooltip', () => {
    const html = htmlTable(describedTable({ cache: ['x'.repeat(500) + hostile] }))
    expect(html).toContain(`>${'x'.repeat(159)}…</td>`)
    expect(html).toContain(`title="${'x'.repeat(500)}&lt;script&gt;`)
  })

  test('show 50 rows at most, and how many there are', () => {
    const html = htmlTable(describedTable({ allocated: Uint32Array.from({ length: 1000 }, (_, i) => i) }), {})
    expect(html.match(/<tr>/g)).toHaveLength(52)
    expect(html).toContain('<p>50 of 1,000 rows</p>')
    expect(html).toContain('>999</td>')
    expect(htmlTable(describedTable({ allocated: [1] }), { total: 1767698 })).toContain('<p>1 of 1,767,698 rows</p>')
  })
})

describe('plots', () => {
  test('are live, SVG, PNG at twice the size, and text; never HTML', async () => {
    const { data, metadata } = await mimeBundle(bars)
    expect(Object.keys(data)).toEqual(['application/vnd.vegalite.v5+json', 'image/svg+xml', 'image/png', 'text/plain'])
    expect(data['application/vnd.vegalite.v5+json']).toBe(bars)
    const png = Buffer.from(data['image/png'] as string, 'base64')
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    const { width, height } = metadata['image/png'] as { width: number, height: number }
    expect(Math.abs(png.readUInt32BE(16) - width * 2)).toBeLessThanOrEqual(1)
    expect(Math.abs(png.readUInt32BE(20) - height * 2)).toBeLessThanOrEqual(1)
    expect(data['text/plain']).toContain('┤')
  })

  test('keep hostile names as text', async () => {
    const { data } = await mimeBundle(bars)
    const svg = data['image/svg+xml'] as string
    expect(svg).not.toContain('<script')
    expect(svg.match(/<[^>]*>/g)!.join('').replace(/"[^"]*"/g, '')).not.toMatch(/alert|onload/)
    expect(svg).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
    expect(data['text/plain']).not.toContain('\u001b')
    expect(data['text/plain']).not.toContain('\u202e')
  })

  test('whose data lies elsewhere are left to the front end, and nothing is loaded', async () => {
    const { data, metadata } = await mimeBundle({ ...bars, data: { url: 'http://127.0.0.1:9/data.json' } })
    expect(Object.keys(data)).toEqual(['application/vnd.vegalite.v5+json', 'text/plain'])
    expect(data['text/plain']).toContain("(could not be shown better: a plot's data must stand in its specification, and is not loaded from http://127.0.0.1:9/data.json)")
    expect(metadata).toEqual({})
  })

  test('that are none say so', async () => {
    const { data } = await mimeBundle({ ...bars, mark: 'no such mark' })
    expect(data['text/plain']).toContain('could not be shown better')
  })

  test("in vega's own language", async () => {
    const { data } = await mimeBundle({
      $schema: 'https://vega.github.io/schema/vega/v5.json', width: 40, height: 40,
      marks: [{ type: 'rect', encode: { enter: { x: { value: 0 }, width: { value: 20 }, y: { value: 0 }, height: { value: 40 }, fill: { value: 'red' } } } }]
    })
    expect(Object.keys(data)).toEqual(['application/vnd.vega.v5+json', 'image/svg+xml', 'image/png', 'text/plain'])
    expect(data['image/svg+xml']).toContain('fill="red"')
  })
})

describe('other values', () => {
  test('a method Symbol.for("Jupyter.display") decides, with a promise too', async () => {
    const bundle = { 'text/html': '<b>x</b>', 'text/plain': 'x' }
    expect(await mimeBundle({ [displayMethod]: () => bundle })).toEqual({ data: bundle, metadata: {} })
    expect(await mimeBundle({ [Symbol.for('Jupyter.display')]: async () => bundle })).toEqual({ data: bundle, metadata: {} })
    expect(await displayText({ [displayMethod]: () => bundle })).toBe('x')
  })

  test('a display without text gets one', async () => {
    const { data } = await mimeBundle({ name: 'value', [displayMethod]: () => ({ 'text/html': '<b>x</b>' }) })
    expect(data['text/html']).toBe('<b>x</b>')
    expect(data['text/plain']).toContain("name: 'value'")
  })

  test('a display that fails is told, and the value is shown', async () => {
    const { data } = await mimeBundle({ name: 'value', [displayMethod]: () => { throw new Error('no page\u001b[2J') } })
    expect(data['text/plain']).toContain("name: 'value'")
    expect(data['text/plain']).toContain('(could not be shown better: no page\\x1b[2J)')
  })

  test('an object of MIME types is sent as it is', async () => {
    const bundle = { 'text/markdown': '**x**', 'image/svg+xml': '<svg/>' }
    expect((await mimeBundle(bundle)).data).toBe(bundle)
    expect(Object.keys((await mimeBundle({})).data)).toEqual(['text/plain'])
  })

  test.each([
    [undefined, 'undefined'], [null, 'null'], [42, '42'], [7n, '7n'], ['a\u001b[2J\u202eb', "'a\\x1B[2J\\u202eb'"],
    [{ cache: 'a', none: null }, "{ cache: 'a', none: null }"], [[1, 2], '[ 1, 2 ]']
  ])('%# as text', async (value, text) => {
    expect((await mimeBundle(value)).data).toEqual({ 'text/plain': text })
  })

  test("a value's own inspection cannot act on the terminal", async () => {
    const value = { [Symbol.for('nodejs.util.inspect.custom')]: () => 'line 1\nline \u001b[2J2' }
    expect(await displayText(value)).toBe('line 1\nline \\x1b[2J2')
    expect(await displayText({ count: 1 }, { colour: true })).toBe('{ count: \u001b[33m1\u001b[39m }')
  })
})

test('escapeHtml', () => {
  expect(escapeHtml('a<b>&"\'\u0000')).toBe('a&lt;b&gt;&amp;&quot;&#39;\\x00')
})
