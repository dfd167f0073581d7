import { parentPort, workerData } from 'node:worker_threads'
import { openFile } from '../../source/file.js'
import { Warnings } from '../../warnings.js'
import { openKdump } from './openKdump.js'
import { fillFromEnd, type SharedPages } from './wholePages.js'

/** What a helping thread is given. */
export interface HelperTask {
  /** The dump, or its parts: plain files. */
  readonly files: readonly string[]
  readonly pages: SharedPages
}

// The thread that owns the pages reads whatever is not filled, and says what is wrong with it: nothing is reported here.
if (parentPort !== null) {
  const { files, pages } = workerData as HelperTask
  const opened = files.map((file) => openFile(file))
  try {
    const store = openKdump(opened, new Warnings()).store(pages.pageBytes)
    fillFromEnd(pages, (number, target) => store.read(number, target))
  } finally {
    for (const file of opened) file.close()
  }
}
