import { FaultError } from '../errors.js'
import type { Memory } from '../memory/memory.js'
import { StructReader } from '../slab/structReader.js'
import type { TypeTable } from '../type/typeTable.js'
import { hex } from '../util/hex.js'
import type { Warnings } from '../warnings.js'

/** Low bits of an entry (include/linux/xarray.h): 10 an internal entry, and 1 at bit 0 a value, not a pointer. */
const TAG_BITS = 3n
const INTERNAL = 2n
/** Internal entries up to here are marks such as retry and zero, no nodes. */
const LAST_MARK = 4096n
const DEEPEST = 16

/**
 * The pointers in a `struct xarray` (an IDR's `idr_rt` is one), in index order. Bounded: at most `limit` entries, and no node twice.
 */
export function* eachXarrayEntry(memory: Memory, types: TypeTable, xarray: bigint, limit: number, warnings: Warnings): Generator<bigint> {
  const head = new StructReader(memory, types, 'xarray')
  const node = new StructReader(memory, types, 'xa_node')
  const place = types.member('xa_node', 'slots')
  if (!head.has('xa_head') || place?.bytes == null) return
  const slots = place.bytes / memory.pointerBytes
  const seen = new Set<bigint>()
  let left = limit

  function* walk(entry: bigint, depth: number): Generator<bigint> {
    if (entry === 0n || left <= 0) return
    if ((entry & TAG_BITS) === INTERNAL && entry > LAST_MARK) {
      const at = entry - INTERNAL
      if (depth > DEEPEST || seen.has(at)) {
        warnings.add(`xarray ${hex(xarray)}: node ${hex(at)} comes twice`)
        return
      }
      seen.add(at)
      for (let i = 0; i < slots; i++) {
        let slot: bigint
        try {
          slot = node.pointer(at, `slots[${i}]`)
        } catch (error) {
          if (!(error instanceof FaultError)) throw error
          warnings.add(`xarray ${hex(xarray)}: ${error.message}`)
          return
        }
        yield* walk(slot, depth + 1)
      }
    } else if ((entry & TAG_BITS) === 0n) {
      left--
      yield entry
    }
  }
  yield* walk(head.pointer(xarray, 'xa_head'), 0)
}
