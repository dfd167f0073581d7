import { startSession } from '../session/session.js'
import { factLines, factsCode, greeting } from './banner.js'
import { HistoryFile, historyPath } from './historyFile.js'
import type { Backend } from './model.js'
import { bundledOpening, openingOf } from './openFiles.js'
import type { ReplRequest } from './options.js'
import { Repl } from './repl.js'

const label = 'slab> '
/** Lines of the terminal that a table leaves for its head, its foot and the prompt. */
const linesBesideTable = 8
const leastRows = 8
/** What an attached kernel's connection is given to close, in milliseconds. */
const closing = 300

/** The session at the terminal. The prompt is there before Ink, the compiler and the evidence are. */
export async function runInteractive(request: ReplRequest): Promise<number> {
  const history = new HistoryFile(historyPath())
  const repl = new Repl({ input: process.stdin, output: process.stdout, history, colour: request.colour, label })
  repl.start()
  repl.print(`${greeting(request.version)}\n`)
  if (history.trouble !== null) repl.print(`${history.trouble}\n`)
  const views = loadViews().then((loaded) => repl.setViews(loaded))
  const starting = open(request, repl)
  let failure: Error | undefined
  starting.catch((error: unknown) => {
    failure = error as Error
    repl.leave()
  })
  views.catch((error: unknown) => repl.print(`the plain prompt stays: ${(error as Error).message}\n`))
  await repl.ended
  await repl.closeBackend()
  // Node puts the terminal back when it exits, and aborts where there is none any more: it ends as programs do whose terminal is gone.
  if (repl.isTerminalGone) process.kill(process.pid, 'SIGHUP')
  if (failure !== undefined) throw failure
  // The package behind --attach may keep sockets open for a while; nobody waits for them.
  if (request.attach !== null) setTimeout(() => process.exit(0), closing).unref()
  return 0
}

/** Ink's React is made for production where nobody says otherwise; cells shall not see that. */
async function loadViews(): Promise<typeof import('./views/liveFrame.js')> {
  const before = process.env.NODE_ENV
  process.env.NODE_ENV ??= 'production'
  try {
    const views = await import('./views/liveFrame.js')
    return views
  } finally {
    if (before === undefined) delete process.env.NODE_ENV
  }
}

async function open(request: ReplRequest, repl: Repl): Promise<void> {
  if (request.attach !== null) {
    const { attach } = await import('./backend/attach.js')
    const backend = await attach(request.attach, repl)
    if (backend === null) return repl.leave()
    repl.setBackend(backend)
    repl.names = { dump: 'dump', snapshots: 'snapshots' }
    return
  }
  // What is no file is told at once, and leaves the terminal as it was.
  const opening = request.isBundled ? bundledOpening() : await openingOf(request.files)
  repl.files = opening.files
  const backend: Backend = {
    name: 'this session',
    ...await startSession({
      folder: process.cwd(), onOutput: repl.onOutput, onPrompt: repl.onPrompt, colour: request.colour, progress: true,
      columns: () => repl.tty.columns, rows: () => Math.max(leastRows, repl.tty.rows - linesBesideTable)
    })
  }
  await repl.openWith(backend, async () => {
    for (const cell of opening.cells) {
      const result = await repl.run(cell)
      if (result.status !== 'ok') return
    }
    repl.names = opening.names
    const { outputs, result } = await repl.capture(factsCode(opening))
    if (result.status === 'error') repl.printError(result.traceback)
    repl.print(`${factLines(outputs, opening).join('\n')}\n`)
  })
}
