import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { startSession, type Session, type SessionOutput } from '../../kernel/session/session.js'

export interface TestSession {
  /** Far from this repository: what a notebook needs must be found wherever it lies. */
  readonly folder: string
  readonly session: Session
  /** What the cells of one test showed. */
  readonly outputs: readonly SessionOutput[]
  /** The text of a cell's last value. */
  value(code: string): Promise<unknown>
  /** The text that the cells of one test printed, notices too. */
  printed(): string
}

/** One session for all tests of a file, which ends with them. */
export function testSession(name: string): TestSession {
  const folder = mkdtempSync(path.join(tmpdir(), `slablab-${name}-`))
  let session: Session
  let outputs: SessionOutput[] = []
  beforeAll(async () => {
    session = await startSession({ folder, onOutput: (output) => outputs.push(output) })
  })
  afterEach(() => { outputs = [] })
  afterAll(async () => {
    await session.close()
    rmSync(folder, { recursive: true })
  })
  return {
    folder,
    get session() { return session },
    get outputs() { return outputs },
    async value(code) {
      const result = await session.execute(code)
      if (result.status !== 'ok') throw new Error(JSON.stringify(result))
      return result.value?.data['text/plain']
    },
    printed: () => outputs.map((output) => 'text' in output ? output.text : '').join('')
  }
}
