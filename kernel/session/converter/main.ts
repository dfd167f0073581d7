import { parentPort, workerData } from 'node:worker_threads'
import { complete } from './complete.js'
import { convert } from './convert.js'
import { inspect } from './inspect.js'
import { isComplete } from './isComplete.js'
import type { ConverterCall, ConverterCalls, ConverterOptions, ConverterReply, ConverterRequest } from './messages.js'
import { prelude } from './prelude.js'
import { loadTslab } from './tslab.js'

// The thread that holds the compiler: questions come in order, answers go back in order.
const options = workerData as ConverterOptions
const tslab = loadTslab(options)
const first = prelude(tslab.compiler, options.libraryTypes, options.globalTypes)

const answers: { [call in ConverterCall]: (...args: ConverterCalls[call]['args']) => ConverterCalls[call]['result'] } = {
  prelude: () => first,
  convert: (...args) => convert(tslab, ...args),
  complete: (...args) => complete(tslab, ...args),
  inspect: (...args) => inspect(tslab, ...args),
  isComplete: (code) => isComplete(tslab.compiler, code)
}

parentPort!.on('message', ({ id, call, args }: ConverterRequest) => {
  let reply: ConverterReply
  try {
    reply = { id, result: (answers[call] as (...args: readonly unknown[]) => unknown)(...args) }
  } catch (error) {
    reply = { id, error: (error as Error).stack ?? String(error) }
  }
  parentPort!.postMessage(reply)
})

// Checks the declarations of the library once, so that the first cell does not wait for it.
convert(tslab, first, '')
