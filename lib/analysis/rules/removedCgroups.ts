import { FaultError } from '../../errors.js'
import { readPointer } from '../../memory/memory.js'
import { StructReader } from '../../slab/structReader.js'
import type { System } from '../../system/system.js'
import { hex } from '../../util/hex.js'
import { formatBytes, formatCount } from '../../util/units.js'
import { cacheEvidence } from '../cacheEvidence.js'
import { openCell } from '../cell.js'
import { cgroupCharges, chargesItem } from '../cgroupCharges.js'
import type { Finding } from '../finding.js'
import { droppedObjects, type GroupFacts, type LeakEvidence, type MachineFacts } from '../leakEvidence.js'
import { namedObjects } from '../lostObjects.js'
import { reclaimableByName } from '../reclaimable.js'
import { findingOf, type Rule } from '../rule.js'
import { groupType } from '../typing.js'

/** Memory that outlives its cgroup is ordinary (a file in tmpfs, a BPF map); so much of one kind is worth a look. */
const LEAST_BYTES = 1 << 20
/** Every machine with services or containers keeps some removed cgroups for the pages that they read. */
const LEAST_CGROUPS = 1000
/** What has a rule of its own from so many on. */
const LEAST_LOST = 16

/**
 * Memory is charged to cgroups, and what is charged keeps a removed cgroup in memory. Objects whose cgroup is gone were allocated on behalf of
 * processes that are gone, and something holds them that should have ended with those.
 */
export const removedCgroups: Rule = {
  name: 'owner is a removed cgroup',
  text: 'memory that is charged to cgroups which were removed, and removed cgroups that are kept by what is charged to them',
  find: (evidence) => evidence.machines.flatMap((machine) => [...outliving(evidence, machine), ...kept(machine)])
}

function outliving(evidence: LeakEvidence, machine: MachineFacts): Finding[] {
  return machine.groups.flatMap((facts) => {
    const { cache, group, signatures } = facts
    const slotBytes = cache?.slotBytes ?? 0
    if (cache === null || group.objects * slotBytes < LEAST_BYTES || reclaimableByName(cache.name) !== false || droppedObjects(machine, facts) >= LEAST_LOST) return []
    const charges = cgroupCharges(machine.system, signatures.addressesOf(group))
    const removed = charges?.removed.objects ?? 0
    return charges === undefined || removed * slotBytes < LEAST_BYTES || removed * 2 <= group.objects ? [] : [tell(evidence, machine, facts, removed, charges)]
  })
}

function tell(evidence: LeakEvidence, machine: MachineFacts, facts: GroupFacts, removed: number, charges: NonNullable<ReturnType<typeof cgroupCharges>>): Finding {
  const { cache } = facts
  const type = groupType(machine.system, facts)
  const further = cacheEvidence(evidence, cache!.name)
  const example = hex(charges.removed.examples[0])
  return findingOf(facts, {
    verdict: 'maybe',
    confidence: further.agrees ? 'likely' : 'weak',
    type: type.type,
    module: null,
    symbols: [],
    rule: removedCgroups.name,
    hypothesis: `${formatCount(removed)} ${namedObjects(type)} in ${cache!.name}, ${formatBytes(removed * (cache!.slotBytes ?? 0))}, outlived the cgroup on whose behalf they were allocated.`,
    fix: 'Look at what refers to them, and why it did not end with the cgroup\'s processes.',
    evidence: [
      ...chargesItem(machine, cache!.name, charges),
      { text: 'What keeps one of them alive is a chain of references.', addresses: [example], code: openCell(machine.files, (dump) => `await chainTo(${dump}, '${example}')`) },
      ...further.items
    ]
  })
}

/** Removed cgroups that are still in memory: the kernel counts them. */
function kept(machine: MachineFacts): Finding[] {
  const found = dyingCgroups(machine.system)
  if (found === undefined || found.count < LEAST_CGROUPS) return []
  const { count, memcg, cgroup } = found
  return [{
    verdict: 'maybe', confidence: 'weak', cache: machine.system.slabs?.find(memcg)?.cache.name ?? null, type: 'mem_cgroup', objects: count, bytes: null, retainedBytes: null,
    unreachable: null, module: null, symbols: [], rule: removedCgroups.name,
    hypothesis: `${formatCount(count)} cgroups were removed and are still in memory: something that is charged to each is not freed.`,
    fix: 'Look at what is charged to removed cgroups, and who holds it; files that such cgroups read first keep them until their pages are dropped from the page cache.',
    evidence: [{
      text: `The root cgroup counts ${formatCount(count)} dying descendants.`, addresses: [hex(cgroup)],
      code: openCell(machine.files, (dump) => `(${dump}).read('cgroup', '${hex(cgroup)}')`)
    }, {
      text: 'Which caches hold objects of removed cgroups, their owners tell.', addresses: [],
      code: openCell(machine.files, (dump) => `(await owners(${dump})).filter(d => d.removed)`)
    }]
  }]
}

function dyingCgroups({ kernel, types, memory }: System): { count: number; memcg: bigint; cgroup: bigint } | undefined {
  const root = kernel?.symbol('root_mem_cgroup')
  if (root === undefined || types === undefined) return undefined
  try {
    const memcg = readPointer(memory, root)
    const cgroup = new StructReader(memory, types, 'mem_cgroup').pointer(memcg, 'css.cgroup')
    const reader = new StructReader(memory, types, 'cgroup')
    return reader.has('nr_dying_descendants') ? { count: reader.number(cgroup, 'nr_dying_descendants'), memcg, cgroup } : undefined
  } catch (error) {
    if (error instanceof FaultError) return undefined
    throw error
  }
}
