// Bundles what tsc has checked: one file instead of some 400 loads three times as fast, and a command starts in a tenth of a second.
import { build } from 'esbuild'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const common = { bundle: true, format: 'esm', platform: 'node', target: 'node20', outbase: '.', outdir: 'dist' }

// Without the compiler, which is a development dependency, JavaScript decompresses pages and looks through them: at less than half the speed.
const compiler = await import('assemblyscript/asc').catch(() => console.warn('assemblyscript is not installed: built without WebAssembly'))
if (compiler) {
  await assemble('assembly/inflate.ts', 'dist/lib/source/codec/inflate.wasm')
  await assemble('assembly/search.ts', 'dist/lib/analysis/reference/search.wasm')
}

// Threads of their own, which the library and the command line start: src and dist find them at the same place.
await build({ ...common, entryPoints: ['lib/memory/physical/pageHelper.ts', 'lib/source/hashHelper.ts'], packages: 'external' })
// And what the build itself uses below.
await build({ ...common, entryPoints: ['kernel/session/compiledScript.ts'] })

// The library is two scripts, of which is kept what V8 compiled, and a module that hands them out. Plots are drawn by the second, which takes
// as long to load as the first. A script cannot import: the module does it.
const library = { ...common, entryPoints: ['lib/index.ts'], external: ['@resvg/resvg-js', 'tar-stream', 'vega', 'vega-lite', 'xz-decompress'] }
await writeScript('dist/lib/index.cjs', { ...library, define: { 'import.meta.url': 'moduleUrl' } })
await writeScript('dist/lib/vega.cjs', {
  ...common,
  stdin: { contents: `export * as vega from 'vega'; export * as vegaLite from 'vega-lite'`, resolveDir: '.' },
  // Nothing is drawn on a canvas; what Node would use of one cannot be part of a script.
  alias: { 'vega-canvas': path.resolve('node_modules/vega-canvas/build/vega-canvas.browser.js') }
})
const { metafile } = await build({ ...library, metafile: true, write: false })
const contents = `
  import { createRequire } from 'node:module'
  import { fileURLToPath } from 'node:url'
  import { compiledScript } from './kernel/session/compiledScript.ts'

  function load(name) {
    const file = fileURLToPath(new URL(name, import.meta.url))
    const run = compiledScript({ file, cache: file + '.cache' }).runInThisContext()
    return run({}, createRequire(import.meta.url), importPackage, import.meta.url)
  }
  let plots
  async function importPackage(name) {
    if (name !== 'vega' && name !== 'vega-lite') return import(name)
    plots ??= load('./vega.cjs')
    return name === 'vega' ? plots.vega : plots.vegaLite
  }
  export const { ${Object.values(metafile.outputs)[0].exports.join(', ')} } = load('./index.cjs')
`
await build({ ...common, stdin: { contents, resolveDir: '.' }, outbase: undefined, outdir: undefined, outfile: 'dist/lib/index.js' })
// What reports need is what most commands need.
const { report, reportHtml, reportText } = await import('./dist/lib/index.js')
for (const file of ['arm64-slab/vmcore', 'planted-requests/vmcore']) {
  const found = await report([`datasets/${file}`])
  await reportText(found)
  await reportHtml(found)
}
const { keepCompiled } = await import('./dist/kernel/session/compiledScript.js')
keepCompiled(['index', 'vega'].map((name) => path.resolve('dist/lib', `${name}.cjs`)).map((file) => ({ file, cache: `${file}.cache` })))

/** Everything else has the library as a program has it that imports the package. */
const oneLibrary = (path) => ({ name: 'one library', setup: ({ onResolve }) => onResolve({ filter: /\/lib\/index\.js$/ }, () => ({ path, external: true })) })

// The command line brings along what it needs to start; what it loads later, or is CommonJS or native, stays outside.
await build({
  ...common,
  entryPoints: ['kernel/cli/main.ts'],
  splitting: true,
  chunkNames: 'kernel/cli/[name]-[hash]',
  external: ['@jupyterlab/services', '@resvg/resvg-js', 'ink', 'react', 'slablab', 'tslab', 'zeromq'],
  plugins: [oneLibrary('../../lib/index.js')]
})
chmodSync('dist/kernel/cli/main.js', 0o755)

// What runs beside the command line: the process that runs cells, which imports the library as cells do, the thread that holds the compiler,
// and the kernel that Jupyter starts.
await build({
  ...common,
  entryPoints: ['evaluator/main', 'evaluator/watchdog', 'converter/main', 'converter/keepCompiled'].map((name) => `kernel/session/${name}.ts`),
  packages: 'external',
  plugins: [oneLibrary('../../../lib/index.js')]
})
execFileSync(process.execPath, ['dist/kernel/session/converter/keepCompiled.js'], { stdio: 'inherit' })
await build({ ...common, entryPoints: ['kernel/jupyter/main.ts'], packages: 'external', plugins: [oneLibrary('../../lib/index.js')] })

/** Makes WebAssembly. */
async function assemble(source, target) {
  mkdirSync(path.dirname(target), { recursive: true })
  const { error, stderr } = await compiler.main([source, '-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '-o', target])
  if (error) throw new Error(`${source}: ${stderr.toString() || error.message}`)
}

/** Bundles into a script of one function: it is given its exports, and what scripts have not by themselves. */
async function writeScript(file, options) {
  const { outputFiles: [{ text }] } = await build({ ...options, format: 'cjs', write: false })
  const code = text.replaceAll(/\bimport\("/g, 'importPackage("')
  writeFileSync(file, `(function (module, require, importPackage, moduleUrl) {${code}return module.exports })`)
}
