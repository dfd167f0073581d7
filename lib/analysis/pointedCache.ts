import { readPointer } from '../memory/memory.js'
import type { System } from '../system/system.js'
import type { SignatureWord } from './signature.js'
import type { WordClass } from './wordClass.js'

/** Objects of a group whose pointers are followed. */
const samples = 12
/** So many of them must point into slabs, or into one cache. */
const agreement = 0.9

/**
 * What pointers into the direct map point at: slab objects of which cache. A few objects of the group are asked, spread evenly in address
 * order; the class becomes `slab pointer` where they agree.
 */
export function pointedCache(system: System): (word: SignatureWord, addresses: () => BigUint64Array) => { class: WordClass; cache: string | null } {
  const find = slabFinder(system)
  return (word, addresses) => {
    if (word.class !== 'direct map pointer' || find === undefined) return { class: word.class, cache: null }
    const caches = new Map<string | null, number>()
    let asked = 0
    let inSlabs = 0
    for (const value of word.value === null ? sampleValues(system, word, addresses()) : [word.value]) {
      asked++
      const name = find(value)
      if (name === undefined) continue
      inSlabs++
      caches.set(name, (caches.get(name) ?? 0) + 1)
    }
    if (asked === 0 || inSlabs < asked * agreement) return { class: word.class, cache: null }
    const [most] = [...caches].sort((a, b) => b[1] - a[1])
    return { class: 'slab pointer', cache: most[1] >= asked * agreement ? most[0] : null }
  }
}

function sampleValues(system: System, word: SignatureWord, addresses: BigUint64Array): bigint[] {
  const step = Math.max(1, Math.floor(addresses.length / samples))
  const values: bigint[] = []
  for (let i = 0; i < addresses.length && values.length < samples; i += step) {
    const address = addresses[i] + BigInt(word.offset)
    if (typeof system.memory.tryRead(address, system.memory.pointerBytes) === 'string') continue
    const value = readPointer(system.memory, address)
    if (value !== 0n) values.push(value)
  }
  return values
}

/** The name of the cache whose slab holds an address (null where the slab is known and the cache is not); undefined where none does. */
function slabFinder(system: System): ((address: bigint) => string | null | undefined) | undefined {
  const { slabs } = system
  if (slabs !== undefined) {
    return (address) => {
      const place = slabs.find(address)
      return place === undefined ? undefined : place.cache.name
    }
  }
  const objects = system.objects()
  const known = new Map<bigint, { end: bigint; cache: string | null }>()
  for (let i = 0; i < objects.length; i++) {
    const start = objects.slabs[objects.slab[i]]
    if (start === undefined || known.has(start)) continue
    const cache = objects.caches[objects.cache[i]]
    if (cache?.slabBytes != null) known.set(start, { end: start + BigInt(cache.slabBytes), cache: cache.name })
  }
  if (known.size === 0) return undefined
  const starts = BigUint64Array.from(known.keys()).sort()
  return (address) => {
    let low = 0
    let high = starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (starts[middle] <= address) low = middle + 1
      else high = middle
    }
    const slab = low === 0 ? undefined : known.get(starts[low - 1])
    return slab === undefined || address >= slab.end ? undefined : slab.cache
  }
}
