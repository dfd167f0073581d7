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

/** How a struct's users are counted; undefined for one that is not known to be. */
export function countedStruct(name: string | null): CountedStruct | undefined {
  return counted.find(({ struct }) => struct === name)
}
