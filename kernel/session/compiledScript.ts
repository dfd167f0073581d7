import { existsSync, readFileSync } from 'node:fs'
import { Script } from 'node:vm'

/** The script of a file, and where it is kept what V8 compiled of it. */
export interface CompiledScript {
  readonly file: string
  /** Missing where the build did not write it. */
  readonly cache: string
  /** The file is a CommonJS module: the value of the script is a function of these names. */
  readonly parameters?: string
}

/**
 * A script with what V8 compiled of it when slablab was built: that is most of the time that loading takes. Where it is missing, or of another
 * V8 or file, the script is compiled as any other.
 *
 * @example const load = compiledScript({ file: 'dist/lib/index.cjs', cache: 'dist/lib/index.cjs.cache' }).runInThisContext()
 */
export function compiledScript({ file, cache, parameters }: CompiledScript): Script {
  const text = readFileSync(file, 'utf8')
  return new Script(parameters === undefined ? text : `(function (${parameters}) {${text}\n})`, {
    filename: file, cachedData: existsSync(cache) ? readFileSync(cache) : undefined
  })
}
