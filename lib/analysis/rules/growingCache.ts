import { typeText } from '../../util/typeText.js'
import { formatBytes } from '../../util/units.js'
import { cacheContents } from '../cacheContents.js'
import { cacheEvidence, isMuchMore } from '../cacheEvidence.js'
import type { Finding } from '../finding.js'
import { kmallocSize } from '../kmallocFamily.js'
import type { LeakEvidence } from '../leakEvidence.js'
import type { System } from '../../system/system.js'
import type { Rule } from '../rule.js'

/**
 * A cache that grows and never gives back, or holds far more than on a machine where all is well: what slabinfo alone can say. It names a
 * cache, not yet the code; a dump beside it tells what is in the cache and what keeps that alive.
 */
export const growingCache: Rule = {
  name: 'growing cache',
  text: 'a cache grows and gives nothing back, or holds at least twice of what it holds where all is well',
  async find(evidence) {
    const found: Finding[] = []
    for (const cache of accused(evidence)) found.push(await accuse(evidence, cache, found.length < MOST_LOOKED_INTO))
    return found
  }
}

/** Caches of which a dump is asked what is in them and what keeps it alive: each costs some passes over all references. */
const MOST_LOOKED_INTO = 4

/** Part of a cache's objects that must be in use where a dump tells which are: slabinfo of SLAB counts those that CPUs keep in store as active. */
const LEAST_IN_USE = 0.5

function accused({ growth, differences, machines }: LeakEvidence): string[] {
  const caches = new Set<string>()
  for (const { cache, verdict, reclaimable } of growth) if (verdict === 'growing' && reclaimable !== true) caches.add(cache)
  // Where a series tells how a cache moves, two of its points tell nothing more.
  const known = new Set(growth.filter(({ verdict }) => verdict !== 'unknown').map(({ cache }) => cache))
  for (const row of differences) if (!known.has(row.cache) && isMuchMore(row)) caches.add(row.cache)
  return [...caches].filter((cache) => !machines.some(({ system }) => isInStore(system, cache)))
}

/** Whether a dump shows that most objects of a cache are free or kept in store for the next who asks: then it did not grow by what is in use. */
function isInStore(system: System, cache: string): boolean {
  const { allocated, total } = system.caches().find(({ name, aliases }) => name === cache || aliases.includes(cache)) ?? { allocated: null, total: null }
  return allocated !== null && total !== null && allocated < total * LEAST_IN_USE
}

async function accuse(evidence: LeakEvidence, cache: string, isLookedInto: boolean): Promise<Finding> {
  const { items, bytes } = cacheEvidence(evidence, cache)
  const difference = evidence.differences.find((row) => row.cache === cache && isMuchMore(row))
  // Of several dumps the last one shows most of what grew.
  const machine = isLookedInto ? evidence.machines.findLast(({ system }) => system.caches().some(({ name, aliases }) => name === cache || aliases.includes(cache))) : undefined
  const contents = machine === undefined ? undefined : await cacheContents(machine, cache)
  const type = contents?.type?.type ?? null
  const keeper = contents?.holder?.name ?? contents?.place
  return {
    verdict: 'maybe',
    confidence: type !== null && contents?.holder !== undefined ? 'likely' : 'weak',
    cache,
    type,
    objects: contents?.objects ?? difference?.deltaObjects ?? null,
    bytes,
    retainedBytes: null,
    unreachable: contents?.unreachable ?? null,
    module: contents?.holder?.module ?? (contents?.type?.id == null ? null : machine?.system.types?.btf?.graph.moduleOf(contents.type.id) ?? null),
    symbols: contents?.holder === undefined ? [] : [contents.holder.name],
    rule: growingCache.name,
    hypothesis: `Objects of ${cache} are allocated and not freed${bytes === null ? '' : `: ${formatBytes(bytes)} so far`}.`,
    fix: fixOf(cache, type, keeper, contents !== undefined),
    evidence: [...(contents?.items ?? []), ...items]
  }
}

function fixOf(cache: string, type: string | null, keeper: string | undefined, hasDump: boolean): string {
  if (keeper !== undefined) return `Look at who lets ${keeper} refer to ${type === null ? `objects of ${cache}` : typeText(type)}, and when they are to be taken off and freed.`
  if (type !== null) return `Look at who allocates ${typeText(type)} from ${cache}, and when they are to be freed.`
  if (kmallocSize(cache) === undefined) return `Look at who allocates from ${cache} and at what keeps its objects: a cache of one kind names its user.`
  return hasDump ? `Read what the objects of ${cache} hold: slablab signatures --cache ${cache} sorts them by it.`
    : `Read what the objects of ${cache} hold: in crash, kmem -S ${cache} lists them, and slablab crash-script writes the commands that read them.`
}
