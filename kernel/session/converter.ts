import { Worker } from 'node:worker_threads'
import type { ConverterCall, ConverterCalls, ConverterOptions, ConverterReply } from './converter/messages.js'
import { built } from './installed.js'

/** The compiler, in a thread of its own: whoever holds it stays free while it thinks. */
export interface Converter {
  ask<C extends ConverterCall>(call: C, ...args: ConverterCalls[C]['args']): Promise<ConverterCalls[C]['result']>
  close(): Promise<void>
}

interface Waiting { resolve: (result: never) => void, reject: (error: Error) => void }

export function startConverter(options: Pick<ConverterOptions, 'folder' | 'typeCheck'>): Converter {
  const workerData: ConverterOptions = { ...options, libraryTypes: built.libraryTypes, globalTypes: built.globalTypes }
  const waiting = new Map<number, Waiting>()
  let closed = false
  let asked = 0
  let worker: Worker | undefined

  const fail = (error: Error): void => {
    worker = undefined
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const start = (): Worker => {
    const started = new Worker(built.converter, { workerData })
    started.on('message', (reply: ConverterReply) => {
      const { resolve, reject } = waiting.get(reply.id)!
      waiting.delete(reply.id)
      if ('error' in reply) reject(new Error(`the converter failed: ${reply.error}`))
      else resolve(reply.result as never)
      if (waiting.size === 0) started.unref()
    })
    // Out of memory, for one: the next question starts another.
    started.on('error', fail)
    started.on('exit', () => { if (worker === started) fail(new Error('the converter ended')) })
    started.unref()
    return started
  }
  worker = start()

  return {
    ask(call, ...args) {
      if (closed) return Promise.reject(new Error('the session is closed'))
      worker ??= start()
      const { promise, ...settle } = withResolvers<ConverterCalls[typeof call]['result']>()
      waiting.set(++asked, settle)
      worker.ref()
      worker.postMessage({ id: asked, call, args })
      return promise
    },
    async close() {
      closed = true
      await worker?.terminate()
    }
  }
}

function withResolvers<T>(): { promise: Promise<T>, resolve: (value: T) => void, reject: (error: Error) => void } {
  let resolve!: (value: T) => void
  let reject!: (error: Error) => void
  const promise = new Promise<T>((accept, refuse) => { resolve = accept; reject = refuse })
  return { promise, resolve, reject }
}
