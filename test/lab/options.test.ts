import { describe, expect, it } from 'vitest'
import { help, kinds, parseOptions } from '../../datasets/lab/options.js'

const parse = (words: string): ReturnType<typeof parseOptions> => parseOptions(words.split(' '))

describe('options of the laboratory', () => {
  it('are those of Debian\'s kernel with nothing planted, unless asked otherwise', () => {
    expect(parse('--out x')).toMatchObject({ plant: {}, kernel: 'debian', architecture: 'x86_64', allocator: 'slub', accelerator: 'auto', level: 31, phases: 1, panic: false })
  })

  it('take a kernel of our own where Debian has none', () => {
    expect(parse('--out x --arch arm64')).toMatchObject({ kernel: 'small', architecture: 'arm64' })
    expect(parse('--out x --allocator slab --accel tcg')).toMatchObject({ kernel: 'small', allocator: 'slab', accelerator: 'tcg' })
  })

  it('plant each kind that the help lists', () => {
    const all = Object.keys(kinds)
    expect(parse(`--out x ${all.map((kind, i) => `--plant ${kind}=${i + 1}`).join(' ')}`)?.plant).toEqual(Object.fromEntries(all.map((kind, i) => [kind, i + 1])))
    for (const kind of all) expect(help).toContain(`\n  ${kind} `)
  })

  it.each([
    ['--plant pair=1', 'expected --out FOLDER'],
    ['--out x --plant pairs=1', 'expected --plant KIND=COUNT with one of seq_operations, held'],
    ['--out x --plant pair', 'expected --plant pair to be a whole number of at least 1, got '],
    ['--out x --plant toString=1', 'expected --plant KIND=COUNT with one of'],
    ['--out x --memory 32', 'expected --memory to be a whole number of at least 64, got 32'],
    ['--out x --accel xen', 'expected --accel to be one of auto, kvm, tcg, got xen']
  ])('%s fails readably', (words, message) => {
    expect(() => parse(words)).toThrow(message)
  })
})
