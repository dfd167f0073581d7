import type { Rule } from '../rule.js'
import { droppedWork } from './droppedWork.js'
import { forgottenText } from './forgottenText.js'
import { globalList } from './globalList.js'
import { goneModule } from './goneModule.js'
import { growingCache } from './growingCache.js'
import { heldReferences } from './heldReferences.js'
import { moduleCode } from './moduleCode.js'
import { removedCgroups } from './removedCgroups.js'
import { seqOperations } from './seqOperations.js'
import { unlinkedEntries } from './unlinkedEntries.js'
import { unreachableObjects } from './unreachableObjects.js'

/** All built-in rules. A rule further up explains more: what it says of a group's objects, the ones below need not say again. */
export const rules: readonly Rule[] = [
  seqOperations, goneModule, heldReferences, droppedWork, unlinkedEntries, forgottenText, unreachableObjects, globalList, removedCgroups, moduleCode, growingCache
]
