// Bundles what tsc has checked: one file instead of some 400 loads three times as fast, and a command starts in a tenth of a second.
import { build } from 'esbuild'
import { chmodSync, mkdirSync } from 'node:fs'

const common = { bundle: true, format: 'esm', platform: 'node', target: 'node20', outbase: '.', outdir: 'dist' }

// The library leaves packages outside: its tables must be those of the arquero that its user imports.
await build({ ...common, entryPoints: ['lib/index.ts'], packages: 'external' })

// Without the compiler, which is a development dependency, pages are decompressed by JavaScript: at less than half the speed.
const compiler = await import('assemblyscript/asc').catch(() => console.warn('assemblyscript is not installed: built without inflate.wasm'))
if (compiler) {
  mkdirSync('dist/lib/source/codec', { recursive: true })
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '-o', 'dist/lib/source/codec/inflate.wasm']
  const { error, stderr } = await compiler.main(['assembly/inflate.ts', ...options])
  if (error) throw new Error(`assembly/inflate.ts: ${stderr.toString() || error.message}`)
}

// A thread of its own, which the library and the command line start: src and dist find it at the same place.
await build({ ...common, entryPoints: ['lib/memory/physical/pageHelper.ts'], packages: 'external' })

// The command line brings along what it needs to start; what it loads later, or is CommonJS or native, stays outside.
await build({
  ...common,
  entryPoints: ['kernel/cli/main.ts'],
  splitting: true,
  chunkNames: 'kernel/cli/[name]-[hash]',
  external: ['@jupyterlab/services', '@resvg/resvg-js', 'ink', 'react', 'slablab', 'tar-stream', 'tslab', 'vega', 'vega-lite', 'xz-decompress', 'zeromq']
})

// What runs beside the command line: the process that runs cells, which imports the library as cells do, the thread that holds the compiler,
// and the kernel that Jupyter starts.
await build({
  ...common,
  entryPoints: ['kernel/session/evaluator/main.ts', 'kernel/session/evaluator/watchdog.ts', 'kernel/session/converter/main.ts', 'kernel/jupyter/main.ts'],
  packages: 'external'
})
chmodSync('dist/kernel/cli/main.js', 0o755)
