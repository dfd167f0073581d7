import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Program } from './processes.js'

const root = path.resolve(import.meta.dirname, '../..')

/** A command of the built command line. */
export function slablab(args: readonly string[], expected: RegExp): Program {
  return { command: process.execPath, args: [path.join(root, 'dist/kernel/cli/main.js'), ...args], expected }
}

/** A program that uses the built library: `slablab` is all of it, `dump` the opened file. */
export function library(code: string, vmcore: string, expected: RegExp, options = '{}'): Program {
  const library = pathToFileURL(path.join(root, 'dist/lib/index.js')).href
  const program = `
    import * as slablab from '${library}'
    const dump = await slablab.openDump(process.argv[1], ${options})
    ${code}`
  return { command: process.execPath, args: ['--input-type=module', '-e', program, vmcore], expected }
}

/** Everything that a kernel tells of itself. */
export const openAll = `console.log(dump.system.symbols.length, 'symbols', dump.system.types.length, 'types')`

/** All objects of all caches with their states. */
export const listAll = `
  const { length, state } = dump.system.objects()
  let allocated = 0
  for (const one of state) if (slablab.objectStates[one] === 'allocated') allocated++
  console.log(allocated, 'of', length, 'objects')`

/** The same, grouped by what they hold. */
export const groupAll = `${listAll}
  console.log(slablab.describeSignatures(dump).length, 'groups')`

/** The same, with what nothing leads to. */
export const everything = `${groupAll}
  const { reached } = await slablab.findReachable(dump)
  console.log(reached.reduce((sum, one) => sum + (one === 0 ? 1 : 0), 0), 'unreachable')`
