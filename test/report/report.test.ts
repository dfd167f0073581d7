import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { report } from '../../lib/report/report.js'
import { reportHtml } from '../../lib/report/reportHtml.js'
import { reportJson } from '../../lib/report/reportJson.js'
import type { Report } from '../../lib/report/reportModel.js'
import { reportText } from '../../lib/report/reportText.js'
import { describeEvidence, evidence } from '../evidence.js'

const folder = 'datasets/seq-operations'
const files = ['healthy.slabinfo', 'leaking.slabinfo', 'session.crash.txt'].map((file) => path.join(folder, file))
const made = new Date('2026-01-02T03:04:05Z')

/** The same on every machine: versions of Node differ. */
function settled(found: Report): Report {
  return { ...found, provenance: { ...found.provenance, versions: { slablab: '0.0.0', node: '20' } } }
}

let reference: Report

beforeAll(async () => {
  reference = settled(await report(files, { made }))
})

describe('the reference case', () => {
  test('names the culprit, and how much is lost', () => {
    expect(reference.summary).toContain('1,744,972')
    expect(reference.summary).toContain('213 MiB')
    expect(reference.summary).toContain('TestMod_ProcContentSeqShow')
    expect(reference.summary.split(/\.(?:\s|$)/).filter((sentence) => sentence !== '')).toHaveLength(2)
    expect(reference.suspects).toMatchObject([{ verdict: 'maybe', confidence: 'likely', cache: 'kmalloc-128', type: 'seq_operations' }])
    expect(reference.suspects[0].symbols[0]).toBe('TestMod_ProcContentSeqShow')
    expect(reference.suspects[0].fix).toContain('single_release')
  })

  test('says what it cannot show, and the command that would', () => {
    const said = reference.missing.map(({ text }) => text).join('\n')
    expect(said).toContain('3 of 64 listed objects of kmalloc-128 were read')
    expect(said).toContain('The session counts 1,723,323 allocated objects of kmalloc-128, leaking counts 1,767,698')
    expect(said).toContain('The session lists 64 of 1,723,968 objects')
    expect(reference.missing.map(({ command }) => command)).toContain(`slablab crash-script ${files[2]} --cache kmalloc-128`)
    expect(reference.incomplete).toEqual([])
  })

  test('shows an example byte by byte, the remains behind it apart', () => {
    const [example] = reference.examples
    expect(example.address).toBe('0xffff80003a5b0000')
    expect(example.words.slice(0, 5).map(({ member, symbol, stale }) => [member, symbol, stale])).toEqual([
      ['start', 'single_start', false], ['stop', 'single_stop', false], ['next', 'single_next', false], ['show', 'TestMod_ProcContentSeqShow', false], [null, null, true]
    ])
  })

  test('rests on files that are named with size and hash', () => {
    expect(reference.provenance.inputs.map(({ file, bytes, sha256 }) => [file, bytes, sha256])).toEqual([
      [files[0], 311, '9185350651a636b010218809486d7f3c31a58020598e0e09eec57d00893dddb2'],
      [files[1], 313, 'a14ab9d8030ca97dbcbff5ea66ef81b31b2fae199c6beca56f30f923946995e5'],
      [files[2], 6063, '31528b3ac20b2709639c82c04fe4ff0fb4949db578d20784c0368fa3e991fd7d']
    ])
  })

  test('the order of the files decides what is before and after, and nothing else', async () => {
    const turned = await report([files[2], files[1], files[0]], { made })
    expect(turned.compare?.before).toBe('leaking')
    expect(reportJson(turned).compare).toMatchObject([{ cache: 'kmalloc-128', deltaObjects: -1744972 }])
    expect(reportJson(turned).signatures).toEqual(reportJson(reference).signatures)
  })
})

describe('as a person and a program read it', () => {
  test('text', async () => {
    await expect(await reportText(reference, { width: 100 })).toMatchFileSnapshot('__snapshots__/seq-operations.txt')
  })

  test('a page', async () => {
    await expect(await reportHtml(reference)).toMatchFileSnapshot('__snapshots__/seq-operations.html')
  })

  test('JSON', async () => {
    await expect(`${JSON.stringify(reportJson(reference), null, 2)}\n`).toMatchFileSnapshot('__snapshots__/seq-operations.json')
  })

  test('the text keeps to the width, save for what is there to be copied', async () => {
    const text = await reportText(reference, { width: 60 })
    const copied = /^\s*([>$#]|crash>|0x|sha256|at |\+0x|example|warning|datasets|slablab |┄┄┄)|0x[0-9a-f]{16}/
    expect(text.split('\n').filter((line) => line.length > 60 && !copied.test(line.trim()))).toEqual([])
    expect(text).not.toContain('\u001b')
    expect(await reportText(reference, { width: 60, colour: true })).toContain('\u001b[1m')
  })

  test('the page needs nothing from elsewhere and runs nothing', async () => {
    const page = await reportHtml(reference)
    expect(page).not.toMatch(/<script|<link|<iframe|@import|\son\w+=|src=|javascript:/i)
    for (const [, target] of page.matchAll(/(?:href|url\()["'(]?([^"')]+)/g)) expect(target).toMatch(/^#/)
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('what evidence says is shown and never obeyed', async () => {
    const hostile = '<img src=x onerror=alert(1)>\u001b[2J&"\'\u202e'
    const soiled = JSON.parse(JSON.stringify(reference, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
      .replaceAll('TestMod_ProcContentSeqShow', JSON.stringify(hostile).slice(1, -1))) as Report
    // Tables and plots hold methods, which JSON does not carry; their own tests soil them.
    const dirty: Report = { ...soiled, compare: reference.compare, growth: null, signatures: null }
    const page = await reportHtml(dirty)
    expect(page).not.toContain('<img')
    expect(page).not.toContain('\u001b')
    expect(page).not.toContain('\u202e')
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;')
    const text = await reportText(dirty)
    expect(text).not.toContain('\u001b')
    expect(text).not.toContain('\u202e')
  })
})

describe('evidence of every kind and in every state', () => {
  const temporary = mkdtempSync(path.join(tmpdir(), 'slablab-report-'))
  afterAll(() => rmSync(temporary, { recursive: true }))
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(path.join(temporary, name), content)
    return path.join(temporary, name)
  }

  test('slabinfo of two machines alone names the cache and the next step', async () => {
    const found = await report(files.slice(0, 2))
    expect(found.suspects).toMatchObject([{ verdict: 'maybe', confidence: 'weak', cache: 'kmalloc-128', rule: 'growing cache', objects: 1744972 }])
    expect(found.signatures).toBeNull()
    expect(found.missing.some(({ command }) => command === 'kmem -S kmalloc-128 > kmalloc-128.txt')).toBe(true)
  })

  test('a session alone', async () => {
    const found = await report(files[2])
    expect(found.suspects).toMatchObject([{ verdict: 'maybe', confidence: 'weak', symbols: ['TestMod_ProcContentSeqShow', 'single_start', 'single_stop', 'single_next'] }])
    expect(found.compare).toBeNull()
    expect(reportJson(found)).toMatchObject({ compare: [], growth: [] })
  })

  test('a session without names asks for those that would tell', async () => {
    const nameless = file('nameless.txt', readFileSync(files[2], 'utf8').split('crash> sym')[0])
    const found = await report(nameless)
    expect(found.missing.find(({ text }) => text.startsWith('2 objects of kmalloc-128 hold 4 addresses'))?.command).toBe(
      ['ffff00000824edd8', 'ffff00000824ee00', 'ffff00000824ede8', 'ffff000001415218'].map((address) => `sym ${address}`).join('\n'))
    expect(await reportText(found)).toContain('    crash> sym ffff00000824edd8\n    crash> sym ffff00000824ee00\n')
    expect(await reportHtml(found)).toContain('sym ffff00000824edd8\n<span class="prompt">')
  })

  test('one snapshot accuses nobody', async () => {
    const found = await report(files[0])
    expect(found.suspects).toEqual([])
    expect(found.title).toBe('Nothing here accuses anybody')
    expect(await reportText(found)).toContain('None: no rule found anything to accuse in this evidence.')
    expect(await reportHtml(found)).toContain('None: no rule found anything')
  })

  test('a file that is of no use makes the report partial and is named', async () => {
    const photo = file('photo.png', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))
    const found = await report([...files, photo])
    expect(found.suspects[0].symbols[0]).toBe('TestMod_ProcContentSeqShow')
    expect(found.incomplete).toEqual([`${photo}: not used: picture`])
    expect(await reportText(found)).toContain('Partial: ')
    expect(await reportHtml(found)).toContain('This report is partial.')
    expect(reportJson(found).missing[0].text).toBe(`Not all of the evidence could be used: ${photo}: not used: picture.`)
  })

  test.each([
    ['empty', '', /: nothing to report on: found empty file/],
    ['prose', 'Dear all,\nplease find attached\n', /: nothing to report on: found text that slablab does not know, expected slabinfo, meminfo, a crash session or a dump/]
  ])('a file that is %s', async (name, content, message) => {
    await expect(report(file(name, content))).rejects.toThrow(message)
  })

  test('no such file', async () => {
    await expect(report('no-such-file')).rejects.toThrow('no-such-file')
  })

  test('it stops when told to', async () => {
    await expect(report(files, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
  })
})

describeEvidence('real evidence', () => {
  test.each([
    ['x86_64-slub', ['kmalloc-cg-32', 'kmalloc-96']],
    ['arm64-slab', ['kmalloc-128']]
  ])('the series of %s accuses the planted leaks', async (name, caches) => {
    const found = await report([evidence(name, 'slabinfo-series.txt.gz'), evidence(name, 'meminfo')])
    expect(found.suspects.map(({ cache }) => cache)).toEqual(caches)
    expect(found.growth?.plot).not.toBeNull()
  })

  test('a dump with several leaks: all are summed up, each is shown, and what was not looked at is told', async () => {
    const found = await report(evidence('arm64-slab', 'vmcore'), { made })
    expect(found.title).toBe('TestMod_ProcContentSeqShow leaks kmalloc-128, and 2 other kinds of objects leak')
    expect(found.summary).toMatch(/^65,879 objects of 3 kinds are in use and nothing refers to them any more: 8\.04 MiB of memory are lost, 7\.32 MiB of it by 59,999 struct seq_operations in kmalloc-128\. All of these kinds belong to the module testmod; [^.]*\.$/)
    expect(found.examples.slice(0, 3).map(({ title }) => title)).toEqual(['seq_operations', 'TestModSession', 'TestModNode'].map((type) => `struct ${type} in kmalloc-128`))
    const session = found.examples[1].words
    expect(session.find(({ member }) => member === 'work.func')?.symbol).toBe('TestMod_SessionWork')
    const [looked] = found.missing.slice(-1)
    expect(looked.text).toMatch(/^References were looked for in [\d.]+ MiB of the kernel's own memory and [\d.]+ MiB of objects in vmcore; left out, [^:]*: page structures \(2\.35 MiB\), free pages \(688 KiB\), dead parts of stacks \(.*objects that are free or cached .*arrays of the slab allocator \(219 KiB\)/)
    expect(reportJson(found).missing).toContainEqual(looked)
    expect(await reportHtml(found)).toContain('page structures (2.35 MiB)')
  })

  test('a session of an arm64 machine whose kernel lies anywhere in vmalloc space', async () => {
    const found = await report(['crash/kmem-S-kmalloc-128.txt.gz', 'crash/rd200.txt', 'crash/sym.txt', 'crash/struct.txt', 'slabinfo-series.txt.gz'].map((file) => evidence('arm64-slab', file)))
    expect(found.suspects).toMatchObject([{ confidence: 'likely', cache: 'kmalloc-128', type: 'seq_operations', module: 'testmod', objects: 200 }])
    expect(found.signatures?.groups[0].words.map(({ class: kind }) => kind)).toEqual(['kernel text', 'kernel text', 'kernel text', 'module text'])
  })

  test('a session and symbols from kallsyms name function and module', async () => {
    const found = await report(['crash/rd200.txt', 'crash/kmem-S-kmalloc-cg-32.txt.gz', 'kallsyms.gz'].map((file) => evidence('x86_64-slub', file)))
    expect(found.suspects).toMatchObject([{ type: 'seq_operations', module: 'testmod' }])
    expect(found.suspects[0].symbols[0]).toBe('TestMod_ProcContentSeqShow')
  })
})
