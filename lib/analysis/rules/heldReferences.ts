import { FaultError } from '../../errors.js'
import { StructReader } from '../../slab/structReader.js'
import { formatCount } from '../../util/units.js'
import { hex } from '../../util/hex.js'
import { openCell } from '../cell.js'
import { countedStruct, type CountedStruct } from '../countedStructs.js'
import { lostExamples } from '../leakEvidence.js'
import { lostFinding, lostGroups, type LostGroup } from '../lostObjects.js'
import type { Rule } from '../rule.js'

const SHOWN = 3

/** Objects with a reference count that is not zero though nothing refers to them: a reference was taken and never given back. */
export const heldReferences: Rule = {
  name: 'reference not given back',
  text: 'cred, pid, file, dentry and other counted objects that nothing refers to though their count says that somebody does',
  find: (evidence) => lostGroups(evidence).flatMap((lost) => {
    const kind = countedStruct(lost.type, lost.machine.system.types?.btf?.graph)
    const counts = kind === undefined ? [] : countsOf(lost, kind)
    if (kind === undefined || counts.every(({ count }) => count === 0)) return []
    const { facts: { cache }, machine, unreachable } = lost
    return [lostFinding(evidence, lost, {
      rule: heldReferences.name,
      hypothesis: `${formatCount(unreachable)} struct ${kind.struct} in ${cache?.name ?? 'slab memory'} are counted as in use and nothing refers to them: references were taken and not given back.`,
      fix: `Find the code that calls ${kind.take} and keeps no pointer, and give the reference back with ${kind.put} on every way out.`,
      items: [{
        text: `Their reference count is ${counts.map(({ count }) => formatCount(count)).join(', ')}, and no memory holds their addresses.`,
        addresses: counts.map(({ address }) => hex(address)),
        code: openCell(machine.files, (dump) => `(${dump}).read('${kind.struct}', '${hex(counts[0].address)}')`)
      }]
    })]
  })
}

function countsOf({ machine: { system }, facts }: LostGroup, kind: CountedStruct): { address: bigint; count: number }[] {
  if (system.types === undefined) return []
  const reader = new StructReader(system.memory, system.types, kind.struct)
  const member = reader.spelled(...kind.counts)
  if (member === undefined) return []
  return [...lostExamples(facts, SHOWN)].flatMap((address) => {
    try {
      return [{ address, count: reader.number(address, member) + (member === kind.oneLess ? 1 : 0) }]
    } catch (error) {
      if (error instanceof FaultError) return []
      throw error
    }
  })
}
