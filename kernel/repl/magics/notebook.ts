import { writeFileSync } from 'node:fs'
import { codeCell, newNotebook, UsageError, writeNotebook, type Output } from '../../../lib/index.js'
import type { RunCell } from '../model.js'
import type { ReplMagic } from './magic.js'

export const notebook: ReplMagic = {
  name: 'notebook',
  usage: 'FILE.ipynb',
  summary: 'write this session as a notebook, with outputs, what failed left out: it runs again in Jupyter',
  example: '%notebook session.ipynb',
  code: () => null,
  async run(args, { repl, print }) {
    if (args === '') throw new UsageError('expected a file: %notebook session.ipynb')
    const cells = repl.cells.filter(({ result }) => result?.status === 'ok')
    const failed = repl.cells.length - cells.length
    writeFileSync(args, writeNotebook(newNotebook(cells.map((cell, i) => ({
      ...codeCell(`cell-${i + 1}`, cell.code), execution_count: countOf(cell), outputs: outputsOf(cell)
    })))))
    print(`${cells.length} cells with their outputs in ${args}${failed === 0 ? '' : `, ${failed} that failed left out`}; in Jupyter it runs with the kernel slablab (slablab kernel install)\n`)
  }
}

function countOf({ result }: RunCell): number | null {
  return result === null || result.status === 'aborted' ? null : result.executionCount
}

/** What the cell showed, as a notebook holds it: without colours, which are this terminal's. */
function outputsOf(cell: RunCell): Output[] {
  const outputs: Output[] = []
  for (const output of cell.outputs) {
    if (output.kind === 'clear') outputs.length = 0
    if (output.kind === 'stream') outputs.push({ output_type: 'stream', name: output.name, text: output.text })
    if (output.kind === 'notice') outputs.push({ output_type: 'stream', name: 'stderr', text: `${output.text}\n` })
    if (output.kind === 'display' && !output.update) outputs.push({ output_type: 'display_data', data: plain(output.data), metadata: output.metadata })
    if (output.kind === 'display' && output.update) {
      const last = outputs.findLastIndex(({ output_type }) => output_type === 'display_data')
      if (last >= 0) outputs[last] = { output_type: 'display_data', data: plain(output.data), metadata: output.metadata }
    }
  }
  const { result } = cell
  if (result?.status === 'ok' && result.value !== null) {
    outputs.push({ output_type: 'execute_result', data: plain(result.value.data), metadata: result.value.metadata, execution_count: result.executionCount })
  }
  return outputs
}

function plain(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const text = data['text/plain']
  return typeof text === 'string' ? { ...data, 'text/plain': text.replace(/\u001b\[[\d;]*m/g, '') } : data
}
