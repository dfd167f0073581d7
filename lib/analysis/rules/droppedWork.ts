import { readU64 } from '../../memory/memory.js'
import { FaultError } from '../../errors.js'
import type { BtfTypes } from '../../type/btfTypes.js'
import { isComposite, rawMember } from '../../type/members.js'
import { formatCount } from '../../util/units.js'
import { hex } from '../../util/hex.js'
import { addressList, openCell } from '../cell.js'
import { lostExamples } from '../leakEvidence.js'
import { lostFinding, lostGroups, namedObjects, type LostGroup } from '../lostObjects.js'
import type { Rule } from '../rule.js'

/** A member by which the kernel calls back into an object, and how it is called off. */
interface Callback {
  readonly struct: string
  readonly what: string
  readonly function: string
  readonly cancel: string
}

/** include/linux/workqueue.h, timer.h, hrtimer.h, interrupt.h. */
const callbacks: readonly Callback[] = [
  { struct: 'work_struct', what: 'work', function: 'func', cancel: 'cancel_work_sync()' },
  { struct: 'timer_list', what: 'timer', function: 'function', cancel: 'del_timer_sync() or timer_delete_sync()' },
  { struct: 'hrtimer', what: 'high-resolution timer', function: 'function', cancel: 'hrtimer_cancel()' },
  { struct: 'tasklet_struct', what: 'tasklet', function: 'func', cancel: 'tasklet_kill()' }
]
const DEEPEST = 3
/** Bit 0 of `work_struct.data`: queued and not begun (include/linux/workqueue.h, WORK_STRUCT_PENDING_BIT). */
const PENDING = 1n

interface Place extends Callback {
  readonly path: string
  readonly offset: number
  /** Of its function pointer. */
  readonly functionOffset: number
}

/**
 * Objects with a work or timer in them are freed by its function, or by who cancels it. Lost ones name that function: it is known which
 * code had them last.
 */
export const droppedWork: Rule = {
  name: 'owner of a work or timer dropped',
  text: 'objects that nothing refers to and that carry a work, timer or tasklet set up with a function',
  find: (evidence) => lostGroups(evidence).flatMap((lost) => {
    const types = lost.machine.system.types?.btf
    if (types === undefined || lost.type.id === null) return []
    const place = placesOf(types, lost.type.id).find(({ functionOffset }) => functionAt(lost, functionOffset) !== null)
    if (place === undefined) return []
    const name = functionAt(lost, place.functionOffset)!
    const { facts, facts: { cache }, machine, unreachable, type } = lost
    const examples = Array.from(lostExamples(facts, 3), hex)
    return [lostFinding(evidence, lost, {
      rule: droppedWork.name,
      hypothesis: `${formatCount(unreachable)} ${namedObjects(type)} in ${cache?.name ?? 'slab memory'} were allocated for a ${place.what} that calls ${name}, and the last reference to them was dropped without kfree.`,
      fix: `Free the object at the end of ${name}, or with ${place.cancel} where its owner lets it go.`,
      symbols: [name],
      items: [{
        text: `Their ${place.path} is a ${place.struct} that calls ${name}${stateOf(lost, place)}.`,
        addresses: examples,
        code: openCell(machine.files, (dump) => (type.type === null ? `words(${dump}, ${addressList(examples)})` : `(${dump}).read('${type.type}', '${examples[0]}')`))
      }]
    })]
  })
}

function functionAt({ facts }: LostGroup, offset: number): string | null {
  const word = facts.words.find((one) => one.offset === offset && (one.class === 'module text' || one.class === 'kernel text'))
  return word?.symbol ?? null
}

/** Callbacks embedded in a struct. */
function placesOf(types: BtfTypes, struct: number): Place[] {
  const { graph } = types
  const found: Place[] = []
  const walk = (id: number, base: number, prefix: string, depth: number): void => {
    for (let i = 0, length = graph.vlen(id); i < length; i++) {
      const member = rawMember(graph, id, i)
      const target = graph.strip(member.type)
      if (!isComposite(graph, target) || member.bits > 0) continue
      const offset = base + member.bitOffset / 8
      const path = [prefix, graph.string(member.nameOffset)].filter((part) => part !== '').join('.')
      const callback = callbacks.find((one) => one.struct === graph.name(target))
      const own = callback === undefined ? undefined : types.member(callback.struct, callback.function)
      if (callback !== undefined && own !== undefined) found.push({ ...callback, path, offset, functionOffset: offset + own.offset })
      else if (depth < DEEPEST) walk(target, offset, path, depth + 1)
    }
  }
  walk(struct, 0, '', 0)
  return found
}

/** Whether the kernel still means to call it, by the example; nothing where that is not known. */
function stateOf({ machine, facts }: LostGroup, place: Place): string {
  if (place.struct !== 'work_struct') return ''
  try {
    const data = readU64(machine.system.memory, lostExamples(facts, 1)[0] + BigInt(place.offset))
    return (data & PENDING) === 0n ? '; it is not queued: it has run, or never was to' : '; it is queued'
  } catch (error) {
    if (error instanceof FaultError) return ''
    throw error
  }
}
