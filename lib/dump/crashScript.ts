import { UsageError } from '../errors.js'
import { objectStates, type ObjectState } from '../slab/model.js'
import type { Dump } from './dump.js'

export interface CrashScriptOptions {
  readonly cache: string
  /** So many objects, evenly chosen over all; every object where undefined. */
  readonly sample?: number
  /** Only objects in this state. */
  readonly state?: ObjectState
}

/** Of a cache whose object size is not known. */
const defaultBytes = 128

/**
 * Input for crash that reads the objects of a cache, so that the next session holds what lies in them: one `rd` each, over the whole slot,
 * behind what tells the machine (`sys`, `mod`, `kmem -s`). Give it to crash with `-i`, and its output to slablab.
 *
 * @throws UsageError for a cache that the evidence does not show, or a sample that is no count
 * @example crashScript(dump, { cache: 'kmalloc-128', sample: 200 }).next().value // 'set scroll off\n'
 */
export function* crashScript(dump: Dump, { cache, sample, state }: CrashScriptOptions): Generator<string> {
  if (sample !== undefined && (!Number.isInteger(sample) || sample < 1)) throw new UsageError(`expected a sample of 1 object or more, got ${sample}`)
  const objects = dump.system.objects([cache])
  const wanted = state === undefined ? undefined : objectStates.indexOf(state)
  const rows = Uint32Array.from({ length: objects.length }, (_, row) => row).filter((row) => wanted === undefined || objects.state[row] === wanted)
  const { pointerBytes } = dump.system.memory
  const count = Math.min(sample ?? rows.length, rows.length)
  yield 'set scroll off\n'
  yield 'sys\n'
  yield 'mod\n'
  yield `kmem -s ${cache}\n`
  for (let i = 0; i < count; i++) {
    const row = rows[Math.floor((i + 0.5) * rows.length / count)]
    const { slotBytes, objectBytes } = objects.caches[objects.cache[row]]
    const words = Math.ceil((slotBytes ?? objectBytes ?? defaultBytes) / pointerBytes)
    yield `rd ${objects.address[row].toString(16)} ${words}\n`
  }
}
