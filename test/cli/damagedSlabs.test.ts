import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../../kernel/cli/run.js'
import { damagedDump, type DamagedSlabs } from '../builders/damagedDump.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'
import { describeEvidence, evidence } from '../evidence.js'

describeEvidence('a dump with damaged slabs', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'slablab-damaged-'))
  const vmcore = path.join(folder, 'vmcore')
  let slabs: DamagedSlabs

  const slablab = async (...args: string[]): Promise<{ status: number; text: string; errors: string }> => {
    const terminal = fakeTerminal()
    const status = await run(args, terminal)
    return { status, text: terminal.text, errors: terminal.errors }
  }
  const rows = async (command: string, file: string): Promise<Record<string, unknown>[]> => JSON.parse((await slablab(command, file, '--format', 'json')).text) as Record<string, unknown>[]

  beforeAll(async () => {
    slabs = await damagedDump(evidence('x86_64-slub', 'vmcore'), vmcore)
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('each damaged slab is told once, by its address; all others are as in the whole dump', async () => {
    const { status, errors } = await slablab('caches', vmcore)
    expect(status).toBe(0)
    const told = errors.split('\n').filter((line) => line !== '').map((line) => line.replace(/^slablab: /, ''))
    expect(told).toHaveLength(6)
    expect(told).toEqual(expect.arrayContaining([
      `${slabs.wildPointer}: its free list leads to 0x0000001234567890, which is none of its objects`,
      expect.stringMatching(new RegExp(`^${slabs.foreignPointer}: its free list leads to 0xffff\\w+, which is none of its objects$`)),
      expect.stringMatching(new RegExp(`^${slabs.cycle}: its free list comes back to`)),
      expect.stringMatching(new RegExp(`^${slabs.impossibleCount}: claims 28672 objects where 42 fit$`)),
      `${slabs.wildCache}: names 0xffff888000000123 as its cache, which is none`,
      expect.stringContaining('dentry 1 of 532')
    ]))
    const damaged = new Set(['kmalloc-32', 'inode_cache', 'buffer_head', 'kmalloc-96', 'kernfs_node_cache', 'dentry'])
    const others = async (file: string): Promise<unknown> => (await rows('caches', file)).filter(({ cache }) => !damaged.has(String(cache)))
    expect(await others(vmcore)).toEqual(await others(evidence('x86_64-slub', 'vmcore')))
  }, 120_000)

  test('what leaked is found as ever', async () => {
    const findings = async (file: string): Promise<unknown> => (await rows('suspects', file)).filter(({ verdict }) => verdict === 'leak').map(({ cache, type, unreachable, module, rule }) => ({ cache, type, unreachable, module, rule }))
    expect(await findings(vmcore)).toEqual(await findings(evidence('x86_64-slub', 'vmcore')))
  }, 120_000)
})
