import { UsageError } from '../errors.js'
import { didYouMean } from '../util/nearNames.js'
import type { SlabCache } from './model.js'

/** What is wrong with a name that none of the caches has, with names that it may mean. */
export function noSuchCache(name: string, caches: readonly SlabCache[]): UsageError {
  return new UsageError(`no cache named ${name}${didYouMean(name, caches.flatMap((cache) => [cache.name, ...cache.aliases]))}`)
}
