import { send } from './channel.js'
import { flushOutput } from './output.js'
import { runningSignal } from './running.js'

interface Question { resolve(text: string): void, reject(error: Error): void }

const questions = new Map<number, Question>()
let asked = 0

/** Asks the front end, after all that was shown before. */
export function ask(question: string, password: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    questions.set(++asked, { resolve, reject })
    const id = asked
    runningSignal().addEventListener('abort', () => questions.delete(id))
    flushOutput()
    send({ kind: 'prompt', id, question, password })
  })
}

/** Gives the answer to a question, or says why there is none. */
export function answerPrompt(id: number, text: string | null, error: string): void {
  const question = questions.get(id)
  questions.delete(id)
  if (text === null) question?.reject(new Error(error))
  else question?.resolve(text)
}
