import { Bytes } from './bytes.js'

export interface FlattenedOptions {
  /** Without the record that ends the file. */
  readonly unended?: boolean
  readonly type?: number
  readonly version?: number
}

/** A flattened file of records: offset in the file that is meant, and bytes. */
export function flattenedFile(records: readonly (readonly [number | bigint, Uint8Array])[], options: FlattenedOptions = {}): Uint8Array {
  const head = new Bytes(4096, false).text(0, 'makedumpfile').u64(16, options.type ?? 1).u64(24, options.version ?? 1).bytes
  const parts = [head]
  for (const [offset, bytes] of records) parts.push(new Bytes(16, false).u64(0, offset).u64(8, bytes.length).bytes, bytes)
  if (!options.unended) parts.push(new Bytes(16, false).u64(0, -1).u64(8, -1).bytes)
  return Buffer.concat(parts)
}
