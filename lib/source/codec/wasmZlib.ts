import { wasmModule } from '../wasmModule.js'
import type { Decode } from './codec.js'
import { MOST_BYTES } from './scratch.js'

/** What assembly/inflate.ts exports. */
interface InflateModule {
  readonly memory: { readonly buffer: ArrayBuffer }
  inputAddress(): number
  outputAddress(): number
  zlib(packedBytes: number, targetBytes: number): number
}

/** Decompresses zlib streams by WebAssembly, more than twice as fast as JavaScript; undefined where the build did not make the module. */
export function wasmZlib(): Decode | undefined {
  const module = wasmModule('lib/source/codec/inflate.wasm') as InflateModule | undefined
  if (module === undefined) return undefined
  const bytes = new Uint8Array(module.memory.buffer)
  const input = module.inputAddress()
  const outputStart = module.outputAddress()
  let output = bytes.subarray(outputStart, outputStart)
  return (packed, target) => {
    if (packed.length > MOST_BYTES || target.length > MOST_BYTES) return false
    bytes.set(packed, input)
    if (module.zlib(packed.length, target.length) === 0) return false
    if (output.length !== target.length) output = bytes.subarray(outputStart, outputStart + target.length)
    target.set(output)
    return true
  }
}
