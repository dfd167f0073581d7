import { UsageError } from '../../../lib/index.js'
import type { Command } from '../command.js'
import { parseFormat } from '../output.js'
import { version } from '../version.js'

export const repl: Command = {
  name: 'repl',
  usage: '[FILE…] [-e CODE | --attach URL]',
  summary: 'an interactive session in TypeScript, with the files opened',
  text: `Dumps are opened as dump, snapshots as snapshots, crash sessions as session; without a FILE, the case that comes with slablab is.
At the prompt %help lists what there is, and %tour leads through an investigation.
Without a terminal, with -e or --no-tty, the value of each expression goes to stdout in the chosen --format; an error ends it with exit code 1.`,
  example: 'slablab repl vmcore slabinfo/*\nslablab repl vmcore -e \'dump.caches()\' --format csv\nslablab repl --attach http://localhost:8888 --token …',
  options: {
    eval: { type: 'string', multiple: true, short: 'e', value: 'CODE', text: 'run this and end; several run one after the other' },
    'no-tty': { type: 'boolean', text: 'read a script from standard input even at a terminal' },
    attach: { type: 'string', value: 'URL', text: 'join a kernel that runs behind a Jupyter server' },
    token: { type: 'string', value: 'TOKEN', text: 'of that server (default: what its URL says, or JUPYTER_TOKEN)' },
    session: { type: 'string', value: 'NAME', text: 'which of its sessions: a notebook\'s path, or the start of an id (default: asked)' }
  },
  async run({ positionals, options }, terminal) {
    if (options.output !== undefined) throw new UsageError('repl writes to the terminal: > FILE takes its output')
    const code = (options.eval as string[] | undefined) ?? []
    const url = options.attach as string | undefined
    const isInteractive = code.length === 0 && options['no-tty'] !== true && terminal.outIsTerminal && process.stdin.isTTY === true
    const { startRepl } = await import('../../repl/startRepl.js')
    return startRepl({
      files: positionals, code, format: parseFormat(options.format as string | undefined), isInteractive, isBundled: positionals.length === 0 && isInteractive,
      attach: url === undefined ? null : { url, token: (options.token as string | undefined) ?? null, session: (options.session as string | undefined) ?? null },
      version, colour: terminal.colour
    })
  }
}
