import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installKernelspec } from '../../kernel/jupyter/kernelspec.js'
import { hasProgram, jupyterEnvironment, kernelTests } from '../builders/jupyter.js'

const folder = mkdtempSync(path.join(tmpdir(), 'slablab-protocol-'))
const env = jupyterEnvironment(folder)

beforeAll(async () => {
  await installKernelspec({}, env)
})
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

describe.skipIf(!hasProgram(kernelTests))("the Jupyter project's tests of kernels (python3-jupyter-kernel-test)", () => {
  test('all pass, but for that of pagers, which are deprecated', () => {
    const { stderr } = spawnSync('/usr/bin/python3', [path.join(import.meta.dirname, 'protocol.py')], { cwd: folder, env, encoding: 'utf8', timeout: 150_000 })
    expect(stderr).toMatch(/^Ran \d+ tests in [\d.]+s\s+OK \(skipped=1\)\s*$/m)
  }, 180_000)
})
