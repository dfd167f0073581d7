import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** An empty folder with the package as `npm pack` makes it, and what it depends on: nothing else of the checkout is within reach. */
const folder = mkdtempSync(path.join(tmpdir(), 'slablab-package-'))
const installed = path.join(folder, 'node_modules/slablab')

beforeAll(() => {
  const [{ filename }] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { encoding: 'utf8' })) as [{ filename: string }]
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', path.join(folder, filename), '-C', installed, '--strip-components=1'])
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> }
  for (const name of Object.keys(dependencies)) {
    const link = path.join(folder, 'node_modules', name)
    mkdirSync(path.dirname(link), { recursive: true })
    symlinkSync(path.resolve('node_modules', name), link)
  }
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

const slablab = (...args: string[]): string => execFileSync(process.execPath, [path.join(installed, 'dist/kernel/cli/main.js'), ...args], { cwd: folder, encoding: 'utf8' })

test('reports on a bundled dump', () => {
  const page = path.join(folder, 'page.html')
  expect(slablab('report', path.join(installed, 'datasets/arm64-slab/vmcore'), '--html', page)).toContain('single_open')
  // What is built has the same letters as its source.
  expect(readFileSync(page, 'utf8')).toMatch(/<title>[^<]* · slablab report<\/title>/)
}, 60_000)

test('runs cells that use the library, and packages', () => {
  const code = "import { desc } from 'arquero'; import 'vega-lite'; typeof desc + ' ' + (await openDump(openDataset('arm64-slab').paths.vmcore)).caches().numRows()"
  expect(slablab('repl', '-e', code)).toMatch(/^function \d+\n$/)
}, 60_000)

test('installs its kernel', () => {
  slablab('kernel', 'install', '--prefix', folder)
  const { argv: [, program] } = JSON.parse(readFileSync(path.join(folder, 'share/jupyter/kernels/slablab/kernel.json'), 'utf8')) as { argv: string[] }
  expect(program).toBe(path.join(installed, 'dist/kernel/jupyter/main.js'))
  expect(existsSync(program)).toBe(true)
})

test('is a library with types', () => {
  const program = "import('slablab').then(({ openDataset }) => console.log(typeof openDataset))"
  expect(execFileSync(process.execPath, ['-e', program], { cwd: folder, encoding: 'utf8' })).toBe('function\n')
  expect(existsSync(path.join(installed, 'dist/lib/index.d.ts'))).toBe(true)
})
