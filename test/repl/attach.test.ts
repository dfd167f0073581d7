import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
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

/** A way to the server that can be cut. */
async function cuttableWay(): Promise<{ url: string, cut(): void, mend(): void, close(): void }> {
  const sockets = new Set<Socket>()
  let isCut = false
  const way = createServer((client) => {
    if (isCut) return void client.destroy()
    const target = connect(Number(new URL(url).port), '127.0.0.1')
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    client.pipe(target).pipe(client)
  })
  await new Promise<void>((resolve) => way.listen(0, '127.0.0.1', () => resolve()))
  const cut = (): void => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(way.address() as AddressInfo).port}`,
    cut,
    mend() { isCut = false },
    close() {
      cut()
      way.close()
    }
  }
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

  test('a lost connection comes back, and what was typed meanwhile runs', { timeout: 4 * minutes }, async () => {
    const way = await cuttableWay()
    const terminal = new TmuxTerminal({
      folder, columns: 90, rows: 30, environment: { XDG_STATE_HOME: path.join(folder, 'state') },
      command: `${process.execPath} ${main} repl --attach ${way.url} --token ${token} --session case.ipynb`
    })
    try {
      await terminal.waitFor(/case\.ipynb: kernel slablab/, 180)
      terminal.type('let kept = 41')
      terminal.press('Enter')
      terminal.type('await new Promise((done) => setTimeout(done, 4000)); ++kept')
      terminal.press('Enter')
      await terminal.waitFor(/running, [1-9]/)
      way.cut()
      await terminal.waitFor(/the connection is lost; trying to get it back/)
      terminal.type('kept * 100')
      terminal.press('Enter')
      await terminal.waitFor(/1 more waiting/)
      way.mend()
      await terminal.waitFor(/connected again; variables are as they were[^]*^4200$/m, 120)
      expect(terminal.screen()).toMatch(/^42$/m)
      terminal.press('C-d')
    } finally {
      terminal.close()
      way.close()
    }
  })
})
