import { fileURLToPath } from 'node:url'
import { pathKind } from './file.js'

/** Folders between the package's own one and the deepest module, built or not. */
const DEEPEST = 6

/**
 * A file that the build made, by its path below `dist`; undefined where nothing was built. Modules are bundled: where this one lies says
 * little, and the package's own folder is found going upwards.
 *
 * @example builtFile('lib/source/codec/inflate.wasm')
 */
export function builtFile(path: string): string | undefined {
  for (let up = './', depth = 0; depth < DEEPEST; up += '../', depth++) {
    if (pathKind(fileURLToPath(new URL(`${up}package.json`, import.meta.url))) !== 'file') continue
    const file = fileURLToPath(new URL(`${up}dist/${path}`, import.meta.url))
    return pathKind(file) === 'file' ? file : undefined
  }
  return undefined
}
