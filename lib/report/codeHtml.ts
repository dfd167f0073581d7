import { html, textLines, type Html } from './html.js'

const words = 'abstract|as|async|await|break|case|catch|class|const|continue|default|delete|do|else|enum|export|extends|false|finally|for|from|function|if|implements|import|in|instanceof|interface|let|new|null|of|private|public|readonly|return|satisfies|static|super|switch|this|throw|true|try|type|typeof|undefined|var|void|while|yield'
const tokens = new RegExp([
  '(?<comment>//[^\\n]*|/\\*[\\s\\S]*?\\*/)',
  '(?<string>\'(?:[^\'\\\\\\n]|\\\\.)*\'|"(?:[^"\\\\\\n]|\\\\.)*"|`(?:[^`\\\\]|\\\\[\\s\\S])*`)',
  `(?<word>(?<![\\w$.])(?:${words})(?![\\w$]))`,
  '(?<number>(?<![\\w$])(?:0x[\\da-fA-F_]+|\\d[\\d_]*(?:\\.\\d+)?(?:e[+-]?\\d+)?)n?(?![\\w$]))'
].join('|'), 'g')

/** TypeScript with its words, texts, numbers and comments marked, for a style sheet to colour. */
export function codeHtml(code: string): Html {
  const parts: Html[] = []
  let at = 0
  for (const match of code.matchAll(tokens)) {
    const kind = Object.entries(match.groups ?? {}).find(([, text]) => text !== undefined)?.[0] ?? ''
    parts.push(html`${textLines(code.slice(at, match.index))}<span class="${kind}">${textLines(match[0])}</span>`)
    at = match.index + match[0].length
  }
  return html`${parts}${textLines(code.slice(at))}`
}
