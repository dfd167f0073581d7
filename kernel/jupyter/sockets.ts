import type { Router, Reply, XPublisher } from 'zeromq'
import { endpoint, type Connection } from './connectionFile.js'
import { decode, encode, type Message } from './wire.js'

export type Channel = 'shell' | 'control' | 'stdin'

export interface SocketHandlers {
  readonly onMessage: (channel: Channel, message: Message) => void
  /** A client listens to broadcasts from now on; `topic` is what it asked for. */
  readonly onSubscription: (topic: string) => void
}

/** The five sockets of a kernel. */
export interface Sockets {
  send(channel: Channel | 'iopub', message: Message): void
  /** Resolves when all that was sent is handed over. */
  close(): Promise<void>
}

/** Messages that wait for a client which does not read; text is gathered before it is sent, so these hold a long output. */
const broadcastsWaiting = 10_000
/** What a closing socket waits for those that still read. */
const lingerMilliseconds = 1000

export async function openSockets(connection: Connection, handlers: SocketHandlers): Promise<Sockets> {
  const zeromq = await import('zeromq')
  const routers: Readonly<Record<Channel, Router>> = {
    shell: new zeromq.Router({ linger: lingerMilliseconds, handover: true }),
    control: new zeromq.Router({ linger: lingerMilliseconds, handover: true }),
    stdin: new zeromq.Router({ linger: lingerMilliseconds, handover: true })
  }
  const iopub = new zeromq.XPublisher({ linger: lingerMilliseconds, sendHighWaterMark: broadcastsWaiting, verbosity: 'allSubs' })
  const heartbeat = new zeromq.Reply({ linger: 0 })
  await Promise.all([
    routers.shell.bind(endpoint(connection, connection.shell_port)),
    routers.control.bind(endpoint(connection, connection.control_port)),
    routers.stdin.bind(endpoint(connection, connection.stdin_port)),
    iopub.bind(endpoint(connection, connection.iopub_port)),
    heartbeat.bind(endpoint(connection, connection.hb_port))
  ])
  void echo(heartbeat)
  void subscriptions(iopub, handlers.onSubscription)
  for (const channel of ['shell', 'control', 'stdin'] as const) void receive(routers[channel], (frames) => {
    const message = decode(frames, connection.key)
    if (message !== null) handlers.onMessage(channel, message)
  })

  // One write at a time and socket, in order.
  const sent: Record<string, Promise<void>> = {}
  return {
    send(channel, message) {
      const socket = channel === 'iopub' ? iopub : routers[channel]
      const frames = encode(message, connection.key)
      // A client that is gone is no reason to stop.
      sent[channel] = (sent[channel] ?? Promise.resolve()).then(() => socket.send(frames)).catch(() => {})
    },
    async close() {
      await Promise.all(Object.values(sent))
      for (const socket of [...Object.values(routers), iopub, heartbeat]) socket.close()
    }
  }
}

async function receive(socket: Router, onFrames: (frames: Buffer[]) => void): Promise<void> {
  for await (const frames of socket) onFrames(frames)
}

async function echo(socket: Reply): Promise<void> {
  for await (const frames of socket) await socket.send(frames)
}

/** A subscription comes as one frame: 1, then the topic. */
async function subscriptions(socket: XPublisher, onSubscription: (topic: string) => void): Promise<void> {
  for await (const [frame] of socket) if (frame[0] === 1) onSubscription(frame.subarray(1).toString('utf8'))
}
