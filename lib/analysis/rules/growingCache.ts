import { formatBytes } from '../../util/units.js'
import { cacheEvidence, isMuchMore } from '../cacheEvidence.js'
import type { Finding } from '../finding.js'
import { kmallocSize } from '../kmallocFamily.js'
import type { LeakEvidence } from '../leakEvidence.js'
import type { System } from '../../system/system.js'
import type { Rule } from '../rule.js'

/**
 * A cache that grows and never gives back, or holds far more than on a machine where all is well: what slabinfo alone can say. It names a
 * cache, not yet the code.
 */
export const growingCache: Rule = {
  name: 'growing cache',
  text: 'a cache grows and gives nothing back, or holds at least twice of what it holds where all is well',
  find: (evidence) => accused(evidence).map((cache) => accuse(evidence, cache))
}

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

function accuse(evidence: LeakEvidence, cache: string): Finding {
  const { items, bytes } = cacheEvidence(evidence, cache)
  const difference = evidence.differences.find((row) => row.cache === cache && isMuchMore(row))
  const general = kmallocSize(cache) !== undefined
  return {
    verdict: 'maybe',
    confidence: 'weak',
    cache,
    type: null,
    objects: difference?.deltaObjects ?? null,
    bytes,
    retainedBytes: null,
    unreachable: null,
    module: null,
    symbols: [],
    rule: growingCache.name,
    hypothesis: `Objects of ${cache} are allocated and not freed${bytes === null ? '' : `: ${formatBytes(bytes)} so far`}.`,
    fix: general
      ? `Read what the objects of ${cache} hold: in crash, kmem -S ${cache} lists them, and slablab crash-script writes the commands that read them.`
      : `Look at who allocates from ${cache} and at what keeps its objects: a cache of one kind names its user.`,
    evidence: items
  }
}
