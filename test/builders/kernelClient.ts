import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { Dealer, Request, Subscriber } from 'zeromq'
import { built } from '../../kernel/session/installed.js'
import { decode, encode, type Message } from '../../kernel/jupyter/wire.js'
import type { Connection } from '../../kernel/jupyter/connectionFile.js'

export interface KernelProcess {
  readonly process: ChildProcess
  readonly connection: Connection
}

/** Starts a kernel as Jupyter does, from its kernelspec's command. */
export async function startKernelProcess(
  folder: string, environment: NodeJS.ProcessEnv = {}, command: (file: string) => readonly string[] = (file) => [built.kernel, file]
): Promise<KernelProcess> {
  const [shell_port, control_port, iopub_port, stdin_port, hb_port] = await freePorts(5)
  const connection: Connection = { transport: 'tcp', ip: '127.0.0.1', key: randomUUID(), shell_port, control_port, iopub_port, stdin_port, hb_port }
  const file = path.join(folder, `connection-${shell_port}.json`)
  writeFileSync(file, JSON.stringify({ ...connection, signature_scheme: 'hmac-sha256' }))
  const process_ = spawn(process.execPath, command(file), {
    cwd: folder, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, XDG_STATE_HOME: path.join(folder, 'state'), ...environment }
  })
  process_.on('exit', () => rmSync(file, { force: true }))
  return { process: process_, connection }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => new Promise((resolve) => { server.once('listening', resolve) })))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => { server.close(resolve) })))
  return ports
}

/** The reply to a request, and what was broadcast for it. */
export interface Answer {
  readonly reply: Message
  readonly broadcasts: readonly Message[]
}

/** A client of a kernel, by the protocol alone. */
export class KernelClient {
  readonly #connection: Connection
  readonly #session = randomUUID()
  readonly #shell = new Dealer({ routingId: this.#session, linger: 0 })
  readonly #control = new Dealer({ routingId: this.#session, linger: 0 })
  readonly #stdin = new Dealer({ routingId: this.#session, linger: 0 })
  readonly #iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 })
  readonly #heartbeat = new Request({ linger: 0, receiveTimeout: 5000 })
  /** Everything that came over iopub, in order. */
  readonly broadcasts: Message[] = []
  readonly #replies: Message[] = []
  #noticed: (() => void)[] = []
  /** Answers an input_request; undefined leaves it open. */
  onInput: (content: Message['content']) => string | undefined = () => undefined

  constructor(connection: Connection) {
    this.#connection = connection
    const at = (port: number): string => `tcp://${connection.ip}:${port}`
    this.#shell.connect(at(connection.shell_port))
    this.#control.connect(at(connection.control_port))
    this.#stdin.connect(at(connection.stdin_port))
    this.#heartbeat.connect(at(connection.hb_port))
    this.#iopub.connect(at(connection.iopub_port))
    this.#iopub.subscribe()
    void this.#collect(this.#iopub, (message) => this.broadcasts.push(message))
    void this.#collect(this.#shell, (message) => this.#replies.push(message))
    void this.#collect(this.#control, (message) => this.#replies.push(message))
    void this.#collect(this.#stdin, (message) => {
      const value = this.onInput(message.content)
      if (value !== undefined) void this.#stdin.send(this.#frames('input_reply', { value }, message.header))
    })
  }

  async #collect(socket: Subscriber | Dealer, take: (message: Message) => void): Promise<void> {
    for await (const frames of socket) {
      const message = decode(frames, this.#connection.key)
      if (message === null) throw new Error('the kernel sent a message that is not signed as agreed')
      take(message)
      for (const notice of this.#noticed.splice(0)) notice()
    }
  }

  #frames(type: string, content: object, parent: object = {}, id: string = randomUUID(), key = this.#connection.key): Buffer[] {
    return encode({
      identities: [], metadata: {}, buffers: [], content: content as Message['content'], parentHeader: parent as Message['parentHeader'],
      header: { msg_id: id, msg_type: type, session: this.#session, username: 'test', date: new Date().toISOString(), version: '5.4' }
    }, key)
  }

  /** Resolves when broadcasts reach this client: what a kernel sends before is lost. */
  async listening(): Promise<void> {
    await this.until(() => this.broadcasts.find(({ header }) => header.msg_type === 'iopub_welcome'), 'iopub_welcome')
  }

  /** Waits until something has come that is looked for. */
  async until<T>(look: () => T | undefined, what: string, milliseconds = 50_000): Promise<T> {
    const end = performance.now() + milliseconds
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      const left = end - performance.now()
      if (left <= 0) throw new Error(`${what} did not come within ${milliseconds} ms; last broadcasts: ${JSON.stringify(this.broadcasts.slice(-5).map(({ header, content }) => [header.msg_type, content]))}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#noticed.push(() => { clearTimeout(timer); resolve() })
      })
    }
  }

  /** Sends a request and returns its id. */
  send(type: string, content: object = {}, channel: 'shell' | 'control' = 'shell', key?: string): string {
    const id = randomUUID()
    void (channel === 'shell' ? this.#shell : this.#control).send(this.#frames(type, content, {}, id, key))
    return id
  }

  broadcastsOf(id: string): Message[] {
    return this.broadcasts.filter(({ parentHeader }) => 'msg_id' in parentHeader && parentHeader.msg_id === id)
  }

  reply(id: string): Promise<Message> {
    return this.until(() => this.#replies.find(({ parentHeader }) => 'msg_id' in parentHeader && parentHeader.msg_id === id), 'a reply')
  }

  /** Waits for the reply to a request, and for the idle that closes its broadcasts. */
  async answer(id: string): Promise<Answer> {
    const reply = await this.reply(id)
    await this.until(() => this.broadcastsOf(id).find(({ content }) => content.execution_state === 'idle'), 'idle')
    return { reply, broadcasts: this.broadcastsOf(id) }
  }

  ask(type: string, content: object = {}, channel: 'shell' | 'control' = 'shell'): Promise<Answer> {
    return this.answer(this.send(type, content, channel))
  }

  execute(code: string, options: object = {}): Promise<Answer> {
    return this.ask('execute_request', { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: true, stop_on_error: true, ...options })
  }

  /** Milliseconds until the heartbeat echoes. */
  async beat(): Promise<number> {
    const started = performance.now()
    await this.#heartbeat.send('beat')
    const [echoed] = await this.#heartbeat.receive()
    if (echoed.toString() !== 'beat') throw new Error(`the heartbeat echoed ${echoed.toString()}`)
    return performance.now() - started
  }

  close(): void {
    for (const socket of [this.#shell, this.#control, this.#stdin, this.#iopub, this.#heartbeat]) socket.close()
  }
}
