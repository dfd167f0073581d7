import { membersAt } from '../../type/memberAt.js'
import { findMember } from '../../type/members.js'
import type { TypeGraph } from '../../type/typeGraph.js'
import { formatCount } from '../../util/units.js'
import { hex } from '../../util/hex.js'
import { addressList, openCell } from '../cell.js'
import { lostExamples } from '../leakEvidence.js'
import { lostFinding, lostGroups, namedObjects } from '../lostObjects.js'
import type { Rule } from '../rule.js'

/** Whoever waits is on a list of these: that nobody does is no news (include/linux/completion.h, wait.h, swait.h, mutex.h, rwsem.h, semaphore.h). */
const waitedFor = new Set(['completion', 'wait_queue_head', 'swait_queue_head', 'mutex', 'ww_mutex', 'rt_mutex', 'rt_mutex_base', 'rw_semaphore', 'percpu_rw_semaphore', 'semaphore'])

/**
 * A list head that points at itself is what list_del_init() leaves, or INIT_LIST_HEAD(): the object was taken off its list, or never put on
 * it, and was forgotten instead of freed.
 */
export const unlinkedEntries: Rule = {
  name: 'list entry taken off and not freed',
  text: 'objects that nothing refers to and whose list heads point at themselves',
  find: (evidence) => lostGroups(evidence).flatMap((lost) => {
    const { facts, facts: { cache, words }, machine, unreachable, type } = lost
    const heads = words.filter((word) => word.class === 'empty list head' && !isWaitList(machine.system.types?.btf?.graph, type.id, word.offset))
    if (heads.length === 0) return []
    const examples = Array.from(lostExamples(facts, 3), hex)
    const code = words.find((word) => (word.class === 'module text' || word.class === 'kernel text') && word.symbol !== null)
    const named = namedObjects(type)
    return [lostFinding(evidence, lost, {
      rule: unlinkedEntries.name,
      hypothesis: `${formatCount(unreachable)} ${named} in ${cache?.name ?? 'slab memory'} are on no list: they were taken off, or never put on one, and not freed.`,
      fix: `Where ${code === undefined ? `code takes ${named} off a list` : `the code that stores ${code.symbol} takes them off their list`} (list_del_init), free them, or hand them to who does.`,
      items: [{
        text: `Their list heads at ${heads.map(({ offset }) => `0x${offset.toString(16)}`).join(', ')} point at themselves.`,
        addresses: examples,
        code: openCell(machine.files, (dump) => `words(${dump}, ${addressList(examples)})`)
      }]
    })]
  })
}

/** Whether the list head at an offset of a struct is that of something to wait for. */
function isWaitList(graph: TypeGraph | undefined, struct: number | null, offset: number): boolean {
  if (graph === undefined || struct === null) return false
  const head = membersAt(graph, struct, offset).at(-1)?.path.split('.') ?? []
  return head.some((_, depth) => {
    const member = findMember(graph, struct, head.slice(0, depth).join('.'))
    return member !== undefined && waitedFor.has(graph.name(graph.strip(member.type)))
  })
}
