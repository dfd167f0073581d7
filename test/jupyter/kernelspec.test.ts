import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findJupyter, installKernelspec, uninstallKernelspec } from '../../kernel/jupyter/kernelspec.js'

const folder = mkdtempSync(path.join(tmpdir(), 'slablab-kernelspec-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A Jupyter in an environment of its own: its launcher is run by a Python that tells its prefix. */
function environmentWithJupyter(prefix: string): string {
  const programs = path.join(prefix, 'bin')
  mkdirSync(programs, { recursive: true })
  const python = path.join(programs, 'python')
  writeFileSync(python, `#!/bin/sh\necho ${prefix}\n`)
  writeFileSync(path.join(programs, 'jupyter'), `#!${python}\n`)
  for (const program of [python, path.join(programs, 'jupyter')]) chmodSync(program, 0o755)
  return programs
}

describe('where a kernelspec goes', () => {
  test('to the user, by the variables that Jupyter reads', async () => {
    const data = path.join(folder, 'data')
    expect(await installKernelspec({}, { JUPYTER_DATA_DIR: data })).toBe(path.join(data, 'kernels/slablab'))
    expect(await installKernelspec({ user: true }, { XDG_DATA_HOME: path.join(folder, 'xdg') })).toBe(path.join(folder, 'xdg/jupyter/kernels/slablab'))
  })

  test('below a prefix', async () => {
    expect(await installKernelspec({ prefix: path.join(folder, 'prefix') }, {})).toBe(path.join(folder, 'prefix/share/jupyter/kernels/slablab'))
  })

  test('into the environment of the Jupyter on PATH', async () => {
    const prefix = path.join(folder, 'venv')
    const PATH = environmentWithJupyter(prefix)
    expect(findJupyter({ PATH })).toBe(path.join(PATH, 'jupyter'))
    expect(await installKernelspec({ sysPrefix: true }, { PATH })).toBe(path.join(prefix, 'share/jupyter/kernels/slablab'))
  })

  test('nowhere, where that is not clear', async () => {
    await expect(installKernelspec({ sysPrefix: true }, { PATH: folder })).rejects.toThrow('--sys-prefix needs Jupyter on PATH, and none is there; --user or --prefix DIR say where to install')
    await expect(installKernelspec({ user: true, prefix: folder }, {})).rejects.toThrow('--user and --prefix exclude each other')
  })
})

describe('what is installed', () => {
  const place = { prefix: path.join(folder, 'whole') }

  test('starts this Node.js with the built kernel, and has the logos that front ends look for', async () => {
    const installed = await installKernelspec(place, {})
    const spec = JSON.parse(readFileSync(path.join(installed, 'kernel.json'), 'utf8')) as { argv: string[] }
    expect(spec).toMatchObject({ display_name: 'TypeScript (slablab)', language: 'typescript', interrupt_mode: 'message' })
    expect(spec.argv).toEqual([process.execPath, expect.stringMatching(/\/dist\/kernel\/jupyter\/main\.js$/), '{connection_file}'])
    expect(existsSync(spec.argv[1])).toBe(true)
    for (const size of [32, 64]) expect(readFileSync(path.join(installed, `logo-${size}x${size}.png`)).readUInt32BE(16)).toBe(size)
  })

  test('takes the place of what was there, and is removed once', async () => {
    const installed = await installKernelspec(place, {})
    writeFileSync(path.join(installed, 'of an older version'), '')
    await installKernelspec(place, {})
    expect(existsSync(path.join(installed, 'of an older version'))).toBe(false)
    expect(uninstallKernelspec(place, {})).toBe(installed)
    expect(existsSync(installed)).toBe(false)
    expect(() => uninstallKernelspec(place, {})).toThrow(`no kernel is installed in ${installed}`)
  })

  test.each(['{"argv": ["python", "-m", "other"]}', '{"argv": 7}', 'not JSON'])('a kernel of somebody else stays: %s', (spec) => {
    const others = path.join(folder, 'others/share/jupyter/kernels/slablab')
    mkdirSync(others, { recursive: true })
    writeFileSync(path.join(others, 'kernel.json'), spec)
    expect(() => uninstallKernelspec({ prefix: path.join(folder, 'others') }, {})).toThrow(`${path.join(others, 'kernel.json')} is not of slablab`)
    expect(existsSync(others)).toBe(true)
  })
})
