import type { Handling } from '../kernel.js'
import { toCodePoints, toUnits } from '../textPosition.js'

/** What front ends show beside each match, if they do; its name is the protocol's own. */
const typesKey = '_jupyter_types_experimental'

export async function complete({ session, request }: Handling): Promise<object> {
  const code = typeof request.content.code === 'string' ? request.content.code : ''
  const cursor = typeof request.content.cursor_pos === 'number' ? toUnits(code, request.content.cursor_pos) : code.length
  const { matches, start, end } = await session.complete(code, cursor)
  const [from, to] = [toCodePoints(code, start), toCodePoints(code, end)]
  return {
    status: 'ok', matches: matches.map(({ text }) => text), cursor_start: from, cursor_end: to,
    metadata: { [typesKey]: matches.map(({ text, kind }) => ({ text, type: kind, start: from, end: to })) }
  }
}
