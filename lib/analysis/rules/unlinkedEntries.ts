import { formatCount } from '../../util/units.js'
import { hex } from '../../util/hex.js'
import { addressList, openCell } from '../cell.js'
import { lostExamples } from '../leakEvidence.js'
import { lostFinding, lostGroups, namedObjects } from '../lostObjects.js'
import type { Rule } from '../rule.js'

/**
 * A list head that points at itself is what list_del_init() leaves, or INIT_LIST_HEAD(): the object was taken off its list, or never put on
 * it, and was forgotten instead of freed.
 */
export const unlinkedEntries: Rule = {
  name: 'list entry taken off and not freed',
  text: 'objects that nothing refers to and whose list heads point at themselves',
  find: (evidence) => lostGroups(evidence).flatMap((lost) => {
    const { facts, facts: { cache, words }, machine, unreachable, type } = lost
    const heads = words.filter((word) => word.class === 'empty list head')
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
