import { builtFile } from './builtFile.js'
import { openFile } from './file.js'

/** What is needed of WebAssembly, whose types come with those of browsers. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}

/** Larger than any module that the build makes of `assembly/`. */
const MOST_MODULE_BYTES = 1 << 20

/**
 * A new instance of a WebAssembly module that the build made, by its path below `dist`; undefined where it did not make it. Everything
 * that such a module does is done by JavaScript otherwise, slower.
 *
 * @example wasmModule('lib/source/codec/inflate.wasm') as InflateModule | undefined
 */
export function wasmModule(path: string): object | undefined {
  const built = builtFile(path)
  if (built === undefined) return undefined
  const file = openFile(built)
  const code = file.read(0, MOST_MODULE_BYTES)
  file.close()
  return new WebAssembly.Instance(new WebAssembly.Module(code)).exports
}
