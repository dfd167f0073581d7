import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { contentOf } from '../../datasets/lab/content.js'
import { parseOptions } from '../../datasets/lab/options.js'
import { notMade, recipes } from '../../datasets/lab/recipes.js'

const manifest = JSON.parse(readFileSync('datasets/manifest.json', 'utf8')) as Record<string, { made: string }>

describe('recipes', () => {
  it('are there for each bundled dataset, or say why not', () => {
    expect([...Object.keys(recipes), ...Object.keys(notMade)].sort()).toEqual(Object.keys(manifest).sort())
  })

  it('are words that the laboratory takes, and those that the manifest tells', () => {
    for (const [name, words] of Object.entries(recipes)) {
      expect(parseOptions([...words, '--out', 'x'])).toMatchObject({ kernel: 'small' })
      expect(manifest[name].made).toContain(`npm run lab -- ${words.join(' ')}`)
    }
  })

  it('tell why what is quoted cannot be made again', () => {
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'datasets/lab/remake.ts', 'seq-operations'], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: 'lab: seq-operations cannot be made again, it quotes a report of a real case: expected a dataset that the laboratory makes: arm64-slab, healthy, planted-requests, two-moments\n'
    })
  })
})

describe('the content of a dataset', () => {
  it('of another module is told in the words of the laboratory\'s', async () => {
    expect(await contentOf('datasets/arm64-slab')).toBe(`planted.txt.gz: job leaked 5400
planted.txt.gz: job live 600
planted.txt.gz: pair leaked 480
planted.txt.gz: seq_operations leaked 60001
planted.txt.gz: seq_operations live 5
slabinfo-series.txt.gz: 30 snapshots
vmcore: 6.1.192 arm64
vmcore: planted_job of planted: owner of a work or timer dropped
vmcore: planted_peer of planted: objects that nothing refers to
vmcore: seq_operations of planted: seq_operations without single_release
`)
  })

  it('of a series that goes through both dumps is one series', async () => {
    const lines = (await contentOf('datasets/two-moments')).split('\n')
    expect(lines.filter((line) => line.startsWith('slabinfo'))).toEqual(['slabinfo-series.txt.gz: 20 snapshots'])
    expect(lines).toContain('planted-2.txt.gz: job leaked 3600')
  })
})
