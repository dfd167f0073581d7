import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FaultReason } from '../../lib/errors.js'
import { openPhysical, type PhysicalDump } from '../../lib/memory/openPhysical.js'
import { bytesOf } from '../../lib/source/bytes.js'
import { Warnings } from '../../lib/warnings.js'
import { elfCore } from '../builders/elfCore.js'
import { flattenedFile } from '../builders/flattened.js'
import { kdumpFile, type KdumpPage } from '../builders/kdump.js'
import { packings, type Packing } from '../builders/packers.js'
import { evidence, hasEvidence } from '../evidence.js'

/*
 * One dump of a real machine in every form that makedumpfile writes, compared page by page. The given dump is of level 31, so an ELF dump
 * of level 0 is made of it first, with zeros where pages were left out.
 */

function has(command: string, ...args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const original = evidence('x86_64-slub', 'vmcore')
const hasMakedumpfile = process.arch === 'x64' && has('makedumpfile', '-v')
const withMakedumpfile = describe.skipIf(!hasEvidence || !hasMakedumpfile)

/** Of the given dump: 192 MB of RAM, 18,783 pages kept, of which 714 are zeros; 16,384 blocks behind the RAM. */
const present = 18_783
const excluded = 30_369
const filled = 18_069
const frames = present + excluded

let folder: string
const at = (name: string): string => path.join(folder, name)

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slablab-variants-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function copied(page: Page): Page {
  return typeof page === 'string' ? page : Uint8Array.from(page)
}

beforeAll(async () => {
  if (!hasEvidence) return
  const { physical, close } = await openPhysical(original)
  given = Array.from({ length: physical.frames }, (_, frame) => copied(physical.page(frame)))
  whole = given.slice(0, frames).map((page) => (typeof page === 'string' ? zeros : page))
  close()
})

function makedumpfile(args: readonly string[], source: string, ...targets: string[]): void {
  for (const target of targets) rmSync(target, { force: true })
  execFileSync('makedumpfile', [...args, source, ...targets], { stdio: ['ignore', 'ignore', 'pipe'] })
}

async function open(given: string | readonly string[]): Promise<PhysicalDump> {
  const warnings = new Warnings()
  const dump = await openPhysical(given, { warnings })
  expect(warnings.list()).toEqual([])
  return dump
}

type Page = Uint8Array | FaultReason

/** Frames of the given dump, and of the ELF dump made of it. */
let given: Page[]
let whole: Page[]

/** How a dump's frames compare with what they should be: `same`, `different`, or what each has of a page that one of them lacks. */
function compared(dump: PhysicalDump, expected: readonly Page[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (let frame = 0; frame < Math.max(dump.physical.frames, expected.length); frame++) {
    const one = dump.physical.peek!(frame)
    const other = expected[frame] ?? 'absent'
    const key = typeof one !== 'string' && typeof other !== 'string' ? (Buffer.compare(one, other) === 0 ? 'same' : 'different') : `${word(one)}, ${word(other)}`
    counts[key] = (counts[key] ?? 0) + 1
  }
  dump.close()
  return counts
}

function word(page: Page): string {
  return typeof page === 'string' ? page : isZero(page) ? 'zeros' : 'page'
}

const zeros = new Uint8Array(4096)

function isZero(page: Uint8Array): boolean {
  return Buffer.compare(page, zeros) === 0
}

/** An ELF dump of level 0: all RAM, zeros where the given dump has no page. */
async function writeElf(target: string): Promise<void> {
  const dump = await openPhysical(original)
  dump.close()
  const head = elfCore([{ physical: 0, data: new Uint8Array(0), memoryBytes: frames * 4096 }], { notes: dump.notes.map(({ name, type, content }) => ({ name, type, content })) })
  const view = new DataView(head.buffer)
  const dataAt = Math.ceil(head.length / 4096) * 4096
  view.setBigUint64(64 + 56 + 8, BigInt(dataAt), true)
  view.setBigUint64(64 + 56 + 32, BigInt(frames * 4096), true)
  const descriptor = openSync(target, 'w')
  writeSync(descriptor, head, 0, head.length, 0)
  whole.forEach((page, frame) => {
    if (page !== zeros) writeSync(descriptor, page as Uint8Array, 0, 4096, dataAt + frame * 4096)
  })
  ftruncateSync(descriptor, dataAt + frames * 4096)
  closeSync(descriptor)
}

withMakedumpfile(`makedumpfile's forms of one dump${hasMakedumpfile ? '' : ' (left out: makedumpfile is not installed, or this is no x86-64)'}`, () => {
  beforeAll(() => writeElf(at('elf')))

  test('the ELF dump holds what the given one holds, and zeros', async () => {
    expect(compared(await open(at('elf')), given)).toEqual({ same: present, 'zeros, excluded': excluded, 'absent, absent': 16_384 })
  })

  test.each([['-c', 'zlib'], ['-l', 'lzo'], ['-p', 'snappy'], ['-z', 'zstd'], ['-d31', 'none']])('the given dump, written again with %s', async (option, compression) => {
    makedumpfile([option], original, at('again'))
    const dump = await open(at('again'))
    // A makedumpfile built without that compression writes raw pages and says nothing.
    expect([compression, 'none']).toContain(dump.compression)
    expect(dump).toMatchObject({ dumpLevel: 31, format: 'kdump-compressed' })
    expect(dump.vmcoreinfo?.text).toBe((await open(original)).vmcoreinfo?.text)
    expect(compared(dump, given)).toEqual({ same: present, 'excluded, excluded': excluded, 'absent, absent': 16_384 })
  })

  test.each([['-c', 0], ['-l', 1], ['-d0', 0]] as const)('all pages, zeros among them: %s, level %i', async (option, level) => {
    makedumpfile([option, '-d', String(level)], at('elf'), at('all'))
    const dump = await open(at('all'))
    expect(dump.dumpLevel).toBe(level)
    expect(compared(dump, whole)).toEqual({ same: frames })
  })

  test.each([0, 1, 17, 31])('as ELF, level %i: pages of zeros are left out of it, which is not to be zero', async (level) => {
    makedumpfile(['-E', '-d', String(level)], at('elf'), at('elf.again'))
    expect(compared(await open(at('elf.again')), whole)).toEqual(level === 0 ? { same: frames } : { same: filled, 'excluded, zeros': frames - filled })
  })

  test.each([['kdump-compressed', ['-c', '-d', '31'], present], ['kdump-compressed', ['-l', '-d', '1'], frames], ['elf', ['-E', '-d', '31'], filled]] as const)(
    'flattened: %s %j', async (format, options, pages) => {
      const source = pages === present ? original : at('elf')
      writeFileSync(at('flat'), execFileSync('makedumpfile', ['-F', ...options, source], { maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'pipe'] }))
      makedumpfile(options, source, at('plain'))
      const dump = await open(at('flat'))
      expect(dump).toMatchObject({ flattened: true, format })
      const { physical } = await open(at('plain'))
      const counts = compared(dump, Array.from({ length: physical.frames }, (_, frame) => copied(physical.page(frame))))
      expect(counts.same).toBe(pages)
      expect(Object.keys(counts).filter((key) => !['same', 'excluded, excluded', 'absent, absent'].includes(key))).toEqual([])
    })

  test('split, the parts in any order; without one of them, its pages are absent', async () => {
    const parts = ['a', 'b', 'c'].map(at)
    makedumpfile(['--split', '--splitblock-size', '16', '-l', '-d', '31'], at('elf'), ...parts)
    const shuffled = [parts[2], parts[0], parts[1]]
    expect(compared(await open(shuffled), given)).toEqual({ same: present, 'excluded, excluded': excluded, 'absent, absent': 16_384 })
    const warnings = new Warnings()
    const counts = compared(await openPhysical([parts[2], parts[0]], { warnings }), given)
    expect(counts['absent, page']).toBeGreaterThan(5000)
    expect(counts.same + counts['absent, page'] + (counts['absent, zeros'] ?? 0)).toBe(present)
    expect(counts['excluded, excluded']).toBe(excluded)
    expect(warnings.list().map(({ message }) => message)).toEqual([expect.stringMatching(/^a part of the split dump is missing: pages 0x[0-9a-f]+ to 0x[0-9a-f]+, 6,\d{3} of them dumped$/)])
  })
})

describe.skipIf(!hasEvidence)('forms that the builders write', () => {
  /** Some pages of the real dump, near and far. */
  async function somePages(packing: Packing): Promise<Map<number, KdumpPage>> {
    const dump = await openPhysical(original)
    const pages = new Map<number, KdumpPage>()
    for (const { start, end } of dump.physical.presentRuns()) {
      for (let frame = start; frame < end; frame++) if (frame % 23 === 0) pages.set(frame, { data: Uint8Array.from(dump.physical.page(frame) as Uint8Array), packing })
    }
    dump.close()
    return pages
  }

  test.each(packings)('pages of a real dump as %s, plain and flattened', async (packing) => {
    const pages = await somePages(packing)
    const file = kdumpFile(pages, { vmcoreinfo: 'OSRELEASE=6.1\nPAGESIZE=4096\n' })
    const half = file.length >> 1
    for (const bytes of [file, flattenedFile([[half, file.subarray(half)], [0, file.subarray(0, half)]])]) {
      const { physical } = await openPhysical(bytesOf('vmcore', bytes))
      let wrong = 0
      for (const [frame, { data }] of pages) {
        const page = physical.page(frame)
        if (typeof page === 'string' || Buffer.compare(page, data!) !== 0) wrong++
      }
      expect([pages.size > 500, wrong]).toEqual([true, 0])
    }
  })
  test('the real dump in pieces: cut off anywhere, the pages before the cut are read', async () => {
    const file = readFileSync(original)
    for (const bytes of [file.length - 1, file.length >> 1, 600_000]) {
      const warnings = new Warnings()
      const dump = await openPhysical(bytesOf('vmcore', file.subarray(0, bytes)), { warnings })
      const counts = compared(dump, given)
      expect(counts.different).toBeUndefined()
      expect(counts.same + (counts['absent, page'] ?? 0) + (counts['absent, zeros'] ?? 0)).toBe(present)
      expect(counts.same).toBeGreaterThanOrEqual(bytes > file.length >> 1 ? present - 1 : 1)
      expect(warnings.list().map(({ message }) => message)).toEqual([`vmcore: pages whose data lie behind the end of the file (${bytes} bytes)`])
    }
  })
})
