import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openDump } from '../../lib/index.js'
import { say } from './command.js'
import { makedumpfile } from './makedumpfile.js'
import { plantedIn, told } from './told.js'

/** Compares what a dump that holds everything says with what is left of it at levels 1 and 31. */
async function compareLevels(folder: string, cache: string): Promise<boolean> {
  const whole = path.join(folder, 'vmcore')
  const planted = plantedIn(folder)
  const dump = await openDump(whole)
  const filter = makedumpfile(dump.system.architecture === 'arm64' ? 'arm64' : 'x86_64', cache)
  const expected = await told(dump, planted)
  process.stdout.write(`${expected.text}\n`)
  const work = mkdtempSync(path.join(tmpdir(), 'lab-levels-'))
  try {
    let same = true
    for (const level of [1, 31]) {
      const filtered = path.join(work, `level-${level}`)
      filter('-c', '-d', String(level), whole, filtered)
      const found = await told(await openDump(filtered), planted)
      const differing = [...expected.lost].filter((address) => !found.lost.has(address)).length + [...found.lost].filter((address) => !expected.lost.has(address)).length
      const alike = found.text === expected.text && differing === 0
      process.stdout.write(alike ? `level ${level}: the same\n` : `level ${level}: differs in ${differing} objects\n${found.text}\n`)
      same &&= alike
    }
    return same
  } finally {
    rmSync(work, { recursive: true })
  }
}

const [folder, cache = '.lab'] = process.argv.slice(2)
if (folder === undefined) {
  say('expected the FOLDER of a dump that holds everything, as npm run lab -- --level 0 --decoys --out FOLDER makes it')
  process.exitCode = 2
} else if (!await compareLevels(folder, path.resolve(cache))) process.exitCode = 1
