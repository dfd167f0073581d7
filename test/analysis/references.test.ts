import { expect, test } from 'vitest'
import { chainTo, references } from '../../lib/analysis/references.js'
import { openVmcore } from '../../lib/system/openVmcore.js'
import { UsageError } from '../../lib/errors.js'
import { hex } from '../../lib/util/hex.js'
import { describeEvidence, evidence } from '../evidence.js'
import { plantedObjects } from '../planted.js'

describeEvidence('references in x86_64-slub', () => {
  const truth = plantedObjects('x86_64-slub')
  const first = (kind: string): bigint => truth.find((planted) => planted.kind === kind)!.address

  test('the first live session is on the module\'s list, and the list says why it is alive', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    const rows = (await references(system, first('L'))).objects() as Record<string, unknown>[]
    const shown = rows.map(({ cache, symbol, kind, type, member }) => ({ cache, symbol, kind, type, member }))
    expect(shown).toEqual(expect.arrayContaining([
      { cache: 'kmalloc-96', symbol: null, kind: 'exact', type: 'TestModSession', member: 'link.prev' },
      { cache: null, symbol: 'testmod_live_sessions+0x0 [testmod]', kind: 'exact', type: null, member: null }
    ]))
    const untyped = (await references(system, first('L'), { types: false })).objects() as Record<string, unknown>[]
    expect(untyped.find(({ cache }) => cache === 'kmalloc-96')).toMatchObject({ type: null, member: null })
    const chain = await chainTo(system, first('L'))
    expect(chain?.root.text).toBe('testmod_live_sessions+0x0 [testmod]')
    expect(chain?.objects).toEqual([{ address: first('L'), cache: 'kmalloc-96' }])
    system.close()
  })

  test('held seq_operations are referred to by seq_file.op, leaked ones by nothing; many targets take one pass', async () => {
    const system = await openVmcore(evidence('x86_64-slub', 'vmcore'))
    const targets = [first('held'), first('O'), first('N')]
    const rows = (await references(system, targets)).objects() as Record<string, unknown>[]
    const of = (target: bigint): Record<string, unknown>[] => rows.filter((row) => row.target === hex(target))
    expect(of(targets[0])).toEqual([expect.objectContaining({ kind: 'exact', cache: 'seq_file', type: 'seq_file', member: 'op' })])
    expect(of(targets[1])).toEqual([])
    expect(of(targets[2])).toEqual([expect.objectContaining({ kind: 'exact', cache: 'kmalloc-64', type: 'TestModNode', member: 'peer' })])
    expect(await chainTo(system, targets[1])).toBeUndefined()
    await expect(references(system, 'session')).rejects.toThrow(UsageError)
    system.close()
  })
})
