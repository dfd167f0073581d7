import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import type ts from 'typescript'
import { globalsModule } from './prelude.js'
import type { Compiler, FacadeOptions } from './compilerFacade.js'

/** The converter's own two files, which lie nowhere: `/__tslab__.ts` and `/__prev__.d.ts`. */
const isCell = (file: string): boolean => /^\/__(tslab|prev)__\.(d\.)?ts$/.test(file)

type Resolver = NonNullable<ts.CompilerHost['resolveModuleNameLiterals']>

/**
 * Finds what cells import: the library wherever the notebook lies, files and packages from the notebook's folder, and packages that slablab
 * brings (arquero, vega-lite) where the folder has none.
 */
export function moduleResolver(compiler: Compiler, system: ts.System, { folder, libraryTypes, globalTypes, resolveFrom }: FacadeOptions): Resolver {
  const ourFile = realpathSync(fileURLToPath(resolveFrom))
  const cellFile = path.join(folder, '__cell__.ts')
  const ofPackages = compiler.createModuleResolutionCache('/', (name) => name)
  // The types of a plot's specification are 135 files, half of what would be read at the start; cells are given plots, and seldom write them.
  const libraryFolder = path.dirname(libraryTypes)
  const fixed = new Map([['slablab', libraryTypes], [globalsModule, globalTypes]])

  const resolve = (name: string, from: string, options: ts.CompilerOptions): ts.ResolvedModuleWithFailedLookupLocations => {
    const own = fixed.get(name)
    if (own !== undefined) return found(own)
    if (name === 'vega-lite' && from.startsWith(libraryFolder)) return { resolvedModule: undefined }
    // Packages do not change; a local file may come to be at any time, so no memory for those.
    if (!isCell(from)) return compiler.resolveModuleName(name, from, options, system, from.includes('/node_modules/') ? ofPackages : undefined)
    const local = compiler.resolveModuleName(name, cellFile, options, system)
    if (local.resolvedModule !== undefined) return local
    // Types that the compiler itself wrote into declarations are relative to `/`.
    return compiler.resolveModuleName(name, name.startsWith('.') ? from : ourFile, options, system)
  }
  return (literals, from, _redirected, options) => literals.map(({ text }) => resolve(text, from, options))
}

function found(file: string): ts.ResolvedModuleWithFailedLookupLocations {
  return { resolvedModule: { resolvedFileName: file, extension: '.d.ts', isExternalLibraryImport: true } }
}
