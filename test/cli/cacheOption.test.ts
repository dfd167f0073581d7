import { expect, test } from 'vitest'
import { run } from '../../kernel/cli/run.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'
import { describeEvidence, evidence } from '../evidence.js'

describeEvidence('--cache', () => {
  test.each([
    ['objects', 'arm64-slab', ['kmalloc-256', 'kmalloc-512']], ['signatures', 'arm64-slab', ['kmalloc-256', 'kmalloc-512']],
    ['types', 'arm64-slab', ['kmalloc-256', 'kmalloc-512']], ['stacks', 'x86_64-slub-debug', ['kmalloc-96']]
  ])('%s shows the named caches and no others', async (command, dataset, names) => {
    const terminal = fakeTerminal()
    const options = names.flatMap((name) => ['--cache', name])
    expect(await run([command, evidence(dataset, 'vmcore'), ...options, '--format', 'ndjson'], terminal)).toBe(0)
    const caches = terminal.text.trim().split('\n').map((line) => (JSON.parse(line) as { cache: string }).cache)
    expect([...new Set(caches)].sort()).toEqual(names)
    const unknown = fakeTerminal()
    expect(await run([command, evidence(dataset, 'vmcore'), '--cache', 'kmalloc-255'], unknown)).toBe(2)
    expect(unknown.errors).toContain('kmalloc-255')
  })
})
