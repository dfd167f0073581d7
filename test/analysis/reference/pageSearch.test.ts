import { expect, test } from 'vitest'
import type { ObjectIndex } from '../../../lib/analysis/reference/objectIndex.js'
import { plainObjectSearch, plainRangeSearch } from '../../../lib/analysis/reference/pageSearch.js'
import { readLiveWords } from '../../../lib/analysis/reference/readReferences.js'
import { wasmObjectSearch, wasmRangeSearch } from '../../../lib/analysis/reference/wasmSearch.js'
import { scanPages } from '../../../lib/memory/scanPages.js'
import { openVmcore } from '../../../lib/system/openVmcore.js'
import { describeEvidence, evidence } from '../../evidence.js'

/** Words at the borders of slots, payloads, slabs and of the direct map, with and without tags. */
function borderWords(index: ObjectIndex): BigUint64Array {
  const { objects } = index
  const words: bigint[] = [0n, index.start - 1n, index.start, index.start + BigInt(index.endPhysical), (1n << 64n) - 1n]
  for (let i = 0; words.length < 500; i = (i + 104_729) % objects.length) {
    const start = objects.address[i]
    const bytes = BigInt(index.payloadBytes(i))
    for (const word of [start - 1n, start, start + bytes - 1n, start + bytes]) words.push(word, (word & ~(0xffn << 56n)) | (0x5an << 56n))
  }
  return BigUint64Array.from(words.slice(0, 512))
}

describeEvidence.each(['arm64-slab', 'x86_64-slub'])('pointers in the pages of %s', (dataset) => {
  test('are the same by WebAssembly and without', async () => {
    const system = await openVmcore(evidence(dataset, 'vmcore'))
    const { index } = readLiveWords(system)
    const fast = wasmObjectSearch(index)!
    expect(fast, 'the module is made by the build').toBeDefined()
    const plain = plainObjectSearch(index)
    const start = index.objects.address[Math.floor(index.objects.length / 2)]
    const range = { start, end: start + 0x2000n }
    const fastRange = wasmRangeSearch(range, index.tagged)!
    const plainRange = plainRangeSearch(range, index.tagged)
    let pointers = 0
    let inRange = 0
    const compare = (frame: number, page: Uint8Array): void => {
      const at = frame * system.kernel.pageBytes
      const found = plain.find(page, at)
      expect(fast.find(page, at)).toBe(found)
      if (Buffer.compare(Buffer.from(fast.words.slice(0, found).buffer), Buffer.from(plain.words.slice(0, found).buffer)) !== 0) throw new Error('other words')
      if (Buffer.compare(Buffer.from(fast.objects.slice(0, found).buffer), Buffer.from(plain.objects.slice(0, found).buffer)) !== 0) throw new Error('other objects')
      pointers += found
      const words = new BigUint64Array(page.buffer, page.byteOffset, page.byteLength / 8)
      const near = [...plainRange.words.subarray(0, plainRange.find(page))].filter((word) => {
        const value = index.tagged && (words[word / 2] & (1n << 55n)) !== 0n ? words[word / 2] | (0xffn << 56n) : words[word / 2]
        return value >= range.start && value < range.end
      })
      expect([...fastRange.words.subarray(0, fastRange.find(page))]).toEqual(near)
      inRange += near.length
    }
    compare(0, new Uint8Array(borderWords(index).buffer))
    expect(pointers).toBeGreaterThan(50)
    await scanPages(system.kernel.physical, (frame, page) => compare(frame, page))
    expect(pointers).toBeGreaterThan(50_000)
    expect(inRange).toBeGreaterThan(0)
    system.close()
  })
})

test('words of a range that lies over a multiple of 4 GiB are found, and none beside it', () => {
  const start = 0xffff_8880_ffff_f000n
  const end = start + 0x2000n
  const near = [start - 1n, start, 0xffff_8881_0000_0000n, end - 1n, end, start - (1n << 32n), end + (1n << 32n), 0n, 0xffff_8881_0000_0010n]
  const page = BigUint64Array.from({ length: 512 }, (_, i) => near[i % near.length])
  const search = wasmRangeSearch({ start, end }, false)!
  const found = [...search.words.subarray(0, search.find(new Uint8Array(page.buffer)))].map((word) => word / 2)
  expect(found).toEqual([...page.keys()].filter((i) => page[i] >= start && page[i] < end))
})
