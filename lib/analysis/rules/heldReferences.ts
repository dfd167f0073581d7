import { FaultError } from '../../errors.js'
import { StructReader } from '../../slab/structReader.js'
import { formatCount } from '../../util/units.js'
import { hex } from '../../util/hex.js'
import { openCell } from '../cell.js'
import { lostFinding, lostGroups, type LostGroup } from '../lostObjects.js'
import type { Rule } from '../rule.js'

/** A kernel object that lives as long as somebody counts as its user: where the count stands, and what gives a reference back. */
interface Counted {
  readonly struct: string
  readonly counts: readonly string[]
  readonly take: string
  readonly put: string
}

/** include/linux/cred.h, pid.h, fs.h, dcache.h, sched.h, mm_types.h, skbuff.h, net/sock.h, kobject.h. */
const counted: readonly Counted[] = [
  { struct: 'cred', counts: ['usage'], take: 'get_cred() or prepare_creds()', put: 'put_cred()' },
  { struct: 'pid', counts: ['count'], take: 'get_pid() or find_get_pid()', put: 'put_pid()' },
  { struct: 'file', counts: ['f_count', 'f_ref.refcnt'], take: 'fget() or filp_open()', put: 'fput() or filp_close()' },
  { struct: 'dentry', counts: ['d_lockref.count'], take: 'dget() or a look-up', put: 'dput()' },
  { struct: 'inode', counts: ['i_count'], take: 'ihold() or iget()', put: 'iput()' },
  { struct: 'task_struct', counts: ['usage'], take: 'get_task_struct()', put: 'put_task_struct()' },
  { struct: 'mm_struct', counts: ['mm_count'], take: 'mmgrab() or mmget()', put: 'mmdrop() or mmput()' },
  { struct: 'sk_buff', counts: ['users'], take: 'alloc_skb() or skb_get()', put: 'kfree_skb() or consume_skb()' },
  { struct: 'sock', counts: ['__sk_common.skc_refcnt'], take: 'sock_hold()', put: 'sock_put()' },
  { struct: 'kobject', counts: ['kref.refcount'], take: 'kobject_get()', put: 'kobject_put()' }
]
const SHOWN = 3

/** Objects with a reference count that is not zero though nothing refers to them: a reference was taken and never given back. */
export const heldReferences: Rule = {
  name: 'reference not given back',
  text: 'cred, pid, file, dentry and other counted objects that nothing refers to though their count says that somebody does',
  find: (evidence) => lostGroups(evidence).flatMap((lost) => {
    const kind = counted.find(({ struct }) => struct === lost.type.type)
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

function countsOf({ machine: { system }, facts: { group, signatures } }: LostGroup, kind: Counted): { address: bigint; count: number }[] {
  if (system.types === undefined) return []
  const reader = new StructReader(system.memory, system.types, kind.struct)
  const member = reader.spelled(...kind.counts)
  if (member === undefined) return []
  return [...signatures.addressesOf(group).subarray(0, SHOWN)].flatMap((address) => {
    try {
      return [{ address, count: reader.number(address, member) }]
    } catch (error) {
      if (error instanceof FaultError) return []
      throw error
    }
  })
}
