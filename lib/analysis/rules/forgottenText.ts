import { readCString } from '../../memory/memory.js'
import { FaultError } from '../../errors.js'
import { formatCount } from '../../util/units.js'
import { hex } from '../../util/hex.js'
import { visible } from '../../util/visible.js'
import { addressList, openCell } from '../cell.js'
import { lostExamples } from '../leakEvidence.js'
import { lostFinding, lostGroups, type LostGroup } from '../lostObjects.js'
import type { Rule } from '../rule.js'

/** Texts that are shown, and how much of each. */
const SHOWN = 3
const LONGEST = 64

/** Names and other texts (kstrdup, kasprintf, kmemdup_nul) that outlived what they belonged to: they name it themselves. */
export const forgottenText: Rule = {
  name: 'names not freed with their owner',
  text: 'texts that nothing refers to',
  find: (evidence) => lostGroups(evidence).flatMap((lost) => {
    if (!isText(lost)) return []
    const { facts, facts: { cache }, machine, unreachable } = lost
    const examples = lostExamples(facts, SHOWN)
    const texts = [...examples].map((address) => textAt(lost, address)).filter((text) => text !== '')
    const shown = Array.from(examples, hex)
    return [lostFinding(evidence, lost, {
      rule: forgottenText.name,
      hypothesis: `${formatCount(unreachable)} texts in ${cache?.name ?? 'slab memory'} (such as “${texts[0] ?? ''}”) were allocated, and whoever held them let go of them without freeing them.`,
      fix: 'Find who makes such a text (kstrdup, kasprintf, kmemdup_nul), and free it where its owner is freed.',
      items: [{
        text: `They read ${texts.map((text) => `“${text}”`).join(', ')}.`, addresses: shown,
        code: openCell(machine.files, (dump) => `hexdump(${dump}, ${addressList(shown)})`)
      }]
    })]
  })
}

function isText({ type, facts: { words } }: LostGroup): boolean {
  if (type.type !== null) return type.type === 'char[]'
  const told = words.filter((word) => word.class !== 'zero' && word.class !== 'missing')
  return told.length > 0 && told[0].offset === 0 && told.every((word, i) => word.class === 'ascii' || (i > 0 && i === told.length - 1))
}

function textAt({ machine }: LostGroup, address: bigint): string {
  try {
    return visible(readCString(machine.system.memory, address, LONGEST))
  } catch (error) {
    if (error instanceof FaultError) return ''
    throw error
  }
}
