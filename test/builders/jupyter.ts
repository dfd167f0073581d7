import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'

/** The Jupyter project's tests of kernels, which Debian's Python has. */
export const kernelTests = '/usr/lib/python3/dist-packages/jupyter_kernel_test/__init__.py'

/** Whether a program is on PATH, or there is a file at its full path. */
export function hasProgram(name: string): boolean {
  return path.isAbsolute(name) ? existsSync(name) : (process.env.PATH ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, name)))
}

/** An environment in which Jupyter keeps all that it writes within a folder, and finds the kernels there. */
export function jupyterEnvironment(folder: string): NodeJS.ProcessEnv {
  return {
    ...process.env, HOME: folder, JUPYTER_DATA_DIR: path.join(folder, 'data'), JUPYTER_CONFIG_DIR: path.join(folder, 'config'),
    JUPYTER_RUNTIME_DIR: path.join(folder, 'runtime'), XDG_STATE_HOME: path.join(folder, 'state'), IPYTHONDIR: path.join(folder, 'ipython')
  }
}

/** A notebook of these cells, without outputs. */
export function writeNotebook(file: string, cells: readonly string[]): void {
  writeFileSync(file, JSON.stringify({
    nbformat: 4, nbformat_minor: 5,
    metadata: { kernelspec: { name: 'slablab', display_name: 'TypeScript (slablab)', language: 'typescript' } },
    cells: cells.map((source, i) => ({ cell_type: 'code', id: `cell-${i}`, metadata: {}, execution_count: null, outputs: [], source }))
  }))
}

/** Runs a program to its end; what it printed is in the error where it fails. */
export function runProgram(program: string, args: readonly string[], options: { cwd: string, env: NodeJS.ProcessEnv }): string {
  const { status, stdout, stderr } = spawnSync(program, args, { ...options, encoding: 'utf8', timeout: 150_000, maxBuffer: 64 << 20 })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`)
  return stdout
}

export interface Server { readonly url: string, readonly token: string, readonly process: ChildProcess }

/** Starts `jupyter-server` or `jupyter-notebook` on a free port, and waits until it answers. */
export async function startServer(program: string, folder: string, env: NodeJS.ProcessEnv): Promise<Server> {
  const token = 'of-the-test'
  const listener = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => { listener.once('listening', resolve) })
  const { port } = listener.address() as AddressInfo
  await new Promise((resolve) => { listener.close(resolve) })
  const app = program === 'jupyter-server' ? 'ServerApp' : 'NotebookApp'
  const server = spawn(program, [
    '--no-browser', '--allow-root', `--${app}.port=${port}`, `--${app}.ip=127.0.0.1`, `--${app}.token=${token}`, `--${app}.open_browser=False`
  ], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  server.stderr.on('data', (bytes: Buffer) => { said += bytes.toString() })
  const url = `http://127.0.0.1:${port}/`
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) break
    try {
      if ((await fetch(`${url}api/kernelspecs?token=${token}`)).ok) return { url, token, process: server }
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  server.kill('SIGKILL')
  throw new Error(`${program} did not start:\n${said}`)
}
