import { createHmac, timingSafeEqual } from 'node:crypto'
import type { KernelMessage } from '@jupyterlab/services'

/** A header of any message; what is between headers we do not care for. */
export interface Header {
  readonly msg_id: string
  readonly msg_type: string
  readonly session: string
  readonly username: string
  readonly date: string
  readonly version: string
}

export interface Message {
  /** Routing frames of a request, which its reply goes back by; the topic of a broadcast. */
  readonly identities: readonly Buffer[]
  readonly header: Header
  readonly parentHeader: Header | Record<string, never>
  readonly metadata: Readonly<Record<string, unknown>>
  readonly content: Readonly<Record<string, unknown>>
  readonly buffers: readonly Buffer[]
}

/** The messages that @jupyterlab/services declares, by their type. */
export type MessageOf<T extends KernelMessage.MessageType> = Extract<KernelMessage.Message, { header: { msg_type: T } }>

const delimiter = Buffer.from('<IDS|MSG>')
/** Signature, header, parent header, metadata, content. */
const ownFrames = 5

/** A message as frames, signed where there is a key. */
export function encode(message: Message, key: string): Buffer[] {
  const parts = [message.header, message.parentHeader, message.metadata, message.content].map((part) => Buffer.from(JSON.stringify(part)))
  return [...message.identities, delimiter, Buffer.from(sign(parts, key)), ...parts, ...message.buffers]
}

/** Null for what is no message, or is not signed with the key: nobody is told, as whoever sent it has no business here. */
export function decode(frames: readonly Buffer[], key: string): Message | null {
  const at = frames.findIndex((frame) => frame.equals(delimiter))
  if (at < 0 || frames.length < at + 1 + ownFrames) return null
  const [signature, ...parts] = frames.slice(at + 1, at + 1 + ownFrames)
  if (key !== '') {
    const expected = Buffer.from(sign(parts, key))
    if (expected.length !== signature.length || !timingSafeEqual(expected, signature)) return null
  }
  try {
    const [header, parentHeader, metadata, content] = parts.map((part) => JSON.parse(part.toString('utf8')) as Record<string, unknown>)
    if (typeof header.msg_type !== 'string' || typeof header.msg_id !== 'string') return null
    return {
      identities: frames.slice(0, at), header: header as unknown as Header, parentHeader: parentHeader as Record<string, never>,
      metadata, content, buffers: frames.slice(at + 1 + ownFrames)
    }
  } catch {
    return null
  }
}

function sign(parts: readonly Buffer[], key: string): string {
  if (key === '') return ''
  const hmac = createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return hmac.digest('hex')
}
