import { escapeHtml } from '../display/escapeHtml.js'

/** Markup that is known to be safe. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = string | number | Html | null | false | readonly Part[]

/**
 * Markup from a template: every value is escaped unless it is markup itself; lists are joined, null and false leave nothing.
 *
 * @example html`<td>${'<b>'}</td>`.text // '<td>&lt;b&gt;</td>'
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, i) => (i === 0 ? text : textOf(parts[i - 1]) + text)).join(''))
}

function textOf(part: Part): string {
  if (part === null || part === false) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part))
  return part.map(textOf).join('')
}

/** An SVG image made fit to stand beside others in one page: its ids carry `prefix`, and it shrinks with the page. */
export function inlineSvg(svg: string, prefix: string): Html {
  return new Html(svg
    .replace(/<\?xml[^>]*>|<!DOCTYPE[^>]*>/g, '')
    .replace(/\bid="([^"]+)"/g, `id="${prefix}$1"`)
    .replace(/url\(#([^)]+)\)/g, `url(#${prefix}$1)`)
    .replace(/\b(xlink:href|href)="#([^"]+)"/g, `$1="#${prefix}$2"`))
}

/** Text of several lines: escaped, and its line breaks kept, which are otherwise written out. */
export function textLines(text: string): Html {
  return new Html(text.split('\n').map(escapeHtml).join('\n'))
}
