import { readFileSync } from 'node:fs'
import { Script } from 'node:vm'

/**
 * The value of a script, with what V8 compiled of it when slablab was built: that is most of the time that loading takes. Where the code
 * beside it (`FILE.cache`) is missing or of another V8, the script is compiled as any other.
 *
 * @example const load = runCompiled('dist/lib/index.cjs')
 */
export function runCompiled(file: string): unknown {
  return new Script(readFileSync(file, 'latin1'), { filename: file, cachedData: read(`${file}.cache`) }).runInThisContext()
}

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}
