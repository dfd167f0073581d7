import type { Rule } from '../rule.js'
import { growingCache } from './growingCache.js'
import { moduleCode } from './moduleCode.js'
import { seqOperations } from './seqOperations.js'
import { unreachableObjects } from './unreachableObjects.js'

/** All built-in rules. A rule further up explains more: what it says of a group's objects, the ones below need not say again. */
export const rules: readonly Rule[] = [seqOperations, unreachableObjects, moduleCode, growingCache]
