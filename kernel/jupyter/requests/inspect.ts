import type { Handling } from '../kernel.js'
import { toUnits } from '../textPosition.js'

export async function inspect({ session, request }: Handling): Promise<object> {
  const code = typeof request.content.code === 'string' ? request.content.code : ''
  const cursor = typeof request.content.cursor_pos === 'number' ? toUnits(code, request.content.cursor_pos) : code.length
  const { found, data } = await session.inspect(code, cursor, request.content.detail_level === 1 ? 1 : 0)
  return { status: 'ok', found, data, metadata: {} }
}
