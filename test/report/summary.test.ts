import { describe, expect, test } from 'vitest'
import type { Finding } from '../../lib/analysis/finding.js'
import type { LeakEvidence } from '../../lib/analysis/leakEvidence.js'
import { summarize } from '../../lib/report/summary.js'

const nothing: LeakEvidence = { machines: [], growth: [], differences: [] }

const lost = (cache: string, more: Partial<Finding> = {}): Finding => ({
  verdict: 'leak', confidence: 'certain', cache, type: null, objects: 200, bytes: 6400, retainedBytes: 6400, unreachable: 200, module: null, symbols: [],
  rule: '', hypothesis: '', fix: '', evidence: [], ...more
})

describe('a headline and two sentences', () => {
  test('of one leak whose code is not known: what is lost, and nothing of growth', () => {
    expect(summarize([lost('planted_record', { type: 'planted_record', module: 'planted' })], nothing)).toEqual({
      title: 'struct planted_record leaks from planted_record',
      summary: '200 objects of planted_record are in use and nothing refers to them any more: 6.25 KiB of memory are lost. They are struct planted_record, of the module planted; which code dropped them, their evidence below narrows down.'
    })
    expect(summarize([lost('kmalloc-32')], nothing).title).toBe('Objects of kmalloc-32 leak')
  })

  test('of several: how much in all, and whose', () => {
    const { title, summary } = summarize([lost('kmalloc-32', { symbols: ['show'], module: 'a' }), lost('kmalloc-64', { type: 'char[]', module: 'b' }), lost('filp')], nothing)
    expect(title).toBe('show leaks kmalloc-32, and 2 other kinds of objects leak')
    expect(summary).toContain('600 objects of 3 kinds are in use')
    expect(summary).toContain('6.25 KiB of it by 200 objects in kmalloc-32. 2 of these kinds belong to the modules a, b;')
  })

  test('of suspects that are no proven leaks: the others are counted', () => {
    const { title, summary } = summarize([lost('kmalloc-32', { verdict: 'maybe', unreachable: 20, objects: 20 }), lost('kmalloc-64', { verdict: 'maybe' })], nothing)
    expect(title).toBe('Objects of kmalloc-32 may be lost')
    expect(summary).toContain('(1 further suspect is told below).')
  })

  test('of a cache that grows: what is in it, as far as it is known, and whether that is alive', () => {
    const growth = [{ cache: 'kmalloc-32', verdict: 'growing', reason: 'grew 1 MiB in 2 h', bytesPerHour: 5e5, low: null, high: null, objects: 1, bytes: 1, reclaimable: false, code: '' }] as const
    const grown = (more: Partial<Finding>): { title: string; summary: string } => summarize([lost('kmalloc-32', { verdict: 'maybe', unreachable: null, ...more })], { ...nothing, growth })
    expect(grown({}).title).toBe('kmalloc-32 grows, and what its objects are is not known yet')
    expect(grown({ type: 'node' })).toEqual({ title: 'kmalloc-32 grows by struct node', summary: 'kmalloc-32 grew 1 MiB in 2 h. 200 of its objects are struct node; which code allocates them, their evidence below narrows down.' })
    const listed = grown({ type: 'node', unreachable: 0, symbols: ['nodes'], module: 'm' })
    expect(listed.title).toBe('kmalloc-32 grows, and nodes keeps struct node in it alive')
    expect(listed.summary).toContain('200 of its objects are struct node, of the module m; they are not lost, for nodes still refers to them')
  })
})
