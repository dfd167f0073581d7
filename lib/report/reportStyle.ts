/**
 * The style of a report page: no scripts, no fonts or images from elsewhere. Light and dark as the reader's system is, one column that
 * holds from a phone to a wide screen, and a print form with black on white.
 */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --text: #1f2328; --quiet: #59636e; --line: #d1d9e0; --soft: #f6f8fa; --code: #eff2f5;
  --leak: #b42318; --leak-soft: #fef3f2; --maybe: #9a5b00; --maybe-soft: #fff8eb; --clear: #1a7f37; --clear-soft: #effaf1; --link: #0b5cad;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14181d; --text: #e6eaef; --quiet: #9aa5b1; --line: #343c45; --soft: #1b2027; --code: #232a32;
    --leak: #ff8a7f; --leak-soft: #2c1a1a; --maybe: #f2b44b; --maybe-soft: #2a2216; --clear: #63c17c; --clear-soft: #16261b; --link: #79b8ff;
  }
  figure svg { filter: invert(1) hue-rotate(180deg) brightness(1.05); }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
header p.kind { margin: 0 0 .5rem; color: var(--quiet); font-size: .8125rem; letter-spacing: .02em; }
h1 { font-size: clamp(1.2rem, .55rem + 3.4vw, 2.1rem); line-height: 1.22; letter-spacing: -.012em; margin: 0 0 1rem; text-wrap: balance; overflow-wrap: anywhere; }
p.summary { font-size: 1.125rem; line-height: 1.55; margin: 0 0 1.75rem; max-width: 46rem; overflow-wrap: anywhere; }
p.partial { margin: 0 0 1.5rem; padding: .6rem .85rem; border-left: 4px solid var(--maybe); background: var(--maybe-soft); border-radius: 6px; font-size: .9375rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 3rem 0 .35rem; letter-spacing: -.006em; }
h3 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
h2 + p.lead, p.lead { color: var(--quiet); margin: 0 0 1rem; max-width: 46rem; }
a { color: var(--link); }
code, pre, .bytes { font: .8125rem/1.5 ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { overflow-wrap: anywhere; }
pre { margin: .4rem 0 0; padding: .5rem .75rem; background: var(--code); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
dl.figures { display: flex; flex-wrap: wrap; margin: 0 0 .5rem; border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
dl.figures div { flex: 1 1 9.5rem; padding: .8rem 1rem .7rem; box-shadow: 1px 1px 0 0 var(--line); }
dl.figures dt { color: var(--quiet); font-size: .8125rem; line-height: 1.35; }
dl.figures dd { margin: .1rem 0 0; font-size: 1.3rem; font-weight: 600; letter-spacing: -.01em; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
article { border: 1px solid var(--line); border-left: 4px solid var(--maybe); border-radius: 8px; padding: 1.1rem 1.25rem 1.25rem; margin: 1rem 0 1.25rem; }
article.leak { border-left-color: var(--leak); }
article.clear { border-left-color: var(--clear); }
article .tags { display: flex; flex-wrap: wrap; gap: .35rem .5rem; align-items: center; font-size: .8125rem; color: var(--quiet); margin: 0 0 .55rem; }
article .tags b { padding: .08rem .55rem; border-radius: 1rem; color: var(--maybe); background: var(--maybe-soft); }
article.leak .tags b { color: var(--leak); background: var(--leak-soft); }
article.clear .tags b { color: var(--clear); background: var(--clear-soft); }
article h3 { font-size: 1.0625rem; line-height: 1.42; margin: 0 0 .75rem; overflow-wrap: anywhere; }
article .fix { margin: 0 0 1rem; padding: .6rem .85rem; background: var(--soft); border-radius: 6px; overflow-wrap: anywhere; }
article .fix b { display: block; font-size: .8125rem; color: var(--quiet); font-weight: 600; }
article ol { margin: 0; padding-left: 1.35rem; }
article ol li { margin: .55rem 0 0; padding-left: .15rem; overflow-wrap: anywhere; }
article ol li::marker { color: var(--quiet); font-variant-numeric: tabular-nums; }
.where { color: var(--quiet); font-size: .8125rem; }
.where code { white-space: nowrap; }
article li pre { margin-top: .25rem; padding: .1rem 0 .1rem .7rem; background: none; border-left: 2px solid var(--line); border-radius: 0; font-size: .75rem; color: var(--quiet); }
.scroll { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; min-width: 100%; }
th, td { padding: .34rem .75rem .34rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { color: var(--quiet); font-weight: 600; font-size: .8125rem; white-space: nowrap; vertical-align: bottom; }
th small { font-weight: 400; }
td:last-child, th:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
td.name { font-weight: 600; white-space: nowrap; }
.words { display: block; min-width: 17rem; }
td code { white-space: nowrap; }
figure { margin: 1rem 0; overflow-x: auto; }
figure svg { display: block; width: 100%; min-width: 30rem; max-width: 46rem; height: auto; }
.bytes { border-collapse: collapse; min-width: 0; }
.bytes th, .bytes td { padding: .04rem 1rem .04rem 0; border: 0; white-space: pre; font-size: .8125rem; line-height: 1.5; }
.bytes td:nth-child(1) { color: var(--quiet); }
.bytes td:nth-child(4) { padding-right: 0; }
.bytes .member { color: var(--quiet); }
.bytes tr.stale td { color: var(--quiet); opacity: .72; }
.bytes tr.end td { border-bottom: 1px dashed var(--quiet); }
.bytes b { font-weight: 600; }
ul.missing { list-style: none; margin: 0; padding: 0; }
ul.missing li { padding: .7rem 0 .8rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
ul.missing li:last-child { border-bottom: 0; }
.prompt { color: var(--quiet); user-select: none; }
table.inputs td code { white-space: normal; display: block; min-width: 17rem; font-size: .75rem; }
table.inputs td:first-child { overflow-wrap: anywhere; min-width: 9rem; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .8125rem; }
@media (max-width: 36rem) {
  main { padding-top: 1.5rem; }
  article { padding: .9rem .9rem 1rem; }
  dl.figures div { flex-basis: 45%; padding: .6rem .8rem; }
  dl.figures dd { font-size: 1.1rem; }
}
@page { margin: 16mm 14mm; }
@media print {
  :root { --page: #fff; --text: #000; --quiet: #444; --line: #bbb; --soft: #f4f4f4; --code: #f4f4f4; --leak: #8f1d14; --maybe: #744400; --clear: #14612b; --link: #000; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  figure svg { filter: none; max-width: 100%; min-width: 0; }
  .scroll, figure { overflow: visible; }
  h2 { margin-top: 1.75rem; }
  h2, h2 + p, h3, article .tags, article .fix { break-after: avoid; }
  article .where { break-before: avoid; }
  p, figure, tr, pre, .figures, article ol li, ul.missing li { break-inside: avoid; }
  article, dl.figures, pre, .fix { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
`.trim()
