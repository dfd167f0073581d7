import { FaultError } from '../errors.js'
import { readCString } from '../memory/memory.js'
import { ALLOCATED } from '../slab/model.js'
import { StructReader } from '../slab/structReader.js'
import type { System } from '../system/system.js'

const LONGEST_NAME = 256
/** Folders within folders of /proc. */
const DEEPEST = 16

/**
 * The files of /proc that a table of file functions serves, by the entries that name it (struct proc_dir_entry, fs/proc/internal.h).
 *
 * @example procPaths(system, 0xffffffffc043f360n) // ['/proc/testmod_content']
 */
export function procPaths(system: System, table: bigint): string[] {
  const { kernel } = system
  if (kernel === undefined) return []
  const entry = new StructReader(kernel.memory, kernel.types, 'proc_dir_entry')
  // `proc_ops` since Linux commit d56c0d45f0e2 ("proc: decouple proc from VFS with "struct proc_ops"") in v5.6.
  const member = entry.spelled('proc_ops', 'proc_fops')
  const cache = system.caches().find(({ name, aliases }) => name === 'proc_dir_entry' || aliases.includes('proc_dir_entry'))
  if (member === undefined || cache === undefined) return []
  const objects = system.objects([cache.name])
  const found: string[] = []
  for (let i = 0; i < objects.length; i++) {
    if (objects.state[i] !== ALLOCATED) continue
    try {
      if (entry.pointer(objects.address[i], member) === table) found.push(pathOf(entry, objects.address[i]))
    } catch (error) {
      // An entry that the dump lacks names nothing.
      if (!(error instanceof FaultError)) throw error
    }
  }
  return found.sort()
}

/** The root is its own parent, or has none. */
function pathOf(entry: StructReader, address: bigint): string {
  const parts: string[] = []
  for (let at = address, depth = 0; depth < DEEPEST; depth++) {
    const parent = entry.pointer(at, 'parent')
    if (parent === at || parent === 0n) break
    parts.unshift(readCString(entry.memory, entry.pointer(at, 'name'), LONGEST_NAME))
    at = parent
  }
  return `/proc/${parts.join('/')}`
}
