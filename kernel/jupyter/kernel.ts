import { randomUUID } from 'node:crypto'
import type { KernelMessage } from '@jupyterlab/services'
import { startSession, type Session, type SessionOutput } from '../session/session.js'
import type { Connection } from './connectionFile.js'
import { InputRequests } from './inputRequests.js'
import { protocolVersion } from './kernelInfo.js'
import { ProgressDisplay } from './progressDisplay.js'
import { answer, isRequest } from './requests/answer.js'
import { execute } from './requests/execute.js'
import { openSockets, type Channel, type Sockets } from './sockets.js'
import type { Header, Message } from './wire.js'

export interface KernelOptions {
  readonly connection: Connection
  readonly folder: string
  readonly historyFile?: string
}

export interface Kernel {
  /** Resolves when the kernel has ended, asked by a client or by `stop`. */
  readonly ended: Promise<void>
  stop(): Promise<void>
  interrupt(): Promise<void>
}

/** What a request's handler works with. */
export interface Handling {
  readonly session: Session
  readonly request: Message
  /** Sends a broadcast that belongs to the request. */
  broadcast<T extends KernelMessage.IOPubMessageType>(type: T, content: Extract<KernelMessage.IIOPubMessage, { header: { msg_type: T } }>['content'] | object): void
}

/** Starts a kernel that speaks to its clients by ZeroMQ. Cells run elsewhere, so it answers whatever they do. */
export async function startKernel({ connection, folder, historyFile }: KernelOptions): Promise<Kernel> {
  const sessionId = randomUUID()
  /** Whose outputs are those that come: the running cell's, or the last one's that has left something running. */
  let outputParent: Message | null = null
  let isQuiet = false
  const queue: Message[] = []
  let isWorking = false
  const progress = new ProgressDisplay()
  const opened: { sockets?: Sockets } = {}
  let end!: () => void
  const ended = new Promise<void>((resolve) => { end = resolve })

  const header = (type: string): Header => ({
    msg_id: randomUUID(), msg_type: type, session: sessionId, username: 'kernel', date: new Date().toISOString(), version: protocolVersion
  })
  const send = (channel: Channel | 'iopub', type: string, parent: Message | null, content: object, identities: readonly Buffer[]): void => {
    opened.sockets?.send(channel, {
      identities, header: header(type), parentHeader: parent?.header ?? {}, metadata: {}, content: content as Record<string, unknown>, buffers: []
    })
  }
  const broadcast = (type: string, parent: Message | null, content: object): void => send('iopub', type, parent, content, [Buffer.from(`kernel.${sessionId}.${type}`)])
  const status = (parent: Message | null, state: KernelMessage.Status): void => broadcast('status', parent, { execution_state: state })
  const reply = (channel: Channel, request: Message, content: object): void => {
    send(channel, request.header.msg_type.replace(/_request$/, '_reply'), request, content, request.identities)
  }

  const inputs = new InputRequests((request, content) => send('stdin', 'input_request', request, content, request.identities))
  const session = await startSession({
    folder, progress: true, ...historyFile === undefined ? {} : { historyFile },
    onOutput(output) {
      if (isQuiet) return
      if (output.kind === 'progress') return progress.show(output.text, (type, content) => broadcast(type, outputParent, content))
      const [type, content] = outputMessage(output)
      broadcast(type, outputParent, content)
    },
    onPrompt: (question, { password }) => inputs.ask(outputParent, question, password)
  })

  const stop = async (): Promise<void> => {
    await session.close()
    await opened.sockets?.close()
    end()
  }

  const handle = async (channel: 'shell' | 'control', request: Message): Promise<void> => {
    const type = request.header.msg_type
    if (!isRequest(type)) return
    status(request, 'busy')
    const handling: Handling = { session, request, broadcast: (kind, content) => broadcast(kind, request, content) }
    try {
      if (type === 'execute_request') {
        outputParent = request
        isQuiet = request.content.silent === true
        const content = await execute(handling)
        inputs.forget()
        progress.finish(handling.broadcast)
        reply(channel, request, content)
        if (content.status === 'error' && request.content.stop_on_error !== false) await abortWaiting()
      } else if (type === 'shutdown_request') {
        const content = { status: 'ok', restart: request.content.restart === true }
        reply(channel, request, content)
        broadcast('shutdown_reply', request, content)
      } else if (type === 'interrupt_request') {
        void session.interrupt()
        reply(channel, request, { status: 'ok' })
      } else {
        const content = await answer(type, handling, connection)
        if (content !== null) reply(channel, request, content)
      }
    } catch (error) {
      const { name, message, stack } = error as Error
      if (type.endsWith('_request')) reply(channel, request, { status: 'error', ename: name, evalue: message, traceback: (stack ?? message).split('\n') })
    }
    status(request, 'idle')
    if (type === 'shutdown_request') await stop()
  }

  /** A cell that failed takes those with it that a client has sent already. */
  const abortWaiting = async (): Promise<void> => {
    // What is in the socket by now was sent before the client could know.
    await new Promise((resolve) => setTimeout(resolve, 0))
    for (const request of queue.splice(0)) {
      if (request.header.msg_type !== 'execute_request') {
        queue.push(request)
        continue
      }
      status(request, 'busy')
      reply('shell', request, { status: 'aborted', execution_count: session.executionCount })
      status(request, 'idle')
    }
  }

  const work = async (): Promise<void> => {
    if (isWorking) return
    isWorking = true
    for (let request = queue.shift(); request !== undefined; request = queue.shift()) await handle('shell', request)
    isWorking = false
  }

  opened.sockets = await openSockets(connection, {
    onMessage(channel, message) {
      if (channel === 'stdin') inputs.take(message)
      else if (channel === 'control') void handle('control', message)
      else {
        queue.push(message)
        void work()
      }
    },
    onSubscription(topic) {
      send('iopub', 'iopub_welcome', null, { subscription: topic }, [Buffer.from(topic)])
    }
  })
  status(null, 'starting')
  return { ended, stop, interrupt: () => session.interrupt() }
}

function outputMessage(output: Exclude<SessionOutput, { kind: 'progress' }>): [type: string, content: object] {
  switch (output.kind) {
    case 'stream': return ['stream', { name: output.name, text: output.text }]
    case 'notice': return ['stream', { name: 'stderr', text: `${output.text}\n` }]
    case 'clear': return ['clear_output', { wait: output.wait }]
    case 'display': return [output.update ? 'update_display_data' : 'display_data', {
      data: output.data, metadata: output.metadata, transient: output.displayId === null ? {} : { display_id: output.displayId }
    }]
  }
}
