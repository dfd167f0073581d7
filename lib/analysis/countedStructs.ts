import { isComposite, rawMember } from '../type/members.js'
import type { TypeGraph } from '../type/typeGraph.js'
import type { GroupType } from './typing.js'

/** A kernel object that lives as long as somebody counts as its user: where the count stands, and what gives a reference back. */
export interface CountedStruct {
  readonly struct: string
  readonly counts: readonly string[]
  /** Such a member that holds one less than there are. */
  readonly oneLess?: string
  readonly take: string
  readonly put: string
}

/** include/linux/cred.h, pid.h, fs.h, file_ref.h, dcache.h, sched.h, mm_types.h, skbuff.h, net/sock.h, kobject.h. */
const counted: readonly CountedStruct[] = [
  { struct: 'cred', counts: ['usage'], take: 'get_cred() or prepare_creds()', put: 'put_cred()' },
  { struct: 'pid', counts: ['count'], take: 'get_pid() or find_get_pid()', put: 'put_pid()' },
  { struct: 'file', counts: ['f_count', 'f_ref.refcnt'], oneLess: 'f_ref.refcnt', take: 'fget() or filp_open()', put: 'fput() or filp_close()' },
  { struct: 'dentry', counts: ['d_lockref.count'], take: 'dget() or a look-up', put: 'dput()' },
  { struct: 'inode', counts: ['i_count'], take: 'ihold() or iget()', put: 'iput()' },
  { struct: 'task_struct', counts: ['usage'], take: 'get_task_struct()', put: 'put_task_struct()' },
  { struct: 'mm_struct', counts: ['mm_count'], take: 'mmgrab() or mmget()', put: 'mmdrop() or mmput()' },
  { struct: 'sk_buff', counts: ['users'], take: 'alloc_skb() or skb_get()', put: 'kfree_skb() or consume_skb()' },
  { struct: 'sock', counts: ['__sk_common.skc_refcnt'], take: 'sock_hold()', put: 'sock_put()' },
  { struct: 'kobject', counts: ['kref.refcount'], take: 'kobject_get()', put: 'kobject_put()' }
]

/** Members that count the users of whatever they are in (include/linux/kref.h, kobject.h, device.h, refcount.h). */
const counters = [
  { type: 'kref', count: 'refcount', take: 'kref_get() or kref_init()', put: 'kref_put()' },
  { type: 'kobject', count: 'kref.refcount', take: 'kobject_get() or kobject_init()', put: 'kobject_put()' },
  { type: 'device', count: 'kobj.kref.refcount', take: 'get_device() or device_initialize()', put: 'put_device()' },
  { type: 'refcount_struct', count: 'refs', take: 'refcount_inc() or refcount_set()', put: 'refcount_dec_and_test()' }
]

/** How a struct's users are counted: as is known of it, or by its own counter, where it has one. Undefined for one that has none or several. */
export function countedStruct({ type, id, rivals }: Pick<GroupType, 'type' | 'id' | 'rivals'>, graph: TypeGraph | undefined): CountedStruct | undefined {
  const known = counted.find(({ struct }) => struct === type)
  if (known !== undefined || type === null || id === null || rivals !== 0 || graph === undefined || !isComposite(graph, id)) return known
  const own = Array.from({ length: graph.vlen(id) }, (_, i) => rawMember(graph, id, i)).flatMap((member) => {
    const counter = counters.find((each) => each.type === graph.name(graph.strip(member.type)))
    return counter === undefined ? [] : [{ struct: type, counts: [`${graph.string(member.nameOffset)}.${counter.count}`], take: counter.take, put: counter.put }]
  })
  return own.length === 1 ? own[0] : undefined
}
