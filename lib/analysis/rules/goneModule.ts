import { readCString } from '../../memory/memory.js'
import { FaultError } from '../../errors.js'
import type { System } from '../../system/system.js'
import { formatCount } from '../../util/units.js'
import { hex } from '../../util/hex.js'
import { cacheEvidence } from '../cacheEvidence.js'
import { addressList, openCell } from '../cell.js'
import { droppedObjects, lostExamples, type GroupFacts, type LeakEvidence, type MachineFacts } from '../leakEvidence.js'
import { reached } from '../reachedItem.js'
import { findingOf, type Rule } from '../rule.js'
import type { SignatureWordRow } from '../signatures.js'
import type { Finding } from '../finding.js'

/** Fewer equal objects may be stale remains. */
const LEAST_OBJECTS = 16
/** Modules lie so near to the kernel that its calls reach them (x86-64: the last 2 GiB; arm64: 2 GiB around the image). */
const MODULE_RANGE = 2n ** 31n
const LONGEST_NAME = 56

/**
 * Objects that hold addresses where a module's code used to be: the module was unloaded and left them behind. Nobody will free them, and
 * whoever calls through them crashes.
 */
export const goneModule: Rule = {
  name: 'objects of a module that is gone',
  text: 'objects that point at module memory in which nothing is mapped any more',
  find: (evidence) => evidence.machines.flatMap((machine) => machine.groups.flatMap((facts) => {
    if (machine.system.kernel === undefined || facts.group.objects < LEAST_OBJECTS) return []
    const dangling = facts.words.filter((word) => isDangling(machine.system, word))
    return dangling.length === 0 ? [] : [accuse(evidence, machine, facts, dangling)]
  }))
}

/** Whether all objects hold the same address there, near the kernel's code, that no page stands behind. */
function isDangling({ kernel, symbols }: System, word: SignatureWordRow): boolean {
  if (word.value === null || word.symbol !== null || (word.class !== 'kernel pointer' && word.class !== 'module text' && word.class !== 'module data')) return false
  const address = BigInt(word.value)
  const text = symbols.named('_stext')[0]?.address ?? symbols.named('_text')[0]?.address
  if (text === undefined || kernel === undefined) return false
  const distance = address > text ? address - text : text - address
  return distance < MODULE_RANGE && kernel.physicalOf(address) === undefined
}

function accuse(evidence: LeakEvidence, machine: MachineFacts, facts: GroupFacts, dangling: readonly SignatureWordRow[]): Finding {
  const { cache, group, unreachable } = facts
  const examples = Array.from(lostExamples(facts, 3), hex)
  const name = lastUnloaded(machine.system)
  const module = name === '' ? 'a module that is gone' : `a module that is gone (${name} was unloaded last)`
  const lost = droppedObjects(facts) >= LEAST_OBJECTS
  return findingOf(facts, {
    verdict: lost ? 'leak' : 'maybe',
    confidence: lost ? 'certain' : 'likely',
    module: null,
    symbols: [],
    rule: goneModule.name,
    hypothesis: `${formatCount(group.objects)} objects in ${cache?.name ?? 'slab memory'} point at the code of ${module}, which left them behind.`,
    fix: `In the exit function of the module, free these objects before it returns${name === '' ? '' : ` (look at ${name} first)`}.`,
    evidence: [{
      text: `${formatCount(group.objects)} objects hold ${dangling.map(({ offset, value }) => `${value} at 0x${offset.toString(16)}`).join(', ')}: module memory in which nothing is mapped.`,
      addresses: examples,
      code: openCell(machine.files, (dump) => `words(${dump}, ${addressList(examples)})`)
    }, ...(unreachable === null ? [] : [reached(machine, facts, unreachable)]), ...cacheEvidence(evidence, cache?.name ?? null).items]
  })
}

/** The kernel remembers the name of the module that it unloaded last (kernel/module/main.c, kernel/module.c before v5.19); empty where none was. */
function lastUnloaded({ kernel, memory }: System): string {
  const address = kernel?.symbol('last_unloaded_module')
  if (address === undefined) return ''
  try {
    const name = readCString(memory, address, LONGEST_NAME)
    return /^\w+$/.test(name) ? name : ''
  } catch (error) {
    if (error instanceof FaultError) return ''
    throw error
  }
}
