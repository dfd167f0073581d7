import type { ShownValue } from '../model.js'
import type { CellCommand } from './cellParts.js'
import type { MagicContext } from './magic.js'

/** Runs one command of a cell. `rest` is the code that follows, for those that take it; `tookRest` says that one did. */
export async function runCommand(command: CellCommand, rest: string, context: MagicContext): Promise<{ readonly value: ShownValue | null, readonly tookRest: boolean }> {
  if (command.kind === 'shell') {
    await context.shell(command.command)
    return { value: null, tookRest: false }
  }
  if (command.kind === 'inspect') return { value: await context.inspect(command.name, command.detail), tookRest: false }
  const magic = context.magics.find(({ name }) => name === command.name)
  if (magic === undefined) throw new Error(`no magic named %${command.name}: there are ${context.magics.map(({ name }) => `%${name}`).join(', ')}`)
  const tookRest = magic.takesCell === true && command.args.trim() === ''
  const args = tookRest ? rest : command.args
  if (!command.isCode) return { value: (await magic.run(args, context)) ?? null, tookRest }
  const code = magic.code(args, context.folder)
  context.output({ kind: 'stream', name: 'stdout', text: `${code ?? `no TypeScript does the same as %${magic.name}`}\n` })
  return { value: null, tookRest }
}
