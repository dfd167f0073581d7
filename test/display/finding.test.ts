import { describe, expect, test } from 'vitest'
import { displayText, mimeBundle, type Finding } from '../../lib/index.js'

const hostile = '<img src=x onerror=alert(1)>\u001b[2J\u202e'

const leak: Finding = {
  verdict: 'leak', confidence: 'certain', cache: 'kmalloc-128', type: 'seq_operations', objects: 60001, bytes: 7680128, retainedBytes: 7680128, unreachable: 60001,
  module: 'testmod', symbols: ['TestMod_ProcContentSeqShow', 'single_start'], rule: 'seq_operations without release',
  hypothesis: 'Allocated by single_open and never freed: the file is released with seq_release, which does not free what single_open allocated.',
  fix: 'Set .proc_release of TestMod_ProcContentOps to single_release.',
  evidence: [
    { text: '60,001 objects point at single_start, single_stop and single_next', addresses: Array.from({ length: 6 }, (_, i) => `0xffff5d1ec0dc400${i}`), code: "signatures(dump)\n  .filter(d => d.cache === 'kmalloc-128')" },
    { text: 'single_open allocates a seq_operations (fs/seq_file.c)', addresses: [], code: null }
  ]
}

const unknowing: Finding = {
  verdict: 'maybe', confidence: 'weak', cache: hostile, type: null, objects: null, bytes: null, retainedBytes: null, unreachable: null, module: hostile, symbols: [hostile],
  rule: hostile, hypothesis: hostile, fix: hostile, evidence: [{ text: hostile, addresses: [hostile], code: hostile }]
}

describe('a finding as text', () => {
  test('says what, how sure, who, why, what to do, and what it rests on', async () => {
    await expect(await displayText(leak)).toMatchFileSnapshot('__snapshots__/leak.txt')
  })

  test('is wrapped to the width', async () => {
    const lines = (await displayText(leak, { width: 50 })).split('\n').filter((line) => !line.includes('> '))
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(50)
  })

  test('a list is one after the other', async () => {
    expect((await displayText([leak, unknowing])).split('\n\n')).toHaveLength(2)
  })
})

describe('a finding as HTML', () => {
  test('looks like this', async () => {
    const { data } = await mimeBundle(leak)
    expect(Object.keys(data)).toEqual(['text/html', 'text/plain'])
    await expect(data['text/html']).toMatchFileSnapshot('__snapshots__/leak.html')
  })

  test('nothing of the evidence acts', async () => {
    const { data } = await mimeBundle([unknowing])
    const html = data['text/html'] as string
    expect(html.match(/<[^>]*>/g)!.join('')).not.toMatch(/img|onerror/)
    for (const text of [html, data['text/plain'] as string]) expect(text).not.toMatch(/[\u001b\u202e]/)
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;\\x1b[2J\\u202e')
    expect(html).toContain('maybe (weak)')
  })
})
