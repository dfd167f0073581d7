import { stripVTControlCharacters } from 'node:util'
import { tagsOf, type Cell, type CodeCell, type Notebook, type Output, type OutputData } from '../notebook/notebook.js'
import { codeHtml } from './codeHtml.js'
import { html, inlineSvg, Html, textLines } from './html.js'
import { markdownHtml } from './markdownHtml.js'
import { notebookStyle } from './notebookStyle.js'

/** Nothing is loaded and no script runs, whatever an output holds. */
const policy = 'default-src \'none\'; style-src \'unsafe-inline\'; img-src data:'

/**
 * A notebook as one HTML page that needs nothing else and works offline: texts, code and outputs as they are in the notebook. Of an output
 * that comes in several forms the page shows the best one that needs no script.
 */
export function notebookHtml(notebook: Notebook): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="slablab">
<title>${titleOf(notebook)}</title>
<style>${new Html(notebookStyle)}</style>
</head>
<body>
<main>
${notebook.cells.map(cellHtml)}
</main>
</body>
</html>
`.text
}

function titleOf({ cells }: Notebook): string {
  for (const { cell_type: type, source } of cells) {
    const [, title] = (type === 'markdown' ? /^# +(.+)$/m.exec(source) : null) ?? []
    if (title !== undefined) return title.replace(/[`*\\]/g, '')
  }
  return 'Notebook'
}

function cellHtml(cell: Cell): Html {
  const error = tagsOf(cell).includes('papermill-error-cell-tag') ? new Html(' error') : null
  if (cell.cell_type === 'code') return codeCellHtml(cell)
  if (cell.cell_type === 'raw') return html`<section class="cell text" id="${cell.id}"><pre>${textLines(cell.source)}</pre></section>
`
  const imageOf = (address: string): string | undefined => {
    const [mimeType, data] = Object.entries(cell.attachments?.[address.replace(/^attachment:/, '')] ?? {})[0] ?? []
    return typeof data === 'string' ? `data:${mimeType};base64,${data.replace(/\s/g, '')}` : address.startsWith('data:') ? address : undefined
  }
  return html`<section class="cell text${error}" id="${cell.id}">${markdownHtml(cell.source, { imageOf })}</section>
`
}

function codeCellHtml(cell: CodeCell): Html {
  const failed = cell.outputs.some(({ output_type: type }) => type === 'error') ? new Html(' failed') : null
  return html`<section class="cell code${failed}" id="${cell.id}">
<div class="prompt">${cell.execution_count === null ? '' : `[${cell.execution_count}]`}</div>
<div class="body">
<pre class="source"><code>${codeHtml(cell.source)}</code></pre>
${cell.outputs.map((output, i) => outputHtml(output, `${cell.id}-${i}-`))}
</div>
</section>
`
}

function outputHtml(output: Output, prefix: string): Html {
  switch (output.output_type) {
    case 'stream':
      return html`<pre class="output ${output.name}">${plain(output.text)}</pre>
`
    case 'error':
      return html`<pre class="output stderr">${plain(output.traceback.length > 0 ? output.traceback.join('\n') : `${output.ename}: ${output.evalue}`)}</pre>
`
    default:
      return html`<div class="output">${dataHtml(output.data, prefix)}</div>
`
  }
}

/** The best form that needs no script. */
function dataHtml(data: OutputData, prefix: string): Html {
  const text = (type: string): string | undefined => typeof data[type] === 'string' ? data[type] : undefined
  const svg = text('image/svg+xml')
  if (svg !== undefined) return html`<figure>${inlineSvg(svg, prefix)}</figure>`
  for (const type of ['image/png', 'image/jpeg']) {
    const image = text(type)
    if (image !== undefined) return html`<figure><img src="data:${type};base64,${image.replace(/\s/g, '')}" alt="${text('text/plain') ?? ''}"></figure>`
  }
  const markup = text('text/html')
  if (markup !== undefined) return html`<div class="scroll">${new Html(markup)}</div>`
  const markdown = text('text/markdown')
  if (markdown !== undefined) return markdownHtml(markdown)
  return html`<pre>${plain(text('text/plain') ?? JSON.stringify(data, null, 2))}</pre>`
}

/** Text without the colours of a terminal, which a page doesn't know; nothing in it hides. */
function plain(text: string): Html {
  return textLines(stripVTControlCharacters(text))
}
