import type { Connection } from '../connectionFile.js'
import type { Handling } from '../kernel.js'
import { kernelInfo } from '../kernelInfo.js'
import { complete } from './complete.js'
import { history } from './history.js'
import { inspect } from './inspect.js'

type Answer = (handling: Handling, connection: Connection) => Promise<object | null> | object | null

/** Requests that run no cell, by their type; null where there is no reply. */
const answers: Readonly<Record<string, Answer>> = {
  kernel_info_request: kernelInfo,
  complete_request: complete,
  inspect_request: inspect,
  history_request: history,
  async is_complete_request({ session, request }) {
    const { status, indent } = await session.isComplete(codeOf(request.content.code))
    return status === 'incomplete' ? { status, indent } : { status }
  },
  // Front ends open comms to targets that a kernel registers; there are none, and the protocol has it said so.
  comm_info_request: () => ({ status: 'ok', comms: {} }),
  comm_open({ request, broadcast }) {
    broadcast('comm_close', { comm_id: request.content.comm_id, data: {} })
    return null
  },
  comm_msg: () => null,
  comm_close: () => null,
  connect_request: (_handling, { shell_port, iopub_port, stdin_port, hb_port, control_port }) => ({
    status: 'ok', shell_port, iopub_port, stdin_port, hb_port, control_port
  })
}

const others = new Set(['execute_request', 'shutdown_request', 'interrupt_request'])

/** Whether it is a message that we handle; what we do not know is left alone. */
export function isRequest(type: string): boolean {
  return others.has(type) || Object.hasOwn(answers, type)
}

export async function answer(type: string, handling: Handling, connection: Connection): Promise<object | null> {
  return answers[type](handling, connection)
}

export function codeOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
