import { fileKinds } from '../../lib/index.js'

const snapshotKinds = new Set(['slabinfo', 'slabtop', 'oom-report', 'meminfo', 'free', 'tar'])
const dumpKinds = new Set(['kdump-compressed', 'kdump-flattened', 'diskdump', 'elf-core', 'crash-session'])

/**
 * Whether files hold snapshots of caches, and no dump or crash session.
 *
 * @param otherwise what is answered for files of neither kind: whose message they shall get
 */
export async function areSnapshots(files: readonly string[], otherwise = false): Promise<boolean> {
  let kinds: string[]
  try {
    kinds = (await fileKinds(files)).array('kind') as string[]
  } catch {
    // A glob, or a file that is not there.
    return otherwise
  }
  if (kinds.some((kind) => dumpKinds.has(kind))) return false
  return kinds.some((kind) => snapshotKinds.has(kind)) || otherwise
}
