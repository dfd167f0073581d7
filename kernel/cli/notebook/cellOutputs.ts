import type { Output } from '../../../lib/index.js'
import type { CellResult, DisplayOutput, SessionOutput } from '../../session/session.js'

/** One output, with the id under which it can be replaced. */
interface Held {
  output: Output
  readonly displayId: string | null
}

/** Gathers what a session sends into the outputs of its cells, as a notebook keeps them. */
export class CellOutputs {
  readonly #cells = new Map<string, Held[]>()
  #current: Held[] = []
  /** Whether the next output takes the place of all there is. */
  #clears = false

  /** What comes from now on belongs to this cell; also what comes late, from timers. */
  startCell(id: string): void {
    this.#current = []
    this.#clears = false
    this.#cells.set(id, this.#current)
  }

  add(output: SessionOutput): void {
    switch (output.kind) {
      case 'clear':
        if (output.wait) this.#clears = true
        else this.#current.length = 0
        return
      case 'display':
        this.#display(output)
        return
      case 'stream':
        this.#stream(output.name, output.text)
        return
      case 'notice':
        this.#stream('stderr', `${output.text}\n`)
    }
  }

  /** The cell's value or error. */
  finishCell(result: CellResult): void {
    if (result.status === 'error') {
      const { name, message, traceback } = result
      this.#push({ output_type: 'error', ename: name, evalue: message, traceback: [...traceback] })
    } else if (result.status === 'ok' && result.value !== null) {
      const { data, metadata } = result.value
      this.#push({ output_type: 'execute_result', data, metadata, execution_count: result.executionCount })
    }
  }

  of(id: string): Output[] {
    return (this.#cells.get(id) ?? []).map(({ output }) => output)
  }

  #display({ data, metadata, displayId, update }: DisplayOutput): void {
    const output: Output = { output_type: 'display_data', data, metadata }
    if (!update) {
      this.#push(output, displayId)
      return
    }
    for (const held of [...this.#cells.values()].flat()) if (displayId !== null && held.displayId === displayId) held.output = output
  }

  #stream(name: 'stdout' | 'stderr', text: string): void {
    const last = this.#current.at(-1)?.output
    if (last?.output_type === 'stream' && last.name === name && !this.#clears) this.#current[this.#current.length - 1].output = { ...last, text: last.text + text }
    else this.#push({ output_type: 'stream', name, text })
  }

  #push(output: Output, displayId: string | null = null): void {
    if (this.#clears) this.#current.length = 0
    this.#clears = false
    this.#current.push({ output, displayId })
  }
}
