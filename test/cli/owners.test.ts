import { expect, test } from 'vitest'
import { run } from '../../kernel/cli/run.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'
import { describeEvidence, evidence } from '../evidence.js'

const debug = evidence('x86_64-slub-debug', 'vmcore')

describeEvidence('who allocated', () => {
  test('stacks: one function below the other, who holds most first; a terminal gets ten', async () => {
    const screen = fakeTerminal({ outIsTerminal: true })
    expect(await run(['stacks', debug], screen)).toBe(0)
    const lines = screen.text.split('\n')
    expect(lines.slice(0, 4)).toEqual([
      'kmalloc-cg-32: 100,006 objects, 15.3 MiB, 100 % of its objects that slub_debug recorded, such as 0xffff8f4d812c8020',
      '  kmalloc_trace+0x26', '  single_open+0x2a', '  TestMod_ProcContentOpen+0x1b [testmod]'
    ])
    expect(lines.filter((line) => line.startsWith('kmalloc-'))).toHaveLength(10)
    expect(lines.at(-2)).toMatch(/^175 smaller stacks \(.* KiB\) not shown/)
    const pipe = fakeTerminal()
    await run(['stacks', debug], pipe)
    expect(pipe.text.split('\n').filter((line) => line.startsWith('kmalloc-'))).toHaveLength(185)
  })

  test('a machine that recorded none: what would have', async () => {
    const terminal = fakeTerminal()
    expect(await run(['stacks', evidence('arm64-slab', 'vmcore'), '--format', 'json'], terminal)).toBe(1)
    expect(terminal.text).toBe('[]\n')
    expect(terminal.errors).toContain('this kernel recorded no stacks: it would with slub_debug=U on its command line')
  })

  test('owners: says when nothing is known of them', async () => {
    const terminal = fakeTerminal()
    expect(await run(['owners', debug, '--cache', 'kmalloc-cg-32', '--format', 'csv'], terminal)).toBe(0)
    expect(terminal.text).toBe('cache,cgroup,removed,file,line,function,module,objects,bytes,example\nkmalloc-cg-32,,,,,,,100006,16000960,0xffff8f4d812c8020\n')
    expect(terminal.errors).toContain('nothing here is charged to a cgroup below the root, and no source lines were recorded')
  })
})
