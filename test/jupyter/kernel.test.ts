import { mkdtempSync, rmSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KernelClient, startKernelProcess, type Answer, type KernelProcess } from '../builders/kernelClient.js'

const folder = mkdtempSync(path.join(tmpdir(), 'slablab-kernel-'))
let kernel: KernelProcess
let client: KernelClient

beforeAll(async () => {
  kernel = await startKernelProcess(folder)
  client = new KernelClient(kernel.connection)
  await client.listening()
})
afterAll(() => {
  client.close()
  kernel.process.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

const shown = ({ broadcasts }: Answer): [string, unknown][] => broadcasts.map(({ header, content }) => [header.msg_type, content])
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

describe('kernel_info', () => {
  test('says what and how it speaks, between busy and idle', async () => {
    const { reply, broadcasts } = await client.ask('kernel_info_request')
    expect(reply.header).toMatchObject({ msg_type: 'kernel_info_reply', version: '5.4' })
    expect(reply.content).toMatchObject({
      status: 'ok', protocol_version: '5.4', implementation: 'slablab',
      language_info: { name: 'typescript', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string, file_extension: '.ts' }
    })
    expect(broadcasts.map(({ content }) => content.execution_state)).toEqual(['busy', 'idle'])
  })

  test('a subscriber is welcomed', async () => {
    await client.until(() => client.broadcasts.find(({ header, content }) => header.msg_type === 'iopub_welcome' && content.subscription === ''), 'iopub_welcome')
  })

  test('nobody without the key is answered', async () => {
    const id = client.send('kernel_info_request', {}, 'shell', 'another key')
    await client.ask('kernel_info_request')
    expect(client.broadcastsOf(id)).toEqual([])
  })
})

describe('execute', () => {
  test('in the order of the protocol', async () => {
    const answer = await client.execute('console.log("out")\nconsole.error("err")\ndisplay({ "text/html": "<b>1</b>" }, { id: "d" })\n6 * 7')
    expect(shown(answer)).toEqual([
      ['status', { execution_state: 'busy' }],
      ['execute_input', { code: expect.any(String) as string, execution_count: 1 }],
      ['stream', { name: 'stdout', text: 'out\n' }],
      ['stream', { name: 'stderr', text: 'err\n' }],
      ['display_data', { data: { 'text/html': '<b>1</b>' }, metadata: {}, transient: { display_id: 'd' } }],
      ['execute_result', { execution_count: 1, data: { 'text/plain': '42' }, metadata: {} }],
      ['status', { execution_state: 'idle' }]
    ])
    expect(answer.reply.content).toEqual({ status: 'ok', execution_count: 1, payload: [], user_expressions: {} })
  })

  test('an error is broadcast and in the reply', async () => {
    const answer = await client.execute('\nthrow new RangeError("far")')
    const error = { ename: 'RangeError', evalue: 'far', traceback: ['RangeError: far', '    at Cell[2].ts:2:7'] }
    expect(shown(answer)).toContainEqual(['error', error])
    expect(answer.reply.content).toMatchObject({ status: 'error', execution_count: 2, ...error })
  })

  test('a display is updated, and output cleared', async () => {
    const answer = await client.execute('display(1, { id: "u" }).update(2)\nclearOutput({ wait: true })')
    expect(shown(answer).slice(2, -1)).toEqual([
      ['display_data', { data: { 'text/plain': '1' }, metadata: {}, transient: { display_id: 'u' } }],
      ['update_display_data', { data: { 'text/plain': '2' }, metadata: {}, transient: { display_id: 'u' } }],
      ['clear_output', { wait: true }]
    ])
  })

  test('silent: nothing is shown, nothing is counted', async () => {
    const answer = await client.execute('console.log("x"); 5', { silent: true })
    expect(shown(answer)).toEqual([['status', { execution_state: 'busy' }], ['status', { execution_state: 'idle' }]])
    expect(answer.reply.content).toMatchObject({ status: 'ok', execution_count: 3 })
    const next = await client.execute('1', { store_history: false })
    expect(next.reply.content).toMatchObject({ execution_count: 3 })
  })

  test('user expressions, each by itself', async () => {
    const { reply } = await client.execute('const base = 20', { user_expressions: { sum: 'base + 1', wrong: 'missing' } })
    expect(reply.content.user_expressions).toMatchObject({ sum: { status: 'ok', data: { 'text/plain': '21' } }, wrong: { status: 'error', ename: 'TypeScriptError' } })
  })

  test('cells sent behind one that fails are aborted, unless it was asked otherwise', async () => {
    const ids = ['throw 1', '2', '3'].map((code) => client.send('execute_request', { code }))
    const answers = await Promise.all(ids.map((id) => client.answer(id)))
    expect(answers.map(({ reply }) => reply.content.status)).toEqual(['error', 'aborted', 'aborted'])
    const kept = [client.send('execute_request', { code: 'throw 1', stop_on_error: false }), client.send('execute_request', { code: '2' })]
    expect((await Promise.all(kept.map((id) => client.answer(id)))).map(({ reply }) => reply.content.status)).toEqual(['error', 'ok'])
  })

  test('what a timer prints belongs to its cell', async () => {
    const { reply } = await client.execute('setTimeout(() => console.log("late"), 100)\nnull')
    const id = (reply.parentHeader as { msg_id: string }).msg_id
    await client.until(() => client.broadcastsOf(id).find(({ content }) => content.text === 'late\n'), 'the late text')
  })
})

describe('input', () => {
  test('prompt() asks the client that runs the cell', async () => {
    let asked: unknown
    client.onInput = (content) => { asked = content; return 'dentry' }
    const { reply } = await client.execute('const cache = await prompt("Which? ", { password: true })', { user_expressions: { cache: 'cache' } })
    expect(asked).toEqual({ prompt: 'Which? ', password: true })
    expect(reply.content.user_expressions).toMatchObject({ cache: { data: { 'text/plain': "'dentry'" } } })
  })

  test('and says so where the client takes none', async () => {
    const { reply } = await client.execute('await prompt("Which? ")', { allow_stdin: false })
    expect(reply.content).toMatchObject({ status: 'error', evalue: 'prompt() has nobody to ask: this front end takes no input' })
  })
})

describe('what is asked while writing', () => {
  test('completion counts in code points and replaces from where the name starts', async () => {
    const { reply } = await client.ask('complete_request', { code: '"🦙"; openDu', cursor_pos: 11 })
    expect(reply.content).toMatchObject({ status: 'ok', matches: ['openDump'], cursor_start: 5, cursor_end: 11 })
  })

  test('inspection has signature, documentation and example', async () => {
    const { reply } = await client.ask('inspect_request', { code: 'await openDump(', cursor_pos: 15, detail_level: 0 })
    expect(reply.content).toMatchObject({ status: 'ok', found: true })
    const text = (reply.content.data as Record<string, string>)['text/plain']
    expect(text).toContain('Promise<Dump>')
    expect(text).toContain('Opens the evidence of one machine')
    expect(text).toContain("Example:\nconst dump = await openDump(")
    expect((await client.ask('inspect_request', { code: 'nothing_here', cursor_pos: 3, detail_level: 0 })).reply.content).toMatchObject({ status: 'ok', found: false, data: {} })
  })

  test('completeness', async () => {
    const of = async (code: string): Promise<unknown> => (await client.ask('is_complete_request', { code })).reply.content
    expect(await of('1 + 1')).toEqual({ status: 'complete' })
    expect(await of('if (true) {')).toEqual({ status: 'incomplete', indent: '  ' })
    expect(await of('const a = `')).toEqual({ status: 'incomplete', indent: '' })
    expect(await of('let 1x')).toEqual({ status: 'invalid' })
  })

  test('history by tail, search and range', async () => {
    const of = async (content: object): Promise<unknown> => (await client.ask('history_request', { raw: true, output: false, ...content })).reply.content.history
    const { reply } = await client.execute('const remembered = 1\nremembered')
    const line = reply.content.execution_count as number
    expect(await of({ hist_access_type: 'tail', n: 1 })).toEqual([[0, line, 'const remembered = 1\nremembered']])
    expect(await of({ hist_access_type: 'tail', n: 1, output: true })).toEqual([[0, line, ['const remembered = 1\nremembered', '1']]])
    expect(await of({ hist_access_type: 'search', pattern: 'const rem*', n: 5 })).toEqual([[0, line, 'const remembered = 1\nremembered']])
    expect(await of({ hist_access_type: 'range', session: 0, start: 2, stop: 3 })).toEqual([[0, 2, '\nthrow new RangeError("far")']])
  })
})

describe('comms', () => {
  test('there are none, and one that is opened is closed', async () => {
    expect((await client.ask('comm_info_request', {})).reply.content).toEqual({ status: 'ok', comms: {} })
    const id = client.send('comm_open', { comm_id: 'c1', target_name: 'nothing', data: {} })
    await client.until(() => client.broadcastsOf(id).find(({ header, content }) => header.msg_type === 'comm_close' && content.comm_id === 'c1'), 'comm_close')
  })
})

describe('while a cell loops', () => {
  test('the heart beats, control answers, and an interrupt keeps variables', async () => {
    await client.execute('const held = 11')
    const id = client.send('execute_request', { code: 'while (true) {}' })
    const behind = client.send('execute_request', { code: '1' })
    await client.until(() => client.broadcastsOf(id).find(({ header }) => header.msg_type === 'execute_input'), 'execute_input')
    await sleep(300)
    await client.beat()
    expect((await client.ask('kernel_info_request', {}, 'control')).reply.content).toMatchObject({ status: 'ok' })
    expect((await client.ask('interrupt_request', {}, 'control')).reply.content).toEqual({ status: 'ok' })
    expect((await client.answer(id)).reply.content).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' })
    expect((await client.answer(behind)).reply.content).toMatchObject({ status: 'aborted' })
    expect(shown(await client.execute('held'))).toContainEqual(['execute_result', expect.objectContaining({ data: { 'text/plain': '11' } })])
  })
})

describe('two clients', () => {
  test('share variables, see each other, and each gets its own replies', async () => {
    const other = new KernelClient(kernel.connection)
    try {
      await other.listening()
      const [mine, theirs] = await Promise.all([client.execute('const of1 = 1'), other.execute('const of2 = 2')])
      expect([mine.reply.content.status, theirs.reply.content.status]).toEqual(['ok', 'ok'])
      const sum = await other.execute('of1 + of2')
      expect(shown(sum)).toContainEqual(['execute_result', expect.objectContaining({ data: { 'text/plain': '3' } })])
      const id = (sum.reply.parentHeader as { msg_id: string }).msg_id
      await client.until(() => client.broadcastsOf(id).find(({ content }) => content.execution_state === 'idle'), 'the broadcasts of the other')
    } finally {
      other.close()
    }
  })
})

describe('the end', () => {
  test('shutdown is answered and told to all, and the process ends', async () => {
    const exited = new Promise((resolve) => { kernel.process.once('exit', resolve) })
    const { reply, broadcasts } = await client.ask('shutdown_request', { restart: false }, 'control')
    expect(reply.content).toEqual({ status: 'ok', restart: false })
    expect(broadcasts.map(({ header }) => header.msg_type)).toContain('shutdown_reply')
    expect(await exited).toBe(0)
  })

  test('a kernel whose front end dies ends by itself', async () => {
    const parent = spawn('sleep', ['60'])
    const orphan = await startKernelProcess(folder, { JPY_PARENT_PID: String(parent.pid) })
    const exited = new Promise((resolve) => { orphan.process.once('exit', resolve) })
    const watching = new KernelClient(orphan.connection)
    await watching.listening()
    watching.close()
    parent.kill('SIGKILL')
    expect(await exited).toBe(1)
  })
})
