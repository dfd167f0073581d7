import { parentPort, workerData } from 'node:worker_threads'
import { openFile } from '../../source/file.js'
import { Warnings } from '../../warnings.js'
import { openKdump } from './openKdump.js'
import { helpPass, type SharedPass } from './pagePass.js'
import { fillFromEnd, type SharedPages } from './wholePages.js'

/** What a helping thread is given. */
export interface HelperTask {
  /** The dump, or its parts: plain files. */
  readonly files: readonly string[]
  /** All pages are wanted, and kept. */
  readonly pages?: SharedPages
  /** Somebody goes through these pages once. */
  readonly pass?: SharedPass
}

// The thread that owns the pages reads whatever is not filled, and says what is wrong with it: nothing is reported here.
if (parentPort !== null) {
  const { files, pages, pass } = workerData as HelperTask
  const opened = files.map((file) => openFile(file))
  try {
    const store = openKdump(opened, new Warnings()).store((pages ?? pass)!.pageBytes)
    const read = (number: number, target: Uint8Array): unknown => store.read(number, target)
    if (pages !== undefined) fillFromEnd(pages, read)
    if (pass !== undefined) helpPass(pass, read)
  } finally {
    for (const file of opened) file.close()
  }
}
