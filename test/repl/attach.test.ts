import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasTmux, TmuxTerminal } from '../builders/tmux.js'

const main = path.resolve('dist/kernel/cli/main.js')
const token = 'secret'
const hasServer = (process.env.PATH ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, 'jupyter-server')))
const minutes = 60_000

let folder: string
let server: ChildProcess
let url: string

async function freePort(): Promise<number> {
  const listening = createServer()
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', () => resolve()))
  const { port } = listening.address() as AddressInfo
  await new Promise((resolve) => listening.close(resolve))
  return port
}

async function ask(what: string, options: RequestInit = {}): Promise<unknown> {
  const response = await fetch(`${url}/api/${what}`, { ...options, headers: { Authorization: `token ${token}`, 'Content-Type': 'application/json' } })
  if (!response.ok) throw new Error(`${what}: ${response.status} ${await response.text()}`)
  return response.json()
}

// A real Jupyter server of Debian; test/debianPackages.ts says so where it is missing.
describe.skipIf(!hasTmux || !hasServer)('attached to a kernel behind a Jupyter server', () => {
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'slablab-attach-'))
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    spawnSync(process.execPath, [main, 'kernel', 'install', '--prefix', folder])
    server = spawn('jupyter-server', ['--no-browser', '--allow-root', '--ip=127.0.0.1', `--port=${port}`, `--ServerApp.token=${token}`, `--ServerApp.root_dir=${folder}`], {
      stdio: 'ignore', env: { ...process.env, JUPYTER_PATH: path.join(folder, 'share/jupyter'), JUPYTER_RUNTIME_DIR: path.join(folder, 'runtime'), HOME: folder }
    })
    for (let i = 0; i < 240; i++) {
      if (await ask('status').then(() => true, () => false)) break
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    await ask('sessions', { method: 'POST', body: JSON.stringify({ path: 'case.ipynb', name: 'case.ipynb', type: 'notebook', kernel: { name: 'slablab' } }) })
  }, 5 * minutes)

  afterAll(() => {
    server.kill()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 })
  })

  test('variables are shared, other clients\' cells are seen, loops are stopped, and leaving lets the kernel run', { timeout: 8 * minutes }, async () => {
    const options = { folder, columns: 90, rows: 30, environment: { XDG_STATE_HOME: path.join(folder, 'state') } }
    const command = `${process.execPath} ${main} repl --attach ${url} --token ${token}`
    const one = new TmuxTerminal({ ...options, command })
    const two = new TmuxTerminal({ ...options, command: `${command} --session case.ipynb` })
    try {
      for (const each of [one, two]) await each.waitFor(/case\.ipynb: kernel slablab/, 180)
      one.type('const shared = 41')
      one.press('Enter')
      await two.waitFor(/\(other\) const shared = 41/)
      two.type('shared + 1')
      two.press('Enter')
      await two.waitFor(/^42$/m)
      await one.waitFor(/\(other\) shared \+ 1[^]*42/)
      one.type('sha')
      one.press('Tab')
      await one.waitFor(/slab> shared$/)
      one.press('C-u')
      one.type('while (true) {}')
      one.press('Enter')
      await one.waitFor(/Ctrl-C stops/)
      one.press('C-c')
      await one.waitFor(/interrupted/)
      one.type('const answer = await prompt(\'which? \')')
      one.press('Enter')
      await one.waitFor(/^which\?/m)
      one.type('this')
      one.press('Enter')
      one.type('answer.length')
      one.press('Enter')
      await one.waitFor(/^4$/m)
      one.type('%page [1, 2]')
      one.press('Enter')
      await one.waitFor(/c code to the prompt/)
      one.type('q')
      one.press('C-d')
      // Nothing of the package's own words is on the screen.
      expect(two.screen()).not.toMatch(/WebSocket|Starting|connection/i)
      two.press('C-d')
      const kernels = await ask('kernels') as { execution_state: string }[]
      expect(kernels).toHaveLength(1)
    } finally {
      one.close()
      two.close()
    }
  })
})
