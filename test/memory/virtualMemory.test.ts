import { describe, expect, test } from 'vitest'
import { X86PageWalk } from '../../lib/memory/arch/x86_64.js'
import { readBytes, readU64 } from '../../lib/memory/memory.js'
import { VirtualMemory } from '../../lib/memory/virtualMemory.js'
import { randomFrom } from '../builders/random.js'
import { PageTables, x86Shape } from '../builders/pageTables.js'
import { SparseMemory } from '../builders/sparseMemory.js'

const root = 0x100000
const vmalloc = 0xffffc90000000000n

function machine(): { physical: SparseMemory; tables: PageTables; memory: VirtualMemory } {
  const physical = new SparseMemory()
  const tables = new PageTables(physical, x86Shape(4), root)
  return { physical, tables, memory: new VirtualMemory(physical, new X86PageWalk(physical, { root, levels: 4, smeMask: 0n })) }
}

/** Pages side by side in addresses and scattered in memory, filled with their own numbers. */
function scattered(pages: number): ReturnType<typeof machine> & { content: Uint8Array } {
  const made = machine()
  const content = new Uint8Array(pages * 4096)
  const random = randomFrom(7)
  for (let i = 0; i < content.length; i++) content[i] = Math.floor(random() * 256)
  for (let page = 0; page < pages; page++) {
    const frame = 0x5000 + ((page * 37) % pages)
    made.tables.map(vmalloc + BigInt(page * 4096), frame * 4096)
    made.physical.write(frame * 4096, content.subarray(page * 4096, (page + 1) * 4096))
  }
  return { ...made, content }
}

describe('reading', () => {
  test('goes over page borders, in pages that lie apart', () => {
    const { memory, content } = scattered(5)
    for (const [at, bytes] of [[0, 1], [4095, 2], [4000, 300], [100, 3 * 4096], [5 * 4096 - 1, 1]]) {
      expect(memory.tryRead(vmalloc + BigInt(at), bytes)).toEqual(content.slice(at, at + bytes))
    }
    expect(readU64(memory, vmalloc + 4092n)).toBe(new DataView(content.buffer).getBigUint64(4092, true))
  })

  test('is all or nothing: the first missing page tells why', () => {
    const { memory, physical, tables } = scattered(2)
    expect(memory.tryRead(vmalloc + 8190n, 3)).toBe('unmapped')
    tables.map(vmalloc + 8192n, 0x9000 * 4096)
    expect(memory.tryRead(vmalloc + 8190n, 3)).toBe('absent')
    physical.faults.set(0x9000, 'excluded')
    expect(memory.tryRead(vmalloc + 8190n, 3)).toBe('excluded')
    physical.faults.set(0x9000, 'corrupt')
    expect(() => readBytes(memory, vmalloc + 8192n, 8, 'struct page')).toThrow('struct page at 0xffffc90000002000: its page does not decompress')
    expect(memory.tryRead(vmalloc + 8191n, 1)).toBeInstanceOf(Uint8Array)
  })

  test('a page of zeros is a page', () => {
    const { memory, physical, tables } = machine()
    tables.map(vmalloc, 0x4000)
    physical.frame(4)
    expect(memory.tryRead(vmalloc, 16)).toEqual(new Uint8Array(16))
  })

  test('ends at the end of the address space, and nowhere before', () => {
    const { memory, physical, tables } = machine()
    tables.map(0xfffffffffffff000n, 0x4000)
    physical.frame(4).fill(7)
    expect(memory.tryRead(0xfffffffffffffffen, 2)).toEqual(new Uint8Array([7, 7]))
    expect(memory.tryRead(0xfffffffffffffffen, 3)).toBe('unmapped')
    expect(memory.tryRead(0xffffffff00000000n - 1n, 2)).toBe('unmapped')
  })

  test('what is returned is the caller\'s own', () => {
    const { memory } = scattered(1)
    const first = readBytes(memory, vmalloc, 8)
    first.fill(0)
    expect(readBytes(memory, vmalloc, 8)).not.toEqual(first)
  })

  test('translations are kept: a page table is read once', () => {
    const { memory, physical } = scattered(1)
    readBytes(memory, vmalloc, 8)
    const before = physical.reads
    for (let i = 0; i < 100; i++) readBytes(memory, vmalloc + BigInt(i * 8), 8)
    expect(physical.reads - before).toBe(100)
  })

  test('user and kernel addresses that share their low bits are told apart', () => {
    const { memory, physical, tables } = machine()
    tables.map(vmalloc, 0x4000).map(vmalloc & 0x00007fffffffffffn, 0x5000)
    physical.frame(4).fill(1)
    physical.frame(5).fill(2)
    expect(memory.tryRead(vmalloc, 1)).toEqual(new Uint8Array([1]))
    expect(memory.tryRead(vmalloc & 0x00007fffffffffffn, 1)).toEqual(new Uint8Array([2]))
  })
})

describe('readMany', () => {
  test.each([8, 32, 96, 200, 5000])('gives what single reads give, %i bytes at a time', (bytes) => {
    const { memory, physical } = scattered(40)
    physical.faults.set(0x5000 + 3, 'excluded')
    const random = randomFrom(bytes)
    const addresses = BigUint64Array.from({ length: 500 }, () => vmalloc + BigInt(Math.floor(random() * 42 * 4096)))
    addresses.sort()
    const out = new Uint8Array(addresses.length * bytes).fill(0xee)
    const present = new Uint8Array(addresses.length).fill(9)
    memory.readMany(addresses, bytes, out, present)
    let missing = 0
    addresses.forEach((address, i) => {
      const single = memory.tryRead(address, bytes)
      expect(present[i]).toBe(typeof single === 'string' ? 0 : 1)
      const expected = typeof single === 'string' ? new Uint8Array(bytes) : single
      expect(Buffer.compare(out.subarray(i * bytes, (i + 1) * bytes), expected)).toBe(0)
      if (typeof single === 'string') missing++
    })
    expect(missing).toBeGreaterThan(0)
    expect(missing).toBeLessThan(500)
  })

  test('reads a page once for all objects in it', () => {
    const { memory, physical } = scattered(4)
    const addresses = BigUint64Array.from({ length: 4 * 128 }, (_, i) => vmalloc + BigInt(i * 32))
    memory.readMany(addresses, 32, new Uint8Array(512 * 32), new Uint8Array(512))
    const before = physical.reads
    memory.readMany(addresses, 32, new Uint8Array(512 * 32), new Uint8Array(512))
    expect(physical.reads - before).toBe(4)
  })
})

describe('the direct map', () => {
  const start = 0xffff888000000000n

  test('is arithmetic once it is known: no page table is touched', () => {
    const { memory, physical } = machine()
    physical.frame(0x200).fill(5)
    expect(memory.tryRead(start + 0x200000n, 1)).toBe('unmapped')
    memory.useDirectMap({ start, end: start + 0x10000000n, physical: 0 })
    const before = physical.reads
    expect(memory.tryRead(start + 0x200000n, 1)).toEqual(new Uint8Array([5]))
    expect(physical.reads - before).toBe(1)
    expect(memory.translate(start + 0x10000000n)).toBe('unmapped')
    expect(memory.tryRead(start + 0x300000n, 1)).toBe('absent')
  })

  test('may start at memory far up', () => {
    const { memory } = machine()
    memory.useDirectMap({ start: 0xffff9d1ec0210000n, end: 0xffff9d1ecc000000n, physical: 0x40210000 })
    expect(memory.translate(0xffff9d1ec1d4e280n)).toBe(0x41d4e280)
    expect(memory.translate(0xffff9d1ec0000000n)).toBe('unmapped')
  })
})

describe('the kernel image', () => {
  const image = { start: 0xffffffff81000000n, end: 0xffffffff82000000n, physical: 0x7000000 }

  test('is read by arithmetic where its page tables were left out, not where they map nothing', () => {
    const physical = new SparseMemory()
    const tables = new PageTables(physical, x86Shape(4), root)
    const walk = new X86PageWalk(physical, { root, levels: 4, smeMask: 0n })
    tables.map(0xffffffff81000000n, 0x7000000)
    physical.frame(0x7001).fill(3)
    const memory = new VirtualMemory(physical, walk, { image })
    expect(memory.tryRead(0xffffffff81001000n, 1)).toBe('unmapped')
    physical.faults.set(Math.floor(tables.entry(0xffffffff81001000n, 1) / 4096), 'excluded')
    const other = new VirtualMemory(physical, walk, { image })
    expect(other.tryRead(0xffffffff81001000n, 1)).toEqual(new Uint8Array([3]))
    expect(other.tryRead(0xffffffff82000000n, 1)).toBe('unmapped')
    expect(other.tryRead(0xffffc90000000000n, 1)).toBe('unmapped')
  })
})
