import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { report } from '../../lib/report/report.js'
import { reportText } from '../../lib/report/reportText.js'

test("the README's output is what slablab prints", async () => {
  const files = ['healthy.slabinfo', 'leaking.slabinfo', 'session.crash.txt'].map((file) => path.join('datasets/seq-operations', file))
  const printed = await reportText(await report(files), { width: 100 })
  const blocks = [...readFileSync('README.md', 'utf8').matchAll(/```text\n([\s\S]*?)```/g)].map(([, block]) => block.replace(/\n? {2}…\n$/, ''))
  expect(blocks).toHaveLength(3)
  for (const block of blocks) expect(printed).toContain(block)
})
