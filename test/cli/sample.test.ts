import { expect, test } from 'vitest'
import { run } from '../../kernel/cli/run.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'
import { describeEvidence, evidence } from '../evidence.js'

async function runs(...line: string[]): Promise<{ code: number; text: string; errors: string }> {
  const terminal = fakeTerminal()
  const code = await run(line, terminal)
  return { code, text: terminal.text, errors: terminal.errors }
}

describeEvidence('--sample', () => {
  const dump = evidence('x86_64-slub', 'vmcore')
  const session = evidence('seq-operations', 'session.crash.txt')

  test.each(['caches', 'signatures', 'types'])('%s says that it sampled, how much, and how to draw it again', async (command) => {
    const { code, errors, text } = await runs(command, dump, '--sample', '200', '--format', 'csv')
    expect(code).toBe(0)
    const objects = command === 'caches' ? '' : ', and at most 200 objects of each cache'
    if (command === 'types') expect(errors).toMatch(/^general caches, one type: [\d,]+ objects, .* MiB \([\d.]+ %\)$/m)
    expect(errors.slice(errors.indexOf('slablab: '))).toBe(`slablab: sampled: 200 of 1,024 stretches of 64 pages were looked at (1 in 5)${objects}, drawn with --seed 1; ` +
      "numbers are estimates with 95 % intervals; slabs and totals of all caches are the kernel's own counts\n")
    expect((await runs(command, dump, '--sample', '200', '--seed', '1', '--format', 'csv')).text).toBe(text)
    expect((await runs(command, dump, '--sample', '200', '--seed', '2', '--format', 'csv')).text).not.toBe(text)
  })

  test('a small dump is read whole, and says so', async () => {
    const whole = JSON.parse((await runs('caches', dump, '--format', 'json')).text) as { cache: string; allocated: number }[]
    const { text, errors } = await runs('caches', dump, '--sample', '1024', '--format', 'json')
    expect((JSON.parse(text) as typeof whole).map(({ cache, allocated }) => [cache, allocated])).toEqual(whole.map(({ cache, allocated }) => [cache, allocated]))
    expect(errors).toContain('not sampled: there is no more than --sample 1024 asks for')
  })

  test.each([
    [['caches', dump, '--sample', '0'], 'expected --sample to be a positive integer, got 0'],
    [['types', dump, '--sample', 'all'], 'expected --sample to be a positive integer, got all'],
    [['signatures', dump, '--sample', '5', '--seed', '4294967296'], 'expected --seed to be an integer from 0 to 4294967295, got 4294967296'],
    [['signatures', dump, '--seed', '4'], '--seed is for --sample N'],
    [['caches', dump, '--sample', '5', '--as', 'crash'], '--as crash prints what crash would, which takes no sample'],
    [['caches', evidence('x86_64-slub', 'slabinfo'), '--sample', '5'], '--sample is for a vmcore: slabinfo counts all there is']
  ])('%j is wrong usage', async (line, message) => {
    const { code, errors } = await runs(...line)
    expect([code, errors.trim()]).toEqual([2, `slablab: ${message}`])
  })

  test('a session is all there is', async () => {
    const { code, errors, text } = await runs('caches', session, '--sample', '5', '--format', 'json')
    expect(code).toBe(0)
    expect(errors).toContain('not sampled')
    expect((JSON.parse(text) as { allocated: number; allocatedLow: number }[])[0]).toMatchObject({ allocated: 1723323, allocatedLow: 1723323 })
  })
})
