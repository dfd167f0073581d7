import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { commands } from '../../kernel/cli/commands/index.js'
import { run } from '../../kernel/cli/run.js'
import { columns } from '../../lib/index.js'
import { fakeTerminal } from '../builders/fakeTerminal.js'
import { describeEvidence, evidence } from '../evidence.js'

const folder = 'docs/schemas'
const names = readdirSync(folder).map((file) => file.replace('.schema.json', '')).filter((name) => name !== 'common')

interface RowSchema { items?: { required: string[], properties: Record<string, unknown> }, required?: string[] }

function schemaOf(name: string): RowSchema {
  return JSON.parse(readFileSync(path.join(folder, `${name}.schema.json`), 'utf8')) as RowSchema
}

const ajv = new Ajv2020({ strict: true, allErrors: true })
for (const name of ['common', ...names]) ajv.addSchema(schemaOf(name))

function validator(name: string): ValidateFunction {
  return ajv.getSchema(`${name}.schema.json`)!
}

/** The fields that docs/contracts.md promises for a command. */
function promised(name: string): string[] | undefined {
  const contracts = readFileSync('docs/contracts.md', 'utf8')
  const row = contracts.split('\n').find((line) => new RegExp(`^\\| \`${name} `).test(line))
  const listed = row === undefined ? undefined : (row.split(' | ')[1] ?? '')
  const json = /\{(.*)\}/.exec(listed ?? '')?.[1]
  // The fields of a nested list are its own.
  if (json !== undefined) return [...json.replace(/\[\{.*?\}\]/g, '').matchAll(/"(\w+)"/g)].map((match) => match[1])
  return /^\| `objects /.test(row ?? '') ? /`([\w,]+)`/.exec(listed!)?.[1].split(',') : undefined
}

describe('schemas', () => {
  test.each(names)('%s is a schema, and its fields are documented columns', (name) => {
    expect(validator(name)).toBeTypeOf('function')
    for (const property of Object.keys(schemaOf(name).items?.properties ?? {})) {
      expect(columns[property], `${property} is described in lib/table/columns.ts`).toBeDefined()
      expect(columns[property].internal, `${property} is a result`).not.toBe(true)
    }
  })

  test.each(['file', 'caches', 'objects', 'signatures', 'symbol', 'growth', 'compare', 'references', 'suspects', 'report', 'types'])('%s requires what the contract promises', (name) => {
    const fields = name === 'types' || name === 'references' || name === 'suspects' ? promisedTogether(name) : promised(name)
    const { items, required } = schemaOf(name)
    expect(fields!.length).toBeGreaterThan(3)
    expect([...(items?.required ?? required!)].sort()).toEqual([...fields!].sort())
  })

  test('reject what is not a result', () => {
    const caches = validator('caches')
    const row = {
      cache: 'a', address: '0xffff80007b000000', objectBytes: null, slotBytes: 128, allocated: 1, total: 2, slabs: 1, slabBytes: 4096, bytes: 4096, aliases: []
    }
    expect(caches([row])).toBe(true)
    expect(caches([])).toBe(true)
    expect(caches([{ ...row, address: '0xFFFF80007B000000' }])).toBe(false)
    expect(caches([{ ...row, address: 4096 }])).toBe(false)
    expect(caches([{ ...row, allocated: '71,003' }])).toBe(false)
    expect(caches([{ ...row, aliases: null }])).toBe(false)
    expect(caches([{ ...row, rank: 1 }])).toBe(false)
    const { slotBytes: _, ...less } = row
    expect(caches([less])).toBe(false)
    expect(caches(row)).toBe(false)
  })
})

/** The contract has four analyses in one row, one after the other. */
function promisedTogether(name: string): string[] {
  const row = readFileSync('docs/contracts.md', 'utf8').split('\n').find((line) => line.startsWith('| `types '))!
  const json = new RegExp(`${name}: \`\\[\\{(.*?)\\}\\]\``).exec(row)![1]
  return [...json.matchAll(/"(\w+)"/g)].map((match) => match[1])
}

const session = evidence('seq-operations', 'session.crash.txt')
const healthy = evidence('seq-operations', 'healthy.slabinfo')
const leaking = evidence('seq-operations', 'leaking.slabinfo')
const arm64 = evidence('arm64-slab', 'vmcore')
const debug = evidence('x86_64-slub-debug', 'vmcore')
const series = evidence('x86_64-slub', 'slabinfo-series.txt.gz')

/** Command lines over real evidence, by the schema that their results have. */
const lines: Record<string, string[][]> = {
  file: [[session, healthy, arm64, series]],
  caches: [[session], [arm64], [debug], [debug, '--sample', '40'], [arm64, '--sample', '40'], [session, '--sample', '40']],
  objects: [[session], [arm64, '--cache', 'seq_file']],
  signatures: [[session], [arm64, '--cache', 'kmalloc-128'], [debug, '--sample', '40', '--seed', '7']],
  symbol: [[session, 'single_start'], [arm64, 'single_start'], [session, 'no_such_symbol']],
  read: [[session, '0xffff80003a5b0000', '--words', '4'], [arm64, 'init_task', '--words', '64'], [session, '0xffff80003a5b1f80']],
  whatis: [[session, '0xffff80003a5b0000'], [debug, '0xffff8f4d812c8520'], [arm64, 'init_task'], [session, '0x1234']],
  growth: [[series]],
  compare: [[healthy, leaking], [arm64, arm64], [arm64, arm64, '--by', 'signature']],
  references: [[arm64, 'init_task']],
  reachability: [[arm64]],
  types: [[arm64], [arm64, '--sample', '300']],
  stacks: [[debug], [debug, '--cache', 'kmalloc-96', '--freed']],
  owners: [[debug, '--cache', 'kmalloc-cg-32']],
  struct: [[arm64, 'seq_operations'], [arm64, 'task_struct', 'init_task']],
  suspects: [[session], [arm64]],
  report: [[healthy, leaking, session]]
}

const results = new Map<string, Promise<unknown>>()

/** What a command line writes as JSON; run once. */
async function resultOf(name: string, line: readonly string[]): Promise<unknown> {
  const key = [name, ...line].join(' ')
  const made = results.get(key) ?? (async () => {
    const terminal = fakeTerminal()
    expect(await run([name, ...line, '--format', 'json'], terminal), terminal.errors).toBeLessThan(2)
    return JSON.parse(terminal.text) as unknown
  })()
  results.set(key, made)
  return made
}

describeEvidence('results', () => {
  const known = names.filter((name) => commands.some((command) => command.name === name))

  test('every command with a schema is run', () => {
    expect(Object.keys(lines)).toEqual(expect.arrayContaining(known))
  })

  test.each(known.flatMap((name) => lines[name].map((line) => [name, line] as const)))('slablab %s %j', async (name, line) => {
    const validate = validator(name)
    expect(validate(await resultOf(name, line)), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true)
  })

  test.each(known.filter((name) => name !== 'report'))('%s as CSV has the same fields, and as many rows', async (name) => {
    const [line] = lines[name]
    const csv = fakeTerminal()
    await run([name, ...line, '--format', 'csv'], csv)
    const rows = await resultOf(name, line) as object[]
    const [header, ...records] = csv.text.trimEnd().split('\n')
    expect(header.split(',')).toEqual(Object.keys(rows[0]))
    // A line end inside of a quoted field does not end the row.
    expect(records.length).toBeGreaterThanOrEqual(rows.length)
  })
})
