import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { KernelManager, KernelMessage, ServerConnection, SessionManager, type Kernel } from '@jupyterlab/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installKernelspec } from '../../kernel/jupyter/kernelspec.js'
import { compareNotebooks } from '../../lib/notebook/compareNotebooks.js'
import { readNotebook } from '../../lib/notebook/readNotebook.js'
import { hasProgram, jupyterEnvironment, runProgram, startServer, writeNotebook, type Server } from '../builders/jupyter.js'

const folder = mkdtempSync(path.join(tmpdir(), 'slablab-front-ends-'))
const env = jupyterEnvironment(folder)
const notebook = path.join(folder, 'case.ipynb')

/** Something of every kind that is shown. */
const cells = [
  "import { table } from 'arquero'\nconst rows = table({ cache: ['kmalloc-128', '<script>'], objects: [3, 4] })\nrows",
  "const plot = { $schema: 'https://vega.github.io/schema/vega-lite/v5.json', mark: 'bar', data: { values: [{ cache: 'dentry', n: 3 }] }, encoding: { x: { field: 'cache' }, y: { field: 'n', type: 'quantitative' } } }\nplot",
  "const shown = display('0 of 2')\nfor (const i of [1, 2]) shown.update(`${i} of 2`)\nconsole.log('printed')",
  "const answer: number = await Promise.resolve(42)\nanswer"
]

beforeAll(async () => {
  await installKernelspec({}, env)
  writeNotebook(notebook, cells)
})
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))

describe.skipIf(!hasProgram('jupyter-nbconvert'))('nbconvert (jupyter-nbconvert)', () => {
  test('executes a notebook to a page that shows tables, plots, updates and values', () => {
    runProgram('jupyter-nbconvert', ['--execute', '--to', 'html', notebook], { cwd: folder, env })
    const page = readFileSync(path.join(folder, 'case.html'), 'utf8')
    expect(page).toContain('kmalloc-128')
    expect(page).toContain('&lt;script&gt;')
    expect(page).toMatch(/<svg[^>]*class="marks"|image\/svg\+xml/)
    expect(page).toContain('2 of 2')
    expect(page).not.toContain('0 of 2</pre>')
    expect(page).toContain('printed')
    expect(page).toContain('<pre>42</pre>')
    expect(page).not.toContain('Traceback')
  })

  test('executes a notebook of the repository, and shows what it holds', () => {
    const bundled = 'notebooks/3-growth.ipynb'
    runProgram('jupyter-nbconvert', ['--execute', '--to', 'notebook', '--output', path.join(folder, 'growth.ipynb'), path.resolve(bundled)], { cwd: path.resolve('notebooks'), env })
    const [held, found] = [bundled, path.join(folder, 'growth.ipynb')].map((file) => readNotebook(readFileSync(file, 'utf8'), file))
    expect(compareNotebooks(held, found)).toEqual([])
  })
})

describe.skipIf(!hasProgram('jupyter-notebook') || !hasProgram('chromium') || !hasProgram('jupyter-nbconvert'))('the classic notebook (jupyter-notebook, chromium)', () => {
  test('a page shows the outputs of an executed notebook', async () => {
    runProgram('jupyter-nbconvert', ['--execute', '--to', 'notebook', '--output', 'executed.ipynb', notebook], { cwd: folder, env })
    const server = await startServer('jupyter-notebook', folder, env)
    try {
      const arguments_ = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${path.join(folder, 'chromium')}`, '--window-size=1100,1400', '--virtual-time-budget=20000']
      const address = `${server.url}notebooks/executed.ipynb?token=${server.token}`
      const dom = runProgram('chromium', [...arguments_, '--dump-dom', address], { cwd: folder, env })
      expect(dom).toContain('kmalloc-128')
      expect(dom).toMatch(/<img[^>]+src="data:image\/png;base64|<svg/)
      expect(dom).toContain('2 of 2')
      expect(dom).toContain('cm-keyword') // its cells are coloured as TypeScript
      if (process.env.SLABLAB_SCREENSHOT !== undefined) runProgram('chromium', [...arguments_, `--screenshot=${process.env.SLABLAB_SCREENSHOT}`, address], { cwd: folder, env })
    } finally {
      server.process.kill('SIGTERM')
    }
  })
})

describe.skipIf(!hasProgram('jupyter-server'))('a Jupyter server (jupyter-server)', () => {
  let server: Server
  let sessions: SessionManager
  let kernels: KernelManager
  let kernel: Kernel.IKernelConnection

  beforeAll(async () => {
    server = await startServer('jupyter-server', folder, env)
    const serverSettings = ServerConnection.makeSettings({ baseUrl: server.url, wsUrl: server.url.replace('http', 'ws'), token: server.token, appendToken: true })
    kernels = new KernelManager({ serverSettings })
    sessions = new SessionManager({ kernelManager: kernels, serverSettings })
    await sessions.ready
    const session = await sessions.startNew({ path: 'case.ipynb', name: 'case.ipynb', type: 'notebook', kernel: { name: 'slablab' } })
    kernel = session.kernel!
  })
  afterAll(async () => {
    await sessions.shutdownAll()
    sessions.dispose()
    kernels.dispose()
    server.process.kill('SIGTERM')
  })

  /** What a cell broadcasts, and its reply. */
  async function execute(code: string, onMessage: (message: KernelMessage.IIOPubMessage) => void = () => {}): Promise<KernelMessage.IExecuteReplyMsg> {
    const future = kernel.requestExecute({ code, allow_stdin: true, stop_on_error: true })
    future.onIOPub = onMessage
    future.onStdin = (message) => {
      if (KernelMessage.isInputRequestMsg(message)) kernel.sendInputReply({ status: 'ok', value: 'typed' }, message.parent_header as KernelMessage.IInputReplyMsg['parent_header'])
    }
    return future.done
  }

  async function valueOf(code: string): Promise<unknown> {
    let value: unknown
    await execute(code, (message) => {
      if (KernelMessage.isExecuteResultMsg(message)) value = message.content.data['text/plain']
    })
    return value
  }

  test('streams while a cell runs', async () => {
    const times: number[] = []
    await execute("for (let i = 0; i < 3; i++) { console.log(i); await new Promise((done) => setTimeout(done, 150)) }", (message) => {
      if (KernelMessage.isStreamMsg(message)) times.push(performance.now())
    })
    expect(times).toHaveLength(3)
    expect(times[2] - times[0]).toBeGreaterThan(150)
  })

  test('input, completion, inspection', async () => {
    expect(await valueOf('const typed = await prompt("?")\ntyped')).toBe("'typed'")
    expect((await kernel.requestComplete({ code: 'formatBy', cursor_pos: 8 })).content).toMatchObject({ matches: ['formatBytes'], cursor_start: 0, cursor_end: 8 })
    expect((await kernel.requestInspect({ code: 'formatBytes', cursor_pos: 3, detail_level: 0 })).content).toMatchObject({ found: true })
  })

  test('interrupt keeps variables, also of a loop after an await', async () => {
    await execute('const before = 5')
    const running = execute('await 1\nwhile (true) {}')
    await new Promise((resolve) => setTimeout(resolve, 400))
    await kernel.interrupt()
    expect((await running).content).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' })
    expect(await valueOf('before')).toBe('5')
  })

  test('a second client shares variables', async () => {
    const second = kernels.connectTo({ model: kernel.model })
    const future = second.requestExecute({ code: 'const fromSecond = before + 1' })
    expect((await future.done).content).toMatchObject({ status: 'ok' })
    second.dispose()
    expect(await valueOf('fromSecond')).toBe('6')
  })

  test('a comm that nobody handles is closed', async () => {
    const comm = kernel.createComm('nothing')
    const closed = new Promise((resolve) => { comm.onClose = resolve })
    comm.open()
    await closed
  })

  test('restart forgets variables', async () => {
    await kernel.restart()
    expect((await execute('before')).content).toMatchObject({ status: 'error', ename: 'TypeScriptError' })
    expect(await valueOf('1 + 1')).toBe('2')
  })
})
