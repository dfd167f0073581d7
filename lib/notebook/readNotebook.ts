import { FormatError } from '../errors.js'
import type { Cell, CodeCell, Metadata, Notebook, Output, OutputData, TextCell } from './notebook.js'

type Fields = Record<string, unknown>

/** Major version of the format; a higher minor version only adds. */
const major = 4
/** As nbformat has it since 4.5. */
const idPattern = /^[\w-]{1,64}$/
/** What Jupyter's own reader drops: signs of former readers. */
const transient = new Set(['orig_nbformat', 'orig_nbformat_minor', 'signature', 'trusted'])

/**
 * Reads a notebook of nbformat 4. Cells of versions before 4.5, which have no ids, get `cell-1`, `cell-2` …
 *
 * @param name what errors call the file
 * @throws FormatError that names the cell and what is wrong with it
 *
 * @example readNotebook('{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[]}').cells.length // 0
 */
export function readNotebook(text: string, name = 'notebook'): Notebook {
  const fail = failing(name)
  let parsed: unknown
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new FormatError('no notebook', { source: name, found: (error as Error).message, expected: 'JSON', cause: error })
  }
  if (!isFields(parsed)) return fail('no notebook', kindOf(parsed), 'an object with cells')
  const { nbformat, metadata = {}, cells } = parsed
  if (nbformat !== major) return fail('not a notebook that can be read', `nbformat ${show(nbformat)}`, `nbformat ${major}: jupyter nbconvert --to notebook converts older ones`)
  if (!Array.isArray(cells)) return fail('a notebook without cells', kindOf(cells), 'a list of cells')
  if (!isFields(metadata)) return fail('metadata of the notebook', kindOf(metadata), 'an object')
  const given = new Set<string>()
  return {
    metadata: settled(metadata),
    cells: cells.map((cell, i) => readCell(cell, `cell ${i + 1}`, given, fail))
  }
}

type Fail = (fact: string, found: string, expected: string) => never

function failing(source: string): Fail {
  return (fact, found, expected) => {
    throw new FormatError(fact, { source, found, expected })
  }
}

function readCell(cell: unknown, place: string, given: Set<string>, fail: Fail): Cell {
  if (!isFields(cell)) return fail(place, kindOf(cell), 'an object')
  const { cell_type: type, metadata = {}, attachments } = cell
  if (type !== 'code' && type !== 'markdown' && type !== 'raw') return fail(`${place}: cell_type`, show(type), 'code, markdown or raw')
  if (!isFields(metadata)) return fail(`${place}: metadata`, kindOf(metadata), 'an object')
  const id = readId(cell.id, place, given, fail)
  const source = lines(cell.source ?? '', `${place}: source`, fail)
  if (type === 'code') {
    const { outputs = [], execution_count: count = null } = cell
    if (!Array.isArray(outputs)) return fail(`${place}: outputs`, kindOf(outputs), 'a list')
    if (count !== null && typeof count !== 'number') return fail(`${place}: execution_count`, show(count), 'a number or null')
    const read: CodeCell = {
      cell_type: type, id, metadata: settled(metadata), source, execution_count: count,
      outputs: outputs.map((output, i) => readOutput(output, `${place}, output ${i + 1}`, fail))
    }
    return read
  }
  if (attachments !== undefined && !isFields(attachments)) return fail(`${place}: attachments`, kindOf(attachments), 'an object')
  const read: TextCell = { cell_type: type, id, metadata: settled(metadata), source }
  if (attachments === undefined) return read
  return { ...read, attachments: Object.fromEntries(Object.entries(attachments).map(([file, data]) => [file, bundle(data, `${place}: attachment ${file}`, fail)])) }
}

function readId(id: unknown, place: string, given: Set<string>, fail: Fail): string {
  if (id !== undefined && (typeof id !== 'string' || !idPattern.test(id))) return fail(`${place}: id`, show(id), '1 to 64 letters, digits, - and _')
  const free = (name: string): string => given.has(name) ? free(`${name}-again`) : name
  const own = id ?? free(place.replace(' ', '-'))
  if (given.has(own)) return fail(`${place}: id`, `${own}, which an earlier cell has`, 'an id of its own')
  given.add(own)
  return own
}

function readOutput(output: unknown, place: string, fail: Fail): Output {
  if (!isFields(output)) return fail(place, kindOf(output), 'an object')
  const { output_type: type, metadata = {} } = output
  switch (type) {
    case 'stream': {
      const { name } = output
      if (name !== 'stdout' && name !== 'stderr') return fail(`${place}: name`, show(name), 'stdout or stderr')
      return { output_type: type, name, text: lines(output.text, `${place}: text`, fail) }
    }
    case 'display_data':
    case 'execute_result': {
      if (!isFields(metadata)) return fail(`${place}: metadata`, kindOf(metadata), 'an object')
      const data = bundle(output.data, `${place}: data`, fail)
      if (type === 'display_data') return { output_type: type, data, metadata }
      const { execution_count: count = null } = output
      if (count !== null && typeof count !== 'number') return fail(`${place}: execution_count`, show(count), 'a number or null')
      return { output_type: type, data, metadata, execution_count: count }
    }
    case 'error': {
      const { ename, evalue, traceback = [] } = output
      if (typeof ename !== 'string' || typeof evalue !== 'string') return fail(`${place}: ename and evalue`, `${show(ename)} and ${show(evalue)}`, 'two texts')
      if (!Array.isArray(traceback) || !traceback.every((line) => typeof line === 'string')) return fail(`${place}: traceback`, kindOf(traceback), 'a list of texts')
      return { output_type: type, ename, evalue, traceback }
    }
    default:
      return fail(`${place}: output_type`, show(type), 'stream, display_data, execute_result or error')
  }
}

/** A text, or its lines. */
function lines(value: unknown, place: string, fail: Fail): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((line) => typeof line === 'string')) return value.join('')
  return fail(place, kindOf(value), 'a text or a list of lines')
}

function bundle(value: unknown, place: string, fail: Fail): OutputData {
  if (!isFields(value)) return fail(place, kindOf(value), 'an object with a key for each MIME type')
  return Object.fromEntries(Object.entries(value).map(([mimeType, data]) => {
    const joined: unknown = !isJson(mimeType) && Array.isArray(data) && data.every((line) => typeof line === 'string') ? data.join('') : data
    return [mimeType, joined]
  }))
}

/** Whether data of a MIME type are JSON, and so are not to be joined. */
export function isJson(mimeType: string): boolean {
  return mimeType === 'application/json' || (mimeType.startsWith('application/') && mimeType.endsWith('+json'))
}

function settled(metadata: Fields): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !transient.has(key)))
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What a value is, without its content. */
function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : typeof value === 'object' ? kindOf(value) : JSON.stringify(value)
}
