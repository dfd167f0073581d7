import { randomUUID } from 'node:crypto'

type Broadcast = (type: 'display_data' | 'update_display_data', content: object) => void

/** Shows how far long work is in one place, which at the end tells how long it took. */
export class ProgressDisplay {
  #id: string | undefined
  #started = 0
  #last = ''

  show(text: string, broadcast: Broadcast): void {
    const isNew = this.#id === undefined
    if (isNew) this.#started = performance.now()
    this.#id ??= randomUUID()
    this.#last = text
    broadcast(isNew ? 'display_data' : 'update_display_data', this.#content(text))
  }

  /** At the end of a cell. */
  finish(broadcast: Broadcast): void {
    if (this.#id === undefined) return
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1)
    broadcast('update_display_data', this.#content(`${this.#last.replace(/:[^:]*$/, '')}: ended after ${seconds} s`))
    this.#id = undefined
  }

  #content(text: string): object {
    return { data: { 'text/plain': text }, metadata: {}, transient: { display_id: this.#id } }
  }
}
