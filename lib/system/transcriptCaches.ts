import type { CacheStatement, CrashTranscript } from '../source/crash/crashTranscript.js'
import type { Place } from '../source/crash/words.js'
import type { SlabCache } from '../slab/model.js'
import { formatCount } from '../util/units.js'
import type { Disagreement } from './disagreement.js'

/** The caches of a transcript, and which statement speaks of which. */
export interface TranscriptCaches {
  readonly caches: readonly SlabCache[]
  /** For each cache statement: its index in `caches`. */
  readonly ofStatement: Uint32Array
  readonly disagreements: readonly Disagreement[]
}

const compared = ['objectBytes', 'allocated', 'total', 'slabs', 'slabBytes'] as const

/**
 * One cache for each address (or name, where no address is shown), with the numbers of the last statement that shows any. Statements that
 * differ are kept as disagreements: a live system moved on, or the transcript shows two machines.
 *
 * @param slotBytes distance between the cache's objects, where the listings show it
 */
export function transcriptCaches(transcript: CrashTranscript, slotBytes: (cache: number) => number | null): TranscriptCaches {
  const groups = new Map<string, CacheStatement[]>()
  const keys = keysOf(transcript.caches)
  transcript.caches.forEach((statement, i) => {
    const group = groups.get(keys[i])
    if (group === undefined) groups.set(keys[i], [statement])
    else group.push(statement)
  })
  const index = new Map([...groups.keys()].map((key, i) => [key, i]))
  const disagreements = [...groups.values()].flatMap(disagreementsOf)
  const caches = [...groups.values()].map((statements, cache) => merged(statements, slotBytes(cache)))
  return { caches, ofStatement: Uint32Array.from(keys, (key) => index.get(key)!), disagreements }
}

/** For each statement: what tells its cache from others. A name without an address means the cache of that name, where there is one. */
function keysOf(statements: readonly CacheStatement[]): string[] {
  const byName = new Map<string, bigint>()
  for (const { name, address } of statements) if (address !== null && !byName.has(name)) byName.set(name, address)
  return statements.map(({ name, address }) => `${address ?? byName.get(name) ?? ''} ${name}`)
}

function merged(statements: readonly CacheStatement[], slotBytes: number | null): SlabCache {
  const last = <K extends typeof compared[number]>(key: K): number | null => statements.findLast((statement) => statement[key] !== null)?.[key] ?? null
  const slabs = last('slabs')
  const slabBytes = last('slabBytes')
  return {
    name: statements[0].name,
    address: statements.find(({ address }) => address !== null)?.address ?? null,
    objectBytes: last('objectBytes'),
    slotBytes,
    allocated: last('allocated'),
    total: last('total'),
    slabs,
    slabBytes,
    bytes: slabs === null || slabBytes === null ? null : slabs * slabBytes,
    aliases: [],
    reclaimable: null
  }
}

function disagreementsOf(statements: readonly CacheStatement[]): Disagreement[] {
  return compared.flatMap((key) => {
    const shown = statements.filter((statement) => statement[key] !== null)
    if (new Set(shown.map((statement) => statement[key])).size < 2) return []
    return [{
      subject: `${shown[0].name} ${key}`,
      statements: shown.map((statement) => ({ value: formatCount(statement[key]!), place: placeText(statement.place) }))
    }]
  })
}

/** `session.txt:7` */
export function placeText({ file, line }: Place): string {
  return `${file}:${line}`
}
