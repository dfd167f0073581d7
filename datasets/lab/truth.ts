import { readdirSync } from 'node:fs'
import path from 'node:path'
import { openDump } from '../../lib/index.js'
import { say } from './command.js'
import { plantedIn, told } from './told.js'

/** Says of each dump of a folder what slablab makes of what was planted there. */
const [folder] = process.argv.slice(2)
if (folder === undefined) {
  say('expected the FOLDER that npm run lab -- --out FOLDER left')
  process.exitCode = 2
} else {
  for (const name of readdirSync(folder).filter((file) => /^vmcore(-\d+)?$/.test(file))) {
    const { text } = await told(await openDump(path.join(folder, name)), plantedIn(folder, `${name.replace('vmcore', 'planted')}.txt.gz`))
    process.stdout.write(`${name}\n${text.replaceAll(/^/gm, '  ')}\n`)
  }
}
