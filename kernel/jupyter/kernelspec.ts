import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { spawnSync } from 'node:child_process'
import { UsageError } from '../../lib/index.js'
import { built } from '../session/installed.js'
import { logo } from './logo.js'

/** Where a kernelspec goes. Without any of these, to the user's own. */
export interface KernelspecPlace {
  readonly user?: boolean
  readonly prefix?: string
  /** Beside the Jupyter that is on PATH. */
  readonly sysPrefix?: boolean
}

export const kernelName = 'slablab'
export const displayName = 'TypeScript (slablab)'

/** Writes the kernelspec, whole or not at all, and returns its folder. */
export async function installKernelspec(place: KernelspecPlace, environment: NodeJS.ProcessEnv): Promise<string> {
  const folder = kernelspecFolder(place, environment)
  const partial = `${folder}.${process.pid}.partial`
  try {
    mkdirSync(partial, { recursive: true })
    writeFileSync(path.join(partial, 'kernel.json'), `${JSON.stringify(kernelspec(), null, 2)}\n`)
    writeFileSync(path.join(partial, 'logo-svg.svg'), logo)
    const { Resvg } = await import('@resvg/resvg-js')
    for (const size of [32, 64]) {
      writeFileSync(path.join(partial, `logo-${size}x${size}.png`), new Resvg(logo, { fitTo: { mode: 'width', value: size } }).render().asPng())
    }
    rmSync(folder, { recursive: true, force: true })
    renameSync(partial, folder)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return folder
}

/** Removes what {@link installKernelspec} wrote, and nothing else. */
export function uninstallKernelspec(place: KernelspecPlace, environment: NodeJS.ProcessEnv): string {
  const folder = kernelspecFolder(place, environment)
  const file = path.join(folder, 'kernel.json')
  if (!existsSync(file)) throw new UsageError(`no kernel is installed in ${folder}: --user, --sys-prefix or --prefix say where it is`)
  if (!isOurs(readFileSync(file, 'utf8'))) throw new UsageError(`${file} is not of slablab`)
  rmSync(folder, { recursive: true })
  return folder
}

/** Whether a kernel.json starts a kernel of slablab, wherever that is installed. */
function isOurs(spec: string): boolean {
  try {
    const { argv } = JSON.parse(spec) as { argv?: unknown }
    return Array.isArray(argv) && argv.some((argument) => String(argument).endsWith(path.join('dist', 'kernel', 'jupyter', 'main.js')))
  } catch {
    return false
  }
}

/** The program on PATH by which Jupyter is there; null where there is none. */
export function findJupyter(environment: NodeJS.ProcessEnv): string | null {
  for (const name of ['jupyter', 'jupyter-lab', 'jupyter-server', 'jupyter-notebook', 'jupyter-console']) {
    for (const folder of (environment.PATH ?? '').split(path.delimiter)) {
      const file = path.join(folder, process.platform === 'win32' ? `${name}.exe` : name)
      if (folder !== '' && existsSync(file)) return file
    }
  }
  return null
}

function kernelspec(): object {
  return {
    argv: [process.execPath, built.kernel, '{connection_file}'],
    display_name: displayName,
    language: 'typescript',
    // A signal would have to find its way to the process that runs the cells; a message comes through whatever a cell does.
    interrupt_mode: 'message',
    metadata: { debugger: false }
  }
}

function kernelspecFolder(place: KernelspecPlace, environment: NodeJS.ProcessEnv): string {
  const given = [place.user === true && '--user', place.prefix !== undefined && '--prefix', place.sysPrefix === true && '--sys-prefix'].filter((name) => name !== false)
  if (given.length > 1) throw new UsageError(`${given.join(' and ')} exclude each other`)
  const data = place.prefix !== undefined ? shared(path.resolve(place.prefix)) : place.sysPrefix === true ? shared(jupyterPrefix(environment)) : userFolder(environment)
  return path.join(data, 'kernels', kernelName)
}

function shared(prefix: string): string {
  return path.join(prefix, 'share', 'jupyter')
}

/** As Jupyter itself finds it. */
function userFolder({ JUPYTER_DATA_DIR: set, XDG_DATA_HOME: xdg, APPDATA: roaming }: NodeJS.ProcessEnv): string {
  if (set !== undefined && set !== '') return set
  if (process.platform === 'darwin') return path.join(homedir(), 'Library', 'Jupyter')
  if (process.platform === 'win32') return path.join(roaming ?? path.join(homedir(), 'AppData', 'Roaming'), 'jupyter')
  return path.join(xdg !== undefined && xdg !== '' ? xdg : path.join(homedir(), '.local', 'share'), 'jupyter')
}

/** The prefix of the Python that runs Jupyter: its launcher's first line names that. */
function jupyterPrefix(environment: NodeJS.ProcessEnv): string {
  const launcher = findJupyter(environment)
  if (launcher === null) throw new UsageError('--sys-prefix needs Jupyter on PATH, and none is there; --user or --prefix DIR say where to install')
  const python = /^#!\s*(\S+(?: \S+)?)/.exec(readFileSync(launcher, 'latin1'))?.[1].split(' ').at(-1)
  const { stdout, status } = spawnSync(python ?? 'python3', ['-c', 'import sys; print(sys.prefix)'], { encoding: 'utf8' })
  if (status !== 0 || stdout.trim() === '') throw new UsageError(`the Python of ${launcher} does not tell its prefix; --prefix DIR says where to install`)
  return stdout.trim()
}
