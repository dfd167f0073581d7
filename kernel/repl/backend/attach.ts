import { UsageError } from '../../../lib/index.js'
import type { Backend, BackendEvents } from '../model.js'
import { jupyterBackend } from './jupyterBackend.js'

export interface AttachOptions {
  readonly url: string
  readonly token: string | null
  readonly session: string | null
}

/** Who joins: it is told of what happens, and where to choose. */
export interface Attacher extends BackendEvents { print(text: string): void }

interface Choice { readonly kernel: string, readonly id: string, readonly name: string, readonly language: string, readonly state: string }

/** Joins a kernel behind a Jupyter server: the one that is asked for, the only one, or the one the person chooses; null where he chooses none. */
export async function attach({ url, token, session }: AttachOptions, repl: Attacher): Promise<Backend | null> {
  silenceConsole()
  const services = await import('@jupyterlab/services')
  const settings = services.ServerConnection.makeSettings(serverOf(url, token))
  const [sessions, kernels] = await asked(url, () => Promise.all([services.SessionAPI.listRunning(settings), services.KernelAPI.listRunning(settings)]))
  const named = sessions.filter(({ kernel }) => kernel !== null).map((each): Choice => ({
    kernel: each.kernel!.id, id: each.id, name: each.path, language: each.kernel!.name, state: each.kernel!.execution_state ?? ''
  }))
  const others = kernels.filter(({ id }) => !named.some(({ kernel }) => kernel === id)).map((each): Choice => ({
    kernel: each.id, id: each.id, name: '(no notebook)', language: each.name, state: each.execution_state ?? ''
  }))
  const choices = [...named, ...others]
  const chosen = session === null ? await choose(choices, url, repl) : choices.find(({ id, kernel, name }) => name === session || name.endsWith(`/${session}`) || id.startsWith(session) || kernel.startsWith(session))
  if (chosen === undefined) throw new UsageError(`no session ${session} at ${url}: there ${choices.length === 1 ? 'is' : 'are'} ${choices.map(({ name }) => name).join(', ') || 'none'}`)
  if (chosen === null) return null
  const manager = new services.KernelManager({ serverSettings: settings })
  await manager.ready
  const kernel = manager.connectTo({ model: { id: chosen.kernel, name: chosen.language } })
  repl.print(`${chosen.name}: kernel ${chosen.language}, variables are shared with whoever else uses it\n`)
  return jupyterBackend(kernel, () => manager.dispose(), chosen.name, repl)
}

async function choose(choices: readonly Choice[], url: string, repl: Attacher): Promise<Choice | null> {
  if (choices.length === 0) throw new UsageError(`no kernel runs at ${url}: open a notebook there first`)
  if (choices.length === 1) return choices[0]
  repl.print(choices.map(({ name, language, state }, i) => `  ${i + 1}  ${name}  ${language}  ${state}\n`).join(''))
  for (;;) {
    let answer: string
    try {
      answer = await repl.onPrompt(`Which one, 1 to ${choices.length}? `, { password: false })
    } catch {
      return null
    }
    const chosen = choices[Number(answer) - 1]
    if (chosen !== undefined) return chosen
  }
}

/** What a browser's address bar shows of a server is enough: its token may stand in it. */
function serverOf(text: string, token: string | null): { baseUrl: string, wsUrl: string, token: string, appendToken: boolean } {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new UsageError(`expected --attach to be the URL of a Jupyter server, got ${text}`)
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new UsageError(`expected --attach to be the URL of a Jupyter server, got ${text}`)
  const given = token ?? url.searchParams.get('token') ?? process.env.JUPYTER_TOKEN ?? ''
  const folder = url.pathname.replace(/\/(?:lab|tree|notebooks|edit|doc)(?:\/.*)?$/, '/').replace(/\/?$/, '/')
  const baseUrl = `${url.origin}${folder}`
  return { baseUrl, wsUrl: baseUrl.replace(/^http/, 'ws'), token: given, appendToken: true }
}

async function asked<T>(url: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    const { response } = error as { response?: { status: number } }
    if (response?.status === 401 || response?.status === 403) throw new UsageError(`${url} wants another token: --token TOKEN (jupyter server list shows it)`, { cause: error })
    const cause = (error as Error).cause as Error | undefined
    throw new UsageError(`no Jupyter server answers at ${url}: ${cause?.message ?? (error as Error).message}`, { cause: error })
  }
}

/** The package tells of its connections on the console, which is the screen. */
function silenceConsole(): void {
  for (const name of ['debug', 'info', 'log', 'warn', 'error'] as const) console[name] = () => {}
}
