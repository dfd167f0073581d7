import type { ReplMagic } from './magic.js'

export const report: ReplMagic = {
  name: 'report',
  usage: '[FILE.html]',
  summary: 'the report on the files of this session, or as a page to FILE.html',
  example: '%report report.html',
  code: (args) => code(['FILE…'], args),
  async run(args, { repl, run }) {
    await run(code(repl.files, args))
  }
}

function code(files: readonly string[], page: string): string {
  const made = `await report(${JSON.stringify(files).replaceAll('","', '", "')})`
  if (page === '') return `console.log(await reportText(${made}))`
  return `(await import('node:fs')).writeFileSync(${JSON.stringify(page)}, await reportHtml(${made}))`
}
