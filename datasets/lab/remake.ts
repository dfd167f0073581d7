import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { contentHash, contentOf } from './content.js'
import { say } from './command.js'
import { notMade, recipes } from './recipes.js'

/** Makes a bundled dataset anew, beside the one that is there, and compares what the two say. */
const [name, ...further] = process.argv.slice(2)
const recipe = Object.hasOwn(recipes, name ?? '') ? recipes[name] : undefined
if (recipe === undefined) {
  const expected = `expected a dataset that the laboratory makes: ${Object.keys(recipes).join(', ')}`
  say(Object.hasOwn(notMade, name ?? '') ? `${name} cannot be made again, ${notMade[name]}: ${expected}` : expected)
  process.exitCode = 2
} else {
  const out = mkdtempSync(path.join(tmpdir(), `lab-${name}-`))
  const lab = fileURLToPath(new URL('lab.ts', import.meta.url))
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', lab, ...recipe, ...further, '--out', out], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
  else {
    const [expected, found] = [await contentOf(fileURLToPath(new URL(`../${name}`, import.meta.url))), await contentOf(out)]
    const same = contentHash(expected) === contentHash(found)
    process.stdout.write(same ? `${name}: made again with the same content, ${contentHash(found)}\n` : `${name} holds\n${expected}and the new one\n${found}`)
    if (same) rmSync(out, { recursive: true })
    else {
      say(`the new one is in ${out}`)
      process.exitCode = 1
    }
  }
}
