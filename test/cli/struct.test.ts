import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../kernel/cli/run.js'
import { sampleTypes } from '../builders/btf.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'
import { describeEvidence, evidence } from '../evidence.js'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slablab-struct-'))
  writeFileSync(path.join(folder, 'types.btf'), sampleTypes().btf.bytes())
  writeFileSync(path.join(folder, 'session.txt'), `crash> rd ffff88800000f000 4
ffff88800000f000:  ffff88800000f000 ffff88800000f100   ................
ffff88800000f010:  ffffffff8133a0b0 0000000000000000   ..3.............
`)
})
afterAll(() => rmSync(folder, { recursive: true }))

async function slablab(...args: string[]): Promise<{ code: number; text: string; errors: string }> {
  const terminal = fakeTerminal()
  const code = await run(['struct', ...args], terminal)
  return { code, text: terminal.text, errors: terminal.errors.replaceAll(`${folder}/`, '') }
}

const session = (...args: string[]): ReturnType<typeof slablab> => slablab(path.join(folder, 'session.txt'), ...args, '--btf', path.join(folder, 'types.btf'))

describe('a crash session with types from a file', () => {
  test('declarations', async () => {
    expect(await session('list_head')).toEqual({
      code: 0, errors: '', text: 'struct list_head {\n    struct list_head *next;\n    struct list_head *prev;\n}\nSIZE: 16\n'
    })
    expect((await session('struct', 'list_head', '--offsets')).text).toContain('\n   [8] struct list_head *prev;\n')
    expect((await session('u64', '--as', 'crash')).text).toBe('typedef unsigned long u64;\nSIZE: 8\n')
  })

  test('values, of words that the session printed', async () => {
    expect((await session('list_head', 'ffff88800000f000')).text).toBe('struct list_head {\n  next = 0xffff88800000f000,\n  prev = 0xffff88800000f100\n}\n')
    expect((await session('thing.call,list.next', '0xffff88800000f000')).text).toBe('  call = 0xffffffff8133a0b0,\n  list.next = 0xffff88800000f000,\n')
    expect((await session('unsigned int', 'ffff88800000f010', '--hex')).text).toBe('0x8133a0b0\n')
    expect((await session('thing', 'ffff88800000f000')).text).toContain('  flags = <not in the evidence>,\n')
  })

  test('rows', async () => {
    expect((await session('list_head', 'ffff88800000f000', '--format', 'csv')).text)
      .toBe('member,offset,bytes,type,bitOffset,bits,value,symbol,string,missing\nnext,0,8,struct list_head *,,,0xffff88800000f000,,,\nprev,8,8,struct list_head *,,,0xffff88800000f100,,,\n')
    expect(JSON.parse((await session('thing', '--format', 'json')).text)).toHaveLength(13)
  })

  test('what cannot be answered', async () => {
    expect(await slablab(path.join(folder, 'session.txt'), 'list_head')).toMatchObject({
      code: 1, errors: 'slablab: list_head is not in the evidence: this evidence holds no types (no BTF); --btf FILE gives some\n'
    })
    expect(await session('nothing')).toMatchObject({ code: 1, errors: 'slablab: nothing is not in the evidence: no type of that name in this kernel or its modules\n' })
    expect(await session('list_head', 'nowhere')).toMatchObject({ code: 2, errors: 'slablab: expected an address or a symbol, got nowhere\n' })
    expect(await session('list_head.nothing')).toMatchObject({ code: 2, errors: 'slablab: list_head has no member nothing\n' })
    expect(await slablab()).toMatchObject({ code: 2, errors: 'slablab: expected FILE and TYPE\n' })
    expect(await slablab(path.join(folder, 'session.txt'))).toMatchObject({ code: 2, errors: 'slablab: expected FILE and TYPE\n' })
    expect(await session('list_head', '1', '2')).toMatchObject({ code: 2, errors: 'slablab: expected TYPE and ADDRESS, got list_head 1 2\n' })
  })
})

describeEvidence('a vmcore', () => {
  const vmcore = evidence('x86_64-slub', 'vmcore')

  test('the struct of the reference case, as crash prints it', async () => {
    const transcript = readFileSync(evidence('x86_64-slub', 'crash', 'seed-session.txt'), 'utf8')
    const value = await slablab(vmcore, 'seq_operations', 'ffff8e89812d1ec0')
    const declared = await slablab(vmcore, 'seq_operations')
    expect(transcript).toContain(value.text + declared.text)
    expect([value.code, declared.code, value.errors, declared.errors]).toEqual([0, 0, '', ''])
  })

  test('results follow the schema', async () => {
    const ajv = new Ajv2020({ strict: true, allErrors: true })
    for (const name of ['common', 'struct']) ajv.addSchema(JSON.parse(readFileSync(`docs/schemas/${name}.schema.json`, 'utf8')) as object)
    const valid = ajv.getSchema('struct.schema.json')!
    for (const args of [['kmem_cache'], ['task_struct', 'init_task'], ['kmem_cache', 'ffff8e8981043100'], ['gfp_t']]) {
      const rows: unknown = JSON.parse((await slablab(vmcore, ...args, '--format', 'json')).text)
      expect(valid(rows), ajv.errorsText(valid.errors)).toBe(true)
      expect((rows as unknown[]).length).toBeGreaterThan(args[0] === 'gfp_t' ? -1 : 20)
    }
  })
})
