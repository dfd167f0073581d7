import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'
import { built, packageFolder } from '../../kernel/session/installed.js'
import { lessOptimized, lessOptimizedBy } from '../../kernel/session/optimizeLess.js'
import { compilerScript } from '../../kernel/session/converter/tslab.js'

const library = ['index', 'vega'].map((name) => path.join(packageFolder, 'dist/lib', `${name}.cjs`)).map((file) => ({ file, cache: `${file}.cache` }))

test.each([['programs', []], ['commands, kernels and cells', lessOptimized]])('what V8 compiled when slablab was built is taken by %s', (_, flags) => {
  const code = `
    import { compiledScript } from ${JSON.stringify(path.join(packageFolder, 'dist/kernel/session/compiledScript.js'))}
    console.log(JSON.stringify(${JSON.stringify([...library, compilerScript])}.map((script) => compiledScript(script).cachedDataRejected)))`
  expect(JSON.parse(execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', code], { encoding: 'utf8' }))).toEqual([false, false, false])
})

test('the command line has V8 optimize less', () => {
  const shown = execFileSync(process.execPath, ['--input-type=module', '--eval', `
    import v8 from 'node:v8'
    const before = v8.cachedDataVersionTag()
    process.argv.splice(1, 1, 'slablab', '--version')
    await import(${JSON.stringify(path.join(path.dirname(built.kernel), '../cli/main.js'))})
    console.log(before === v8.cachedDataVersionTag())`], { encoding: 'utf8' })
  expect(shown).toMatch(/^\d+\.\d+\.\d+\nfalse\n$/)
})

test('flags are set for engines that know them only', () => {
  expect(lessOptimizedBy('11.3.244.8-node.38')).toHaveLength(2)
  expect(lessOptimizedBy('13.6.233.17-node.63')).toEqual(['--max-inlined-bytecode-size-cumulative=100'])
  expect([lessOptimizedBy('15.0.1'), lessOptimizedBy('unknown')]).toEqual([[], []])
})
