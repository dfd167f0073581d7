import { StringDecoder } from 'node:string_decoder'
import { writeStream } from './output.js'

type Done = (error?: Error | null) => void

/** Takes what the process writes to its standard streams, `console` included, into the order of all outputs. */
export function captureStreams(): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const decoder = new StringDecoder('utf8')
    process[name].write = (chunk: string | Uint8Array, encoding?: BufferEncoding | Done, done?: Done): boolean => {
      const bytes = typeof chunk === 'string' && typeof encoding === 'string' && encoding !== 'utf8' && encoding !== 'utf-8' ? Buffer.from(chunk, encoding) : chunk
      writeStream(name, typeof bytes === 'string' ? bytes : decoder.write(Buffer.from(bytes)))
      const call = typeof encoding === 'function' ? encoding : done
      if (call !== undefined) process.nextTick(call)
      return true
    }
  }
}
