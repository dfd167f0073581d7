import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { report } from '../../lib/report/report.js'
import { reportText } from '../../lib/report/reportText.js'

/** What `slablab start` reports on, with how many pieces of it the README shows. */
const cases: [string, string[], number][] = [
  ['datasets/arm64-slab', ['slabinfo-series.txt.gz', 'meminfo', 'vmcore'], 1],
  ['datasets/seq-operations', ['healthy.slabinfo', 'leaking.slabinfo', 'session.crash.txt'], 3]
]

test("the README's output is what slablab prints", async () => {
  const blocks = [...readFileSync('README.md', 'utf8').matchAll(/```text\n([\s\S]*?)```/g)].map(([, block]) => block.replace(/\n? {2}…\n$/, ''))
  for (const [folder, files, pieces] of cases) {
    const printed = await reportText(await report(files.map((file) => path.join(folder, file))), { width: 100 })
    for (const block of blocks.splice(0, pieces)) expect(printed).toContain(block)
  }
  expect(blocks).toEqual([])
}, 300_000)
