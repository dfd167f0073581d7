import { describe, expect, test } from 'vitest'
import { codeCell, markdownCell, newNotebook, type Output } from '../../lib/notebook/notebook.js'
import { markdownHtml } from '../../lib/report/markdownHtml.js'
import { notebookHtml } from '../../lib/report/notebookHtml.js'

describe('Markdown', () => {
  test.each([
    ['# A `b`', '<h1 id="A-b">A <code>b</code></h1>'],
    ['a\nb', '<p>a\nb</p>'],
    ['**a** and *b*, _c_, snake_case_name, 2 * 3 * 4', '<p><strong>a</strong> and <em>b</em>, <em>c</em>, snake_case_name, 2 * 3 * 4</p>'],
    ['\\*a\\* \\<b\\>', '<p>*a* &lt;b&gt;</p>'],
    ['[text](https://example.org/a_b) <https://example.org>', '<p><a href="https://example.org/a_b">text</a> <a href="https://example.org">https://example.org</a></p>'],
    ['[text](javascript:alert(1))', '<p>text)</p>'],
    ['<script>alert(1)</script>', '<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>'],
    ['* a\n* b\n  * c\n\n  more\n* d', '<ul><li>a</li><li>b<ul><li>c</li></ul><p>more</p></li><li>d</li></ul>'],
    ['3. a\n4. b\n\nafter', '<ol start="3"><li>a</li><li>b</li></ol>\n<p>after</p>'],
    ['> a\n> b', '<blockquote><p>a\nb</p></blockquote>'],
    ['| a | b |\n| --- | ---: |\n| `x` | 1 \\| 2 |', '<div class="scroll"><table><thead><tr><th>a</th><th style="text-align:right">b</th></tr></thead><tbody><tr><td><code>x</code></td><td style="text-align:right">1 | 2</td></tr></tbody></table></div>'],
    ['```sh\n$ a <b>\n```\nafter', '<pre><code>$ a &lt;b&gt;</code></pre>\n<p>after</p>'],
    ['```ts\nconst a = \'x\' // y\n```', '<pre><code><span class="word">const</span> a = <span class="string">&#39;x&#39;</span> <span class="comment">// y</span></code></pre>'],
    ['---', '<hr>'],
    ['![alt](attachment:a.png)', '<p><em>alt</em></p>']
  ])('%j', (text, expected) => expect(markdownHtml(text).text).toBe(expected))

  test('shows an attached image, and no other', () => {
    const imageOf = (): string => 'data:image/png;base64,AAAA'
    expect(markdownHtml('![alt](attachment:a.png)', { imageOf }).text).toBe('<p><img src="data:image/png;base64,AAAA" alt="alt"></p>')
    expect(markdownHtml('![alt](http://example.org/a.png)', { imageOf: (address) => address }).text).toBe('<p><em>alt</em></p>')
  })
})

const outputs: Output[] = [
  { output_type: 'stream', name: 'stdout', text: '\u001b[31mred\u001b[0m <b> \u202e\n' },
  { output_type: 'display_data', data: { 'image/svg+xml': '<svg><g id="a"/><use href="#a"/></svg>', 'image/png': 'AAAA', 'text/plain': 'plot' }, metadata: {} },
  { output_type: 'execute_result', data: { 'text/html': '<table></table>', 'text/plain': 'table' }, metadata: {}, execution_count: 1 },
  { output_type: 'error', ename: 'Error', evalue: 'no', traceback: ['Error: no', 'in cell 1'] }
]

describe('the page of a notebook', () => {
  const page = notebookHtml(newNotebook([
    markdownCell('title', 'Before\n\n# The `title`'), { ...codeCell('ask', 'ask(1)'), execution_count: 1, outputs },
    { cell_type: 'raw', id: 'raw', metadata: {}, source: '<raw>' }
  ]))

  test('shows texts, code and the best form of each output', () => {
    expect(page).toContain('<title>The title</title>')
    expect(page).toContain('<pre class="source"><code>ask(<span class="number">1</span>)</code></pre>')
    expect(page).toContain('<pre class="output stdout">red &lt;b&gt; \\u202e\n</pre>')
    expect(page).toContain('<figure><svg><g id="ask-1-a"/><use href="#ask-1-a"/></svg></figure>')
    expect(page).toContain('<div class="scroll"><table></table></div>')
    expect(page).toContain('<pre class="output stderr">Error: no\nin cell 1</pre>')
    expect(page).toContain('<section class="cell code failed" id="ask">')
    expect(page).toContain('<pre>&lt;raw&gt;</pre>')
    expect(page).not.toContain('AAAA')
  })

  test('loads nothing and runs nothing', () => {
    expect(page).toContain('content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:"')
    expect(page).not.toMatch(/<script|<link|@import|url\(http/)
  })
})
