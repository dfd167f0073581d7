import type { HistoryEntry } from '../../session/history.js'
import type { Handling } from '../kernel.js'

const defaults = { n: 10 }

export function history({ session, request }: Handling): object {
  const { hist_access_type: type, n, pattern, unique, session: number, start, stop, output } = request.content
  const count = typeof n === 'number' ? n : defaults.n
  const found = type === 'range' ? session.history.range(asNumber(number, 0), asNumber(start, 0), asNumber(stop, Infinity))
    : type === 'search' ? session.history.search({ pattern: typeof pattern === 'string' ? pattern : '*', unique: unique === true, ...typeof n === 'number' ? { count } : {} })
      : session.history.tail(count)
  return { status: 'ok', history: found.map((entry) => shown(entry, output === true)) }
}

function shown({ session, line, input, output }: HistoryEntry, withOutput: boolean): [number, number, unknown] {
  return [session, line, withOutput ? [input, output] : input]
}

function asNumber(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}
