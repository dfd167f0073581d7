import { homedir } from 'node:os'
import path from 'node:path'

/** Where cells of notebooks are remembered, by the XDG rules. */
export function historyFile(environment: NodeJS.ProcessEnv): string {
  const state = environment.XDG_STATE_HOME
  return path.join(state !== undefined && path.isAbsolute(state) ? state : path.join(homedir(), '.local/state'), 'slablab', 'notebook-history.jsonl')
}
