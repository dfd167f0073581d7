import { formatCount } from '../../util/units.js'
import { lostFinding, lostGroups, namedObjects } from '../lostObjects.js'
import type { Rule } from '../rule.js'

/** Objects of one kind to which no chain of references leads from the kernel's memory: nobody can free them any more. */
export const unreachableObjects: Rule = {
  name: 'objects that nothing refers to',
  text: 'many objects of one kind that no chain of references leads to from the kernel\'s own memory',
  find: (evidence) => lostGroups(evidence).map((lost) => {
    const { facts: { cache, words }, unreachable, type } = lost
    const named = namedObjects(type)
    const where = cache?.name ?? 'slab memory'
    const code = words.find((word) => (word.class === 'module text' || word.class === 'kernel text') && word.symbol !== null)
    return lostFinding(evidence, lost, {
      rule: unreachableObjects.name,
      hypothesis: `${formatCount(unreachable)} ${named} in ${where} were allocated, and the last reference to them was dropped without kfree.`,
      fix: code !== undefined
        ? `Look for the code that sets these objects up (it stores ${code.symbol}), and at each way on which it drops its pointer to them.`
        : `Look for the code that allocates ${named} from ${where}, and at each way on which it drops its pointer to them.`
    })
  })
}
