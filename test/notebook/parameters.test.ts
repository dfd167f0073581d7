import { expect, test, describe } from 'vitest'
import { codeCell, markdownCell, newNotebook, tagsOf } from '../../lib/notebook/notebook.js'
import { parameterNames, parseParameter, withParameters } from '../../lib/notebook/parameters.js'

const notebook = newNotebook([
  markdownCell('title', '# Title'),
  codeCell('given', '// what to look at\nlet files: string[] = [\'a\']\nconst most = 5, least = 1\nif (most > 3) {\n  let inner = 1\n}\nvar größe = 1', ['parameters']),
  codeCell('next', 'files.length')
])

describe('parameters', () => {
  test('are what the parameters cell declares by itself', () => {
    expect(parameterNames(notebook)).toEqual(['files', 'most', 'größe'])
    expect(parameterNames(newNotebook([]))).toEqual([])
  })

  test('stand in a cell of their own after the defaults, and replace former ones', () => {
    const once = withParameters(notebook, { files: ['b', 'c'], most: null })
    expect(once.cells.map(({ id }) => id)).toEqual(['title', 'given', 'injected-parameters', 'next'])
    expect(once.cells[2].source).toBe('let files = ["b","c"]\nlet most = null')
    expect(tagsOf(once.cells[2])).toEqual(['injected-parameters'])
    expect(withParameters(once, { most: 2 }).cells[2].source).toBe('let most = 2')
    expect(withParameters(once, {})).toEqual(notebook)
  })

  test('keep clear of an id that is taken', () => {
    const taken = { ...notebook, cells: [...notebook.cells, markdownCell('injected-parameters', '')] }
    expect(withParameters(taken, { most: 1 }).cells[2].id).toBe('injected-parameters-2')
  })

  test('that the notebook does not have are refused', () => {
    expect(() => withParameters(notebook, { inner: 1 })).toThrow('inner is no parameter of the notebook; there are files, most, größe')
    expect(() => withParameters(newNotebook([]), { most: 1 })).toThrow('the notebook has no parameters: no code cell with the tag parameters declares most')
  })

  test.each([
    ['most=5', ['most', 5]], ['files=["a=b"]', ['files', ['a=b']]], ['cache=kmalloc-128', ['cache', 'kmalloc-128']],
    ['text="5"', ['text', '5']], ['empty=', ['empty', '']], ['on=true', ['on', true]]
  ])('%s', (text, expected) => expect(parseParameter(text)).toEqual(expected))

  test.each(['most', '=5'])('%s is none', (text) => {
    expect(() => parseParameter(text)).toThrow(`expected a parameter as name=value, got ${text}`)
  })
})
