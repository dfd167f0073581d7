import { createRequire } from 'node:module'
import path from 'node:path'

/** The folder of the package: from a clone, an unpacked tarball or a global installation alike. */
export const packageFolder = path.dirname(createRequire(import.meta.url).resolve('slablab/package.json'))

/** Programs and declarations that the build makes; sources that run under a test use the same. */
export const built = {
  evaluator: path.join(packageFolder, 'dist/kernel/session/evaluator/main.js'),
  converter: path.join(packageFolder, 'dist/kernel/session/converter/main.js'),
  compiledCompiler: path.join(packageFolder, 'dist/kernel/session/converter/typescript.cache'),
  kernel: path.join(packageFolder, 'dist/kernel/jupyter/main.js'),
  library: path.join(packageFolder, 'dist/lib/index.js'),
  libraryTypes: path.join(packageFolder, 'dist/lib/index.d.ts'),
  globalTypes: path.join(packageFolder, 'dist/kernel/session/evaluator/globals.d.ts')
}
