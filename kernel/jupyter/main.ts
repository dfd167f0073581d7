import { optimizeLess } from '../session/optimizeLess.js'
import { readConnectionFile } from './connectionFile.js'
import { historyFile } from './historyFile.js'
import { startKernel } from './kernel.js'
import { watchParent } from './orphan.js'

// The kernel's process, as kernel.json has it started: with the connection file as its only argument.
optimizeLess()
const kernel = await startKernel({ connection: readConnectionFile(process.argv[2]), folder: process.cwd(), historyFile: historyFile(process.env) })
watchParent(process.env, () => process.exit(1))
process.on('SIGINT', () => void kernel.interrupt())
process.on('SIGTERM', () => void kernel.stop())
await kernel.ended
process.exit()
