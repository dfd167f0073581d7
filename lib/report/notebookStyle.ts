import { reportStyle } from './reportStyle.js'

/** The style of a notebook's page: that of reports, with code beside its number and outputs below it. */
export const notebookStyle = `${reportStyle}
:root { --word: #8250df; --string: #0a6640; --number: #0b5cad; --comment: #6a737d; }
@media (prefers-color-scheme: dark) { :root { --word: #c297ff; --string: #7ee2a8; --number: #79b8ff; --comment: #8b949e; } }
.cell { margin: 0 0 1rem; }
.cell.text { max-width: 46rem; }
.cell.text.error { padding: .1rem 1rem; border-left: 4px solid var(--leak); background: var(--leak-soft); border-radius: 6px; }
.cell.text p, .cell.text ul, .cell.text ol { margin: .6rem 0; overflow-wrap: anywhere; }
.cell.text li { margin: .25rem 0; }
.cell.text blockquote { margin: .75rem 0; padding: .1rem 1rem; border-left: 3px solid var(--line); color: var(--quiet); }
.cell.text h2 { margin-top: 2.25rem; }
.cell.text table { min-width: 0; }
.cell.text code { padding: .1em .3em; background: var(--code); border-radius: 4px; }
.cell.text pre code { padding: 0; background: none; }
.cell.text img { max-width: 100%; }
.cell.code { position: relative; }
.cell.code > .prompt { position: absolute; right: 100%; margin-right: .6rem; padding-top: .5rem; font: .75rem/1.6 ui-monospace, Menlo, Consolas, monospace; }
.cell.code .source { margin: 0; border-left: 3px solid var(--line); border-radius: 0 6px 6px 0; }
.cell.code.failed .source { border-left-color: var(--leak); }
.source .word { color: var(--word); } .source .string { color: var(--string); } .source .number { color: var(--number); } .source .comment { color: var(--comment); font-style: italic; }
.output { margin: .5rem 0 0; }
pre.output, .output > pre { padding: .25rem .75rem; background: none; white-space: pre; overflow-x: auto; overflow-wrap: normal; }
pre.output.stdout { white-space: pre-wrap; overflow-wrap: anywhere; }
pre.output.stderr { background: var(--leak-soft); white-space: pre-wrap; overflow-wrap: anywhere; }
.output li { margin: .75rem 0; }
.output table { min-width: 0; }
.output table th, .output table td { padding-right: 1.25rem; }
.output .scroll p { margin: .35rem 0 0; color: var(--quiet); font-size: .8125rem; }
@media (max-width: 66rem) { .cell.code > .prompt { position: static; margin: 0 0 .1rem; padding: 0; text-align: left; } }
@media print { pre.output, .output > pre { white-space: pre-wrap; } }`
