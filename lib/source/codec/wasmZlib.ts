import { builtFile } from '../builtFile.js'
import { openFile } from '../file.js'
import type { Decode } from './codec.js'
import { MOST_BYTES } from './scratch.js'

/** What is needed of WebAssembly, whose types come with those of browsers. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}

/** What assembly/inflate.ts exports. */
interface InflateModule {
  readonly memory: { readonly buffer: ArrayBuffer }
  inputAddress(): number
  outputAddress(): number
  zlib(packedBytes: number, targetBytes: number): number
}

/** Larger than any module that the build makes of it. */
const MOST_MODULE_BYTES = 1 << 20

/** Decompresses zlib streams by WebAssembly, more than twice as fast as JavaScript; undefined where the build did not make the module. */
export function wasmZlib(): Decode | undefined {
  const path = builtFile('lib/source/codec/inflate.wasm')
  if (path === undefined) return undefined
  const file = openFile(path)
  const code = file.read(0, MOST_MODULE_BYTES)
  file.close()
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code))
  const { memory, inputAddress, outputAddress, zlib } = instance.exports as InflateModule
  const bytes = new Uint8Array(memory.buffer)
  const input = inputAddress()
  const outputStart = outputAddress()
  let output = bytes.subarray(outputStart, outputStart)
  return (packed, target) => {
    if (packed.length > MOST_BYTES || target.length > MOST_BYTES) return false
    bytes.set(packed, input)
    if (zlib(packed.length, target.length) === 0) return false
    if (output.length !== target.length) output = bytes.subarray(outputStart, outputStart + target.length)
    target.set(output)
    return true
  }
}
