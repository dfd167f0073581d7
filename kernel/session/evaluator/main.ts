import { Worker } from 'node:worker_threads'
import { send } from './channel.js'
import { cellError } from './cellError.js'
import type { EvaluatorRequest } from './messages.js'
import { writeStream } from './output.js'
import { answerPrompt } from './prompts.js'
import { interruptCell, runCell } from './runCell.js'
import { installStackTraces } from './stack.js'
import { captureStreams } from './streams.js'

// The process that runs the cells of a session. It is asked over IPC, and answers on a descriptor of its own.
installStackTraces()
captureStreams()
new Worker(new URL('./watchdog.js', import.meta.url)).unref()

process.on('SIGINT', interruptCell)
process.on('disconnect', () => process.exit())
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
  process.on(event, (thrown: unknown) => writeStream('stderr', `Uncaught ${cellError(thrown).traceback.join('\n')}\n`))
}

process.on('message', (request: EvaluatorRequest) => {
  if (request.kind === 'run') void runCell(request).then(send)
  else if (request.kind === 'interrupt') interruptCell()
  else if (request.kind === 'ping') send({ kind: 'pong' })
  else answerPrompt(request.id, request.text, request.error)
})
send({ kind: 'ready' })
