import { codeHtml } from './codeHtml.js'
import { Html, html, textLines } from './html.js'

const fence = /^ {0,3}(`{3,}|~{3,})\s*([\w+-]*)/
const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/
const rule = /^ {0,3}(?:\*[ *]*\*[ *]*\*|-[ -]*-[ -]*-|_[ _]*_[ _]*_)\s*$/
const item = /^( *)([*+-]|\d{1,9}[.)])\s+(.*)$/
const tableRule = /^ {0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/
/** Schemes that a link may have: none that runs something. */
const linkable = /^(?:https?:|mailto:|#|[^:]*$)/i
const showable = /^data:image\/(?:png|jpeg|gif|svg\+xml);base64,/

export interface MarkdownOptions {
  /** What an image's address stands for, as one attached to the cell. Undefined: it is not shown, its words are. */
  readonly imageOf?: (address: string) => string | undefined
}

/**
 * The Markdown of notebooks as HTML: headings, paragraphs, lists, tables, quotes, code, emphasis, links and images of the notebook itself.
 * HTML in it is shown as text: a notebook may come from anybody.
 */
export function markdownHtml(text: string, options: MarkdownOptions = {}): Html {
  return new Html(blocks(text.replace(/\t/g, '    ').split(/\r?\n/), options).map(({ text: one }) => one).join('\n'))
}

function blocks(lines: readonly string[], options: MarkdownOptions): Html[] {
  const found: Html[] = []
  for (let at = 0; at < lines.length;) {
    const read = readBlock(lines, at, options)
    if (read.block !== null) found.push(read.block)
    at = read.next
  }
  return found
}

interface ReadBlock { readonly block: Html | null, readonly next: number }

function readBlock(lines: readonly string[], at: number, options: MarkdownOptions): ReadBlock {
  const line = lines[at]
  const inline = (text: string): Html => inlineHtml(text, options)
  if (line.trim() === '') return { block: null, next: at + 1 }
  const opens = fence.exec(line)
  if (opens !== null) {
    const end = lines.findIndex((one, i) => i > at && one.trim().startsWith(opens[1]) && one.trim().replaceAll(opens[1][0], '') === '')
    const next = end < 0 ? lines.length : end
    const indent = line.search(/\S/)
    const code = lines.slice(at + 1, next).map((one) => one.slice(Math.min(indent, one.search(/\S|$/)))).join('\n')
    return { block: html`<pre><code>${/^(?:ts|typescript|js|javascript|c)$/.test(opens[2]) ? codeHtml(code) : textLines(code)}</code></pre>`, next: next + 1 }
  }
  const head = heading.exec(line)
  if (head !== null) {
    const level = new Html(`h${head[1].length}`)
    return { block: html`<${level} id="${anchor(head[2])}">${inline(head[2])}</${level}>`, next: at + 1 }
  }
  if (rule.test(line)) return { block: new Html('<hr>'), next: at + 1 }
  if (/^ {0,3}>/.test(line)) {
    const end = firstFrom(lines, at, (one) => one.trim() === '')
    const inner = lines.slice(at, end).map((one) => one.replace(/^ {0,3}> ?/, ''))
    return { block: html`<blockquote>${blocks(inner, options)}</blockquote>`, next: end }
  }
  if (line.includes('|') && tableRule.test(lines[at + 1] ?? '')) return readTable(lines, at, inline)
  if (item.test(line)) return readList(lines, at, options)
  const end = firstFrom(lines, at + 1, (one) => one.trim() === '' || fence.test(one) || heading.test(one) || item.test(one) || /^ {0,3}>/.test(one))
  return { block: html`<p>${inline(lines.slice(at, end).map((one) => one.trimStart()).join('\n'))}</p>`, next: end }
}

function firstFrom(lines: readonly string[], at: number, test: (line: string) => boolean): number {
  const found = lines.findIndex((line, i) => i >= at && test(line))
  return found < 0 ? lines.length : found
}

function readTable(lines: readonly string[], at: number, inline: (text: string) => Html): ReadBlock {
  const cells = (line: string): string[] => line.trim().replace(/^\||(?<!\\)\|$/g, '').split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'))
  const aligns = cells(lines[at + 1]).map((cell) => new Html(cell.endsWith(':') ? ` style="text-align:${cell.startsWith(':') ? 'center' : 'right'}"` : ''))
  const end = firstFrom(lines, at + 2, (line) => line.trim() === '')
  const row = (line: string, tag: 'th' | 'td'): Html => html`<tr>${cells(line).map((cell, i) => html`<${new Html(tag)}${aligns[i] ?? null}>${inline(cell)}</${new Html(tag)}>`)}</tr>`
  return {
    block: html`<div class="scroll"><table><thead>${row(lines[at], 'th')}</thead><tbody>${lines.slice(at + 2, end).map((line) => row(line, 'td'))}</tbody></table></div>`, next: end
  }
}

function readList(lines: readonly string[], at: number, options: MarkdownOptions): ReadBlock {
  const [, indent, mark] = item.exec(lines[at])!
  const isOrdered = /\d/.test(mark)
  const items: Html[] = []
  let next = at
  while (next < lines.length) {
    const own = item.exec(lines[next])
    if (own === null || own[1].length !== indent.length || /\d/.test(own[2]) !== isOrdered) break
    const inside = lines[next].length - own[3].length
    // What belongs to an item is indented, or follows it without an empty line.
    let end = next + 1
    while (end < lines.length) {
      const blank = lines[end].trim() === ''
      const deep = lines[end].search(/\S/) > indent.length
      if (blank ? lines.slice(end).find((line) => line.trim() !== '')?.search(/\S/) === undefined || lines.slice(end).find((line) => line.trim() !== '')!.search(/\S/) <= indent.length : !deep && (item.test(lines[end]) || lines[end - 1].trim() === '')) break
      end++
    }
    const body = [own[3], ...lines.slice(next + 1, end).map((line) => line.slice(Math.min(inside, line.search(/\S|$/))))]
    const inner = blocks(body, options)
    // A lone paragraph is no paragraph of its own.
    items.push(html`<li>${inner.map(({ text }, i) => new Html(i === 0 ? text.replace(/^<p>(.*)<\/p>$/s, '$1') : text))}</li>`)
    next = end
    const following = firstFrom(lines, next, (line) => line.trim() !== '')
    const after = item.exec(lines[following] ?? '')
    if (after !== null && after[1].length === indent.length && /\d/.test(after[2]) === isOrdered) next = following
  }
  const start = isOrdered && Number.parseInt(mark) !== 1 ? new Html(` start="${Number.parseInt(mark)}"`) : null
  return { block: isOrdered ? html`<ol${start}>${items}</ol>` : html`<ul>${items}</ul>`, next }
}

/** Code, escapes, images, links, bold and slanted, in the order in which they bind. */
const spans = /(`+)([\s\S]*?[^`])\1(?!`)|\\([!-/:-@[-`{-~])|!\[([^\]]*)\]\(\s*<?([^)\s>]+)>?[^)]*\)|\[((?:[^[\]\\]|\\.|\[[^\]]*\])*)\]\(\s*<?([^)\s>]+)>?[^)]*\)|<(https?:[^>\s]+)>|(\*\*|__)(?=\S)([\s\S]*?\S)\9|(?<![\w*])(\*|_)(?=\S)([\s\S]*?[^\s\\])\11(?![\w*])|( {2,}\n|\\\n)/g

function inlineHtml(text: string, options: MarkdownOptions): Html {
  const inner = (part: string): Html => inlineHtml(part, options)
  const parts: Html[] = []
  let at = 0
  for (const match of text.matchAll(spans)) {
    parts.push(textLines(text.slice(at, match.index)))
    at = match.index + match[0].length
    const [, ticks, code, escaped, alt, image, label, target, address, strong, bold, slant, slanted] = match
    if (ticks !== undefined) parts.push(html`<code>${code.replace(/\n/g, ' ').replace(/^ (.*\S.*) $/, '$1')}</code>`)
    else if (escaped !== undefined) parts.push(html`${escaped}`)
    else if (image !== undefined) {
      const source = options.imageOf?.(image)
      parts.push(source !== undefined && showable.test(source) ? html`<img src="${source}" alt="${alt}">` : html`<em>${alt}</em>`)
    } else if (label !== undefined) parts.push(linkable.test(target) ? html`<a href="${target}">${inner(label)}</a>` : inner(label))
    else if (address !== undefined) parts.push(html`<a href="${address}">${address}</a>`)
    else if (strong !== undefined) parts.push(html`<strong>${inner(bold)}</strong>`)
    else if (slant !== undefined) parts.push(html`<em>${inner(slanted)}</em>`)
    else parts.push(new Html('<br>\n'))
  }
  return html`${parts}${textLines(text.slice(at))}`
}

/** What links within the notebook call a heading, as Jupyter does. */
function anchor(text: string): string {
  return text.replace(/[`*]/g, '').trim().replace(/\s/g, '-')
}
