import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cachedDataVersionTag } from 'node:v8'
import { Script } from 'node:vm'
import { optimizeLess } from './optimizeLess.js'

/** The script of a file, and where it is kept what V8 compiled of it. */
export interface CompiledScript {
  readonly file: string
  /** What the names of these files begin with; one is missing where the build did not write it. */
  readonly cache: string
  /** The file is a CommonJS module: the value of the script is a function of these names. */
  readonly parameters?: string
}

/**
 * A script with what V8 compiled of it when slablab was built: that is most of the time that loading takes. Where that was by another V8, or
 * under other flags, the script is compiled as any other.
 *
 * @example const load = compiledScript({ file: 'dist/lib/index.cjs', cache: 'dist/lib/index.cjs.cache' }).runInThisContext()
 */
export function compiledScript({ file, cache, parameters }: CompiledScript): Script {
  const text = readFileSync(file, 'utf8')
  const kept = keptFile(cache)
  return new Script(parameters === undefined ? text : `(function (${parameters}) {${text}\n})`, {
    filename: file, cachedData: existsSync(kept) ? readFileSync(kept) : undefined
  })
}

/** Keeps what V8 has compiled of scripts that run in this process, for processes like this one and for those that {@link optimizeLess}. */
export function keepCompiled(scripts: readonly CompiledScript[]): void {
  const compiled = scripts.map((script) => ({ cache: script.cache, script: compiledScript(script) }))
  const keep = (): void => compiled.forEach(({ cache, script }) => writeFileSync(keptFile(cache), script.createCachedData()))
  keep()
  optimizeLess()
  keep()
}

function keptFile(cache: string): string {
  return `${cache}.${cachedDataVersionTag()}`
}
