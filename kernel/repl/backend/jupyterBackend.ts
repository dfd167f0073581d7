import type { Kernel, KernelMessage } from '@jupyterlab/services'
import type { CellResult, SessionOutput } from '../../session/session.js'
import type { Backend, BackendEvents } from '../model.js'

/** What another terminal of ours asks the kernel, and gets, is for its pager and for no one else. */
const ownTypes = 'application/vnd.slablab.'

type Value = { readonly data: Record<string, unknown>, readonly metadata: Record<string, unknown> }

/** A kernel behind a Jupyter server as the REPL takes it. Closing it leaves the kernel running. */
export function jupyterBackend(kernel: Kernel.IKernelConnection, dispose: () => void, name: string, events: BackendEvents): Backend {
  kernel.iopubMessage.connect((_kernel, message) => takeForeign(kernel, message, events))
  watchConnection(kernel, events)
  return {
    name,
    execute: (code, { silent = false } = {}) => execute(kernel, code, silent, events),
    async complete(code, cursor) {
      const { content } = await kernel.requestComplete({ code, cursor_pos: toPoints(code, cursor) })
      if (content.status !== 'ok') return { matches: [], start: cursor, end: cursor }
      const kinds = (content.metadata as { _jupyter_types_experimental?: { text: string, type?: string }[] })._jupyter_types_experimental ?? []
      const kindOf = new Map(kinds.map(({ text, type }) => [text, type ?? '']))
      return {
        matches: content.matches.map((text) => ({ text, kind: kindOf.get(text) ?? '' })),
        start: toUnits(code, content.cursor_start), end: toUnits(code, content.cursor_end)
      }
    },
    async inspect(code, cursor, detail = 0) {
      const { content } = await kernel.requestInspect({ code, cursor_pos: toPoints(code, cursor), detail_level: detail })
      return content.status === 'ok' ? { found: content.found, data: content.data } : { found: false, data: {} }
    },
    async isComplete(code) {
      const { content } = await kernel.requestIsComplete({ code })
      const { status, indent = '' } = content as { status: 'complete' | 'incomplete' | 'invalid' | 'unknown', indent?: string }
      return { status, indent }
    },
    interrupt: () => kernel.interrupt(),
    restart: () => kernel.restart(),
    async close() {
      kernel.dispose()
      dispose()
    }
  }
}

async function execute(kernel: Kernel.IKernelConnection, code: string, silent: boolean, events: BackendEvents): Promise<CellResult> {
  const started = performance.now()
  let value: Value | null = null
  let failure: { ename: string, evalue: string, traceback: string[] } | null = null
  if (kernel.connectionStatus !== 'connected') await kernel.reconnect()
  // A cell that Jupyter calls silent shows nothing at all, and the pager's have to.
  const future = kernel.requestExecute({ code, silent: false, store_history: !silent, allow_stdin: true, stop_on_error: true })
  future.onIOPub = (message) => {
    const { msg_type: type } = message.header
    if (type === 'execute_result') {
      const { data, metadata } = message.content as Value
      value = { data, metadata }
    } else if (type === 'error') failure = message.content as typeof failure
    else {
      const output = outputOf(message)
      if (output !== undefined) events.onOutput(output)
    }
  }
  future.onStdin = (message) => {
    const request = message as KernelMessage.IInputRequestMsg
    const { prompt, password } = request.content
    events.onPrompt(prompt, { password }).then(
      (answer) => kernel.sendInputReply({ value: answer, status: 'ok' }, request.header),
      () => void kernel.interrupt()
    )
  }
  let reply: KernelMessage.IExecuteReplyMsg
  try {
    reply = await future.done
  } catch (error) {
    return failed({ ename: 'ConnectionError', evalue: (error as Error).message, traceback: [`the kernel gave no answer: ${(error as Error).message}`] }, 0, started)
  }
  const content = reply.content as { status: string, execution_count?: number, ename?: string, evalue?: string, traceback?: string[] }
  const executionCount = content.execution_count ?? 0
  if (content.status === 'error') {
    return failed(failure ?? { ename: content.ename ?? 'Error', evalue: content.evalue ?? '', traceback: content.traceback ?? [] }, executionCount, started)
  }
  if (content.status !== 'ok') return { status: 'aborted' }
  return { status: 'ok', executionCount, value, milliseconds: performance.now() - started }
}

function failed({ ename, evalue, traceback }: { ename: string, evalue: string, traceback: readonly string[] }, executionCount: number, started: number): CellResult {
  return { status: 'error', executionCount, name: ename, message: evalue, traceback, milliseconds: performance.now() - started }
}

function outputOf(message: KernelMessage.IIOPubMessage): SessionOutput | undefined {
  const content = message.content as Record<string, unknown>
  switch (message.header.msg_type) {
    case 'stream':
      return { kind: 'stream', name: content.name === 'stderr' ? 'stderr' : 'stdout', text: String(content.text) }
    case 'display_data':
    case 'update_display_data':
    case 'execute_result':
      return {
        kind: 'display', data: content.data as Record<string, unknown>, metadata: content.metadata as Record<string, unknown>,
        displayId: (content.transient as { display_id?: string } | undefined)?.display_id ?? null, update: message.header.msg_type === 'update_display_data'
      }
    case 'clear_output':
      return { kind: 'clear', wait: content.wait === true }
  }
}

/** What another client of the kernel runs, and what comes of it. */
function takeForeign(kernel: Kernel.IKernelConnection, message: KernelMessage.IIOPubMessage, events: BackendEvents): void {
  const parent = message.parent_header as { session?: string }
  if (parent.session === undefined || parent.session === kernel.clientId) return
  if (message.header.msg_type === 'execute_input') {
    const { code } = message.content as { code: string }
    if (!code.includes(ownTypes)) events.onForeignCell?.(code)
  } else if (message.header.msg_type === 'error') {
    const { traceback } = message.content as { traceback: string[] }
    events.onOutput({ kind: 'stream', name: 'stderr', text: `${traceback.join('\n')}\n` })
  } else {
    const output = outputOf(message)
    const isForThem = output?.kind === 'display' && Object.keys(output.data).some((type) => type.startsWith(ownTypes))
    if (output !== undefined && !isForThem) events.onOutput(output)
  }
}

/** Tells when the connection is lost, and when it is there again: the package tries by itself for a while. */
function watchConnection(kernel: Kernel.IKernelConnection, events: BackendEvents): void {
  let wasConnected = kernel.connectionStatus === 'connected'
  let wasLost = false
  kernel.connectionStatusChanged.connect((_kernel, status) => {
    if (kernel.isDisposed) return
    if (status === 'connected' && wasLost) events.onOutput({ kind: 'notice', text: 'connected again; variables are as they were' })
    if (status === 'connecting' && wasConnected && !wasLost) events.onOutput({ kind: 'notice', text: 'the connection is lost; trying to get it back' })
    if (status === 'disconnected') events.onOutput({ kind: 'notice', text: 'the server does not answer; the next cell tries again' })
    wasLost = wasConnected && status !== 'connected'
    wasConnected ||= status === 'connected'
  })
  kernel.statusChanged.connect((_kernel, status) => {
    if (status === 'autorestarting') events.onOutput({ kind: 'notice', text: 'the kernel died and starts anew: all variables are lost' })
  })
}

/** Jupyter counts code points, JavaScript UTF-16 units. */
function toPoints(text: string, units: number): number {
  return [...text.slice(0, units)].length
}

function toUnits(text: string, points: number): number {
  return [...text].slice(0, points).join('').length
}
