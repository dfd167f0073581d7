import { existsSync, statSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import vm from 'node:vm'
import { evaluatorNames } from '../converter/transpile.js'
import type { SideModule } from '../converter/messages.js'
import { packageFolder } from '../installed.js'
import * as globals from './globals.js'
import * as internals from './internals.js'
import { library } from './library.js'
import { registerMaps } from './stack.js'

/** What evaluated code gets besides `exports`, in the order of its parameters. */
export interface ModuleScope {
  readonly require: (name: string) => unknown
  readonly dynamicImport: (name: string) => Promise<unknown>
  readonly importMeta: object
}

export const scopeParameters = `exports, require, ${evaluatorNames.dynamicImport}, ${evaluatorNames.importMeta}`

const fixed = new Map<string, unknown>([['slablab', library], ['slablab/session', globals], ['slablab/internals', internals]])

/** Local .ts files, by the path that they would have as .js; a new version takes the place of its evaluated one. */
const sideModules = new Map<string, SideModule>()
const evaluated = new Map<string, { exports: object }>()
/** ESM namespaces and CommonJS exports as `require` hands them out, by folder and name. */
const loaded = new Map<string, unknown>()

export function addSideModules(modules: readonly SideModule[]): void {
  for (const module of modules) {
    sideModules.set(module.path, module)
    // What imports it must see the new one.
    evaluated.clear()
    registerMaps(module.path, module.maps, 0, originalFile(module.path))
  }
}

function originalFile(file: string): string {
  return ['.ts', '.tsx'].map((extension) => file.replace(/\.js$/, extension)).find((candidate) => existsSync(candidate)) ?? file
}

/** Loads what code of a folder imports, so that its `require` finds everything there at once. */
export async function preload(names: readonly string[], folder: string): Promise<void> {
  for (const name of names) await load(name, folder)
}

async function load(name: string, folder: string): Promise<unknown> {
  if (fixed.has(name)) return fixed.get(name)
  // Its tables are the library's, and a second copy takes a while to load.
  if (name === 'arquero' && isOurs(name, folder)) return library.aq
  const side = sidePath(name, folder)
  if (side !== undefined) {
    const module = sideModules.get(side)!
    if (!evaluated.has(side)) {
      await preloadOnce(module)
      return evaluateSide(side)
    }
    return evaluated.get(side)!.exports
  }
  if (isBuiltin(name) || name.endsWith('.json')) return requireFrom(folder)(name)
  const local = localFile(name, folder)
  const key = `${folder}\0${local ?? name}`
  if (!loaded.has(key)) loaded.set(key, asRequired(await importFrom(name, local, folder)))
  return loaded.get(key)
}

/** Whether a package that a folder finds is the one that slablab brings. */
function isOurs(name: string, folder: string): boolean {
  try {
    return requireFrom(folder).resolve(name) === requireFrom(packageFolder).resolve(name)
  } catch {
    return true
  }
}

const preloading = new Set<SideModule>()

/** Modules that import each other come here twice. */
async function preloadOnce(module: SideModule): Promise<void> {
  if (preloading.has(module)) return
  preloading.add(module)
  try {
    await preload(module.imports, path.dirname(module.path))
  } finally {
    preloading.delete(module)
  }
}

/** The import of a local file carries its time, so that a changed file is loaded anew. */
function localFile(name: string, folder: string): string | undefined {
  if (!/^\.{0,2}\//.test(name)) return undefined
  const file = path.resolve(folder, name)
  return existsSync(file) ? `${pathToFileURL(file).href}?changed=${statSync(file).mtimeMs}` : undefined
}

async function importFrom(name: string, local: string | undefined, folder: string): Promise<object> {
  try {
    return await importer(folder)(local ?? name)
  } catch (error) {
    if (!isMissing(error, name)) throw error
    try {
      return await importer(packageFolder)(name)
    } catch (second) {
      throw isMissing(second, name) ? new Error(`no package or file ${JSON.stringify(name)} is found from ${folder}`, { cause: error }) : second
    }
  }
}

function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException
  return code === 'ERR_MODULE_NOT_FOUND' && (message.includes(`'${name}'`) || message.includes(`'${name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/')}'`))
}

const importers = new Map<string, (name: string) => Promise<object>>()

/** Node's own `import()`, as if written in a file of the folder. */
function importer(folder: string): (name: string) => Promise<object> {
  let found = importers.get(folder)
  if (found === undefined) {
    found = new vm.Script('(name) => import(name)', {
      filename: path.join(folder, '__slablab__.mjs'),
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
    }).runInThisContext() as (name: string) => Promise<object>
    importers.set(folder, found)
  }
  return found
}

/** What TypeScript's CommonJS code expects of a module: CommonJS exports as they are, ESM marked as such. */
function asRequired(namespace: object): unknown {
  if ('default' in namespace && isCommonJs(namespace.default)) return namespace.default
  return new Proxy(namespace, {
    get: (target, name) => name === '__esModule' ? true : Reflect.get(target, name) as unknown,
    has: (target, name) => name === '__esModule' || Reflect.has(target, name)
  })
}

function isCommonJs(exported: unknown): boolean {
  return Object.values(nodeRequire.cache).some((module) => module?.exports === exported)
}

const nodeRequire = createRequire(import.meta.url)
const requirers = new Map<string, NodeJS.Require>()

function requireFrom(folder: string): NodeJS.Require {
  let found = requirers.get(folder)
  if (found === undefined) {
    found = createRequire(path.join(folder, '__slablab__.js'))
    requirers.set(folder, found)
  }
  return found
}

function sidePath(name: string, folder: string): string | undefined {
  if (!/^\.{0,2}\//.test(name)) return undefined
  const file = path.resolve(folder, name)
  // A JavaScript file is Node's to load, as it is.
  if (/\.[cm]?js$/.test(file) && existsSync(file)) return undefined
  return [file, `${file}.js`, file.replace(/\.(ts|tsx|jsx)$/, '.js'), path.join(file, 'index.js')].find((candidate) => sideModules.has(candidate))
}

function evaluateSide(file: string): object {
  const known = evaluated.get(file)
  if (known !== undefined) return known.exports
  const module = { exports: {} }
  // Before it runs: modules may import each other.
  evaluated.set(file, module)
  const folder = path.dirname(file)
  const { require, dynamicImport, importMeta } = moduleScope(folder, file)
  const run = vm.runInThisContext(`(function (${scopeParameters}, module, __filename, __dirname) {\n${sideModules.get(file)!.code}\n})`, {
    filename: file, lineOffset: -1
  }) as (...args: unknown[]) => void
  try {
    run(module.exports, require, dynamicImport, importMeta, module, file, folder)
  } catch (error) {
    evaluated.delete(file)
    throw error
  }
  return module.exports
}

/** How code of a folder reaches other modules. */
export function moduleScope(folder: string, file: string): ModuleScope {
  const require = (name: string): unknown => {
    if (fixed.has(name)) return fixed.get(name)
    if (name === 'arquero' && isOurs(name, folder)) return library.aq
    const side = sidePath(name, folder)
    if (side !== undefined) return evaluateSide(side)
    const key = `${folder}\0${localFile(name, folder) ?? name}`
    if (loaded.has(key)) return loaded.get(key)
    try {
      return requireFrom(folder)(name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND' || name.startsWith('.')) throw error
      return requireFrom(packageFolder)(name)
    }
  }
  return {
    require: Object.assign(require, { resolve: requireFrom(folder).resolve, cache: nodeRequire.cache, main: undefined }),
    async dynamicImport(name) {
      const found = await load(name, folder)
      const isNamespace = typeof found === 'object' && found !== null && '__esModule' in found
      return isNamespace ? found : { ...(typeof found === 'object' ? found : {}), default: found }
    },
    importMeta: {
      url: pathToFileURL(file).href, filename: file, dirname: folder,
      resolve: (name: string) => pathToFileURL(requireFrom(folder).resolve(name)).href
    }
  }
}
