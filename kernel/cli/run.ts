import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { didYouMean, SlablabError, UsageError, Warnings } from '../../lib/index.js'
import type { Arguments, Command, OptionDescription, Terminal } from './command.js'
import { commands } from './commands/index.js'
import { showWarnings } from './evidence.js'

/** Options that every command has. */
const common: Record<string, OptionDescription> = {
  format: { type: 'string', value: 'table|csv|json|ndjson', text: 'how results are written (default: table)' },
  output: { type: 'string', short: 'o', value: 'FILE', text: 'write the result to FILE, whole or not at all' },
  help: { type: 'boolean', short: 'h', text: 'show this help' }
}

/** Runs one command line and returns its exit code: 0 done, 1 failed, 2 wrong usage. */
export async function run(argv: string[], terminal: Terminal): Promise<number> {
  const warnings = new Warnings()
  try {
    const [name, ...rest] = argv
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      const topic = rest[0] === undefined ? undefined : find(rest[0])
      terminal.out(topic ? commandHelp(topic) : overview())
      return name === undefined ? 2 : 0
    }
    if (name === '--version') {
      terminal.out(`${(await import('./version.js')).version}\n`)
      return 0
    }
    const command = find(name)
    const args = { ...parse(command, rest), warnings }
    if (args.options.help) {
      terminal.out(commandHelp(command))
      return 0
    }
    return (await command.run(args, terminal)) ?? 0
  } catch (error) {
    showWarnings(terminal, warnings)
    terminal.err(`slablab: ${describe(error)}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

function find(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name)
  if (command === undefined && existsSync(name)) throw new UsageError(`${name} is a file, and no command: slablab report ${name} says what leaked, slablab repl ${name} opens it`)
  if (command === undefined) throw new UsageError(`no command named ${name}; slablab --help lists them${didYouMean(name, commands.map((command) => command.name))}`)
  return command
}

function parse(command: Command, argv: string[]): Omit<Arguments, 'warnings'> {
  const options = { ...common, ...command.options }
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: Object.fromEntries(Object.entries(options).map(([key, { type, multiple, short }]) =>
        [key, { type, multiple: multiple ?? false, ...(short ? { short } : {}) }]))
    })
    return { positionals, options: values as Arguments['options'] }
  } catch (error) {
    // Node goes on to explain how to pass what begins with a dash.
    const [, unknown] = /^Unknown option '--([^']+)'/.exec((error as Error).message) ?? []
    const [said, meant] = unknown === undefined ? [(error as Error).message, ''] : [`no option --${unknown}`, didYouMean(`--${unknown}`, Object.keys(options).map((key) => `--${key}`))]
    throw new UsageError(`${said}; slablab ${command.name} --help shows what fits${meant}`)
  }
}

/** What a person reads of an error: our own errors say it all, a system error is named with its path, anything else shows its stack. */
function describe(error: unknown): string {
  if (error instanceof SlablabError) return error.message
  if (error instanceof Error && 'code' in error && 'path' in error) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return `slablab: which code leaked this kernel slab memory, and how do we know?

  slablab COMMAND FILE… [ARGUMENTS] [--options]

${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

slablab COMMAND --help tells more, with an example.
`
}

function commandHelp(command: Command): string {
  const options = Object.entries({ ...command.options, ...common })
  const heads = options.map(([name, { short, value }]) => `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`)
  const width = Math.max(...heads.map((head) => head.length))
  return `slablab ${command.name} ${command.usage}

${command.summary}
${command.text ? `\n${command.text.trim()}\n` : ''}
Options:
${options.map(([, { text }], i) => `  ${heads[i].padEnd(width)}  ${text}`).join('\n')}

Example:
${command.example.trim().replace(/^/gm, '  ')}
`
}
