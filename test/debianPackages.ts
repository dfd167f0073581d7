import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { hasProgram, kernelTests } from './builders/jupyter.js'

/** Programs that tests run, on PATH or at a place of their own, and the Debian packages that hold them. */
const packageOf: Readonly<Record<string, string>> = {
  [kernelTests]: 'python3-jupyter-kernel-test',
  'bpftool': 'bpftool',
  'chromium': 'chromium',
  'crash': 'crash',
  'gcc': 'gcc',
  'jupyter-nbconvert': 'jupyter-nbconvert',
  'jupyter-notebook': 'jupyter-notebook',
  'jupyter-server': 'jupyter-server',
  'makedumpfile': 'makedumpfile',
  'pahole': 'pahole',
  'qemu-system-aarch64': 'qemu-system-arm',
  'qemu-system-x86_64': 'qemu-system-x86',
  'tmux': 'tmux',
  'xz': 'xz-utils',
  'zstd': 'zstd'
}

function missing(): string[] {
  return Object.keys(packageOf).filter((program) => !hasProgram(program))
}

/**
 * Before any test: installs what is missing, where this is Debian and we are root; and says of what is then still missing that the tests
 * that need it are left out. SLABLAB_NO_INSTALL=1 keeps it from installing.
 */
export default function installPackages(): void {
  const wanted = missing()
  if (wanted.length === 0) return
  const able = process.getuid?.() === 0 && existsSync('/etc/debian_version') && process.env.SLABLAB_NO_INSTALL !== '1'
  if (able) {
    const packages = [...new Set(wanted.map((program) => packageOf[program]))]
    console.log(`installing Debian packages that tests need: ${packages.join(' ')}`)
    apt('update')
    if (!apt('install', '-y', '--no-install-recommends', ...packages)) {
      // One that this Debian does not have must not keep the others out.
      for (const one of packages) apt('install', '-y', '--no-install-recommends', one)
    }
  }
  const left = missing()
  if (left.length === 0) return
  const named = left.map((program) => `${program} (Debian package ${packageOf[program]})`)
  console.log(`not installed, so the tests that need them are left out: ${named.join(', ')}`)
}

function apt(...args: string[]): boolean {
  const { status } = spawnSync('apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'ignore', 'ignore'], timeout: 15 * 60_000, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  })
  return status === 0
}
