import type { Message } from './wire.js'

interface Waiting { readonly client: string, resolve(text: string): void, reject(error: Error): void }

const identityOf = (message: Message): string => message.identities.map((frame) => frame.toString('hex')).join('.')

/** Questions of cells to the client that runs them. */
export class InputRequests {
  readonly #send: (request: Message, content: object) => void
  #waiting: Waiting[] = []

  constructor(send: (request: Message, content: object) => void) {
    this.#send = send
  }

  ask(request: Message | null, question: string, password: boolean): Promise<string> {
    if (request === null || request.content.allow_stdin === false) return Promise.reject(new Error('prompt() has nobody to ask: this front end takes no input'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ client: identityOf(request), resolve, reject })
      this.#send(request, { prompt: question, password })
    })
  }

  /** The answer to a client's oldest question. */
  take(message: Message): void {
    if (message.header.msg_type !== 'input_reply') return
    const found = this.#waiting.findIndex(({ client }) => client === identityOf(message))
    if (found < 0) return
    const [{ resolve, reject }] = this.#waiting.splice(found, 1)
    const { status, value, evalue } = message.content
    if (status === 'error') reject(new Error(typeof evalue === 'string' ? evalue : 'the front end could not ask'))
    else resolve(typeof value === 'string' ? value : '')
  }

  /** A cell that ended asks no more. */
  forget(): void {
    this.#waiting = []
  }
}
