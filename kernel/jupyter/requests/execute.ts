import type { CellError, CellResult } from '../../session/session.js'
import type { Handling } from '../kernel.js'

interface ErrorContent { readonly ename: string, readonly evalue: string, readonly traceback: readonly string[] }

/** Runs the cell of an execute_request and broadcasts what comes of it; gives the content of its reply. */
export async function execute({ session, request, broadcast }: Handling): Promise<Record<string, unknown> & { readonly status: string }> {
  const { content } = request
  const code = typeof content.code === 'string' ? content.code : ''
  const silent = content.silent === true
  const storeHistory = !silent && content.store_history !== false
  if (!silent) broadcast('execute_input', { code, execution_count: session.executionCount + (storeHistory ? 1 : 0) })
  const result = await session.execute(code, { silent, storeHistory })
  if (result.status === 'aborted') return { status: 'aborted', execution_count: session.executionCount }
  if (result.status === 'error') {
    const error = errorContent(result)
    if (!silent) broadcast('error', error)
    return { status: 'error', execution_count: result.executionCount, ...error, payload: [], user_expressions: {} }
  }
  if (result.value !== null && !silent) {
    broadcast('execute_result', { execution_count: result.executionCount, data: result.value.data, metadata: result.value.metadata })
  }
  const userExpressions: Record<string, object> = {}
  for (const [name, expression] of Object.entries(content.user_expressions ?? {})) {
    userExpressions[name] = expressionContent(await session.execute(String(expression), { storeHistory: false }))
  }
  return { status: 'ok', execution_count: result.executionCount, payload: [], user_expressions: userExpressions }
}

function errorContent({ name, message, traceback }: CellError): ErrorContent {
  return { ename: name, evalue: message, traceback }
}

function expressionContent(result: CellResult): object {
  if (result.status === 'error') return { status: 'error', ...errorContent(result) }
  const value = result.status === 'ok' ? result.value : null
  return { status: 'ok', data: value?.data ?? { 'text/plain': 'undefined' }, metadata: value?.metadata ?? {} }
}
