// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
/*
 * planted: leaks on purpose, and remembers what it leaked.
 *
 * Writing "KIND COUNT" to /proc/planted leaks COUNT objects; reading it gives the truth, "KIND STATE ADDRESS STEP" a line. The state is
 * "leaked" (nothing refers to the object any more), "live" (it is in use), or "kept" (a list that nobody walks keeps it alive).
 *
 * The table of truths holds every address inverted: it must not itself be a reference that keeps a leaked object alive.
 */
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include "departed.h"

static unsigned int most = 100000;
module_param(most, uint, 0444);
MODULE_PARM_DESC(most, "objects that the table of truths has room for");
static unsigned int live_every = 10;
module_param(live_every, uint, 0644);
MODULE_PARM_DESC(live_every, "of so many requests and jobs, one stays in use; 0: none");
static unsigned int step;
module_param(step, uint, 0644);
MODULE_PARM_DESC(step, "noted with each object: when it was planted");

struct planted_truth {
	unsigned long inverted;
	const char *kind;
	const char *state;
	unsigned int step;
};

static struct planted_truth *truths;
static unsigned int nr_truths;
static DEFINE_MUTEX(planted_lock);

static void remember(const char *kind, const char *state, const void *object)
{
	if (nr_truths < most)
		truths[nr_truths++] = (struct planted_truth) { ~(unsigned long)object, kind, state, step };
}

/* seq_operations: single_open() allocates one, and seq_release() does not free it. */

static const char *content_state = "leaked";

static int planted_content_show(struct seq_file *file, void *unused)
{
	seq_printf(file, "%u objects\n", nr_truths);
	return 0;
}

static int planted_content_open(struct inode *inode, struct file *file)
{
	int error = single_open(file, planted_content_show, NULL);

	if (!error)
		remember("seq_operations", content_state, ((struct seq_file *)file->private_data)->op);
	return error;
}

static const struct proc_ops planted_content_ops = {
	.proc_open = planted_content_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = seq_release,	/* the mistake: single_release would free it */
};

static int open_content(void)
{
	struct file *file = filp_open("/proc/planted_content", O_RDONLY, 0);

	if (IS_ERR(file))
		return PTR_ERR(file);
	return filp_close(file, NULL);
}

/* held: the same file, open and in use. */

#define MOST_HELD 64
static struct file *held[MOST_HELD];
static unsigned int nr_held;

static int hold_content(void)
{
	if (nr_held == MOST_HELD)
		return -ENOSPC;
	content_state = "live";
	held[nr_held] = filp_open("/proc/planted_content", O_RDONLY, 0);
	content_state = "leaked";
	return IS_ERR(held[nr_held]) ? PTR_ERR(held[nr_held]) : (nr_held++, 0);
}

/* request: data only, no function that tells whose it is; one of live_every is in use, in a queue. */

struct planted_request {
	struct list_head queue;
	u64 sequence;
	struct task_struct *sender;
	struct dentry *target;
	const struct cred *credentials;
	u32 state;
	u32 bytes;
	u64 sent_ns;
};

static LIST_HEAD(planted_queue);
static u64 nr_requests;

static int drop_request(void)
{
	struct planted_request *request = kzalloc(sizeof(*request), GFP_KERNEL);

	if (!request)
		return -ENOMEM;
	INIT_LIST_HEAD(&request->queue);
	request->sequence = nr_requests++;
	request->sender = current->group_leader;
	request->target = current->fs->root.dentry;
	request->credentials = current->cred;
	request->state = request->sequence % 3;
	request->bytes = 512 * (1 + request->sequence % 8);
	request->sent_ns = ktime_get_ns();
	if (live_every && request->sequence % live_every == 0) {
		list_add_tail(&request->queue, &planted_queue);
		remember("request", "live", request);
	} else {
		remember("request", "leaked", request);
	}
	return 0;
}

/* job: deferred work that is never queued; one of live_every is on a list. */

struct planted_job {
	struct list_head list;
	struct work_struct work;
	char name[24];
	u32 number;
};

static LIST_HEAD(planted_jobs);
static u32 nr_jobs;

static void planted_job_run(struct work_struct *work)
{
	kfree(container_of(work, struct planted_job, work));
}

static int drop_job(void)
{
	struct planted_job *job = kzalloc(sizeof(*job), GFP_KERNEL);

	if (!job)
		return -ENOMEM;
	INIT_LIST_HEAD(&job->list);
	INIT_WORK(&job->work, planted_job_run);
	job->number = nr_jobs++;
	scnprintf(job->name, sizeof(job->name), "job-%u", job->number);
	if (live_every && job->number % live_every == 0) {
		list_add_tail(&job->list, &planted_jobs);
		remember("job", "live", job);
	} else {
		remember("job", "leaked", job);
	}
	return 0;
}

/* pair: two that point at each other, and nobody at them. */

struct planted_peer {
	struct planted_peer *other;
	u64 number;
	char side[16];
};

static u64 nr_pairs;

static int drop_pair(void)
{
	struct planted_peer *left = kzalloc(sizeof(*left), GFP_KERNEL);
	struct planted_peer *right = kzalloc(sizeof(*right), GFP_KERNEL);

	if (!left || !right) {
		kfree(left);
		kfree(right);
		return -ENOMEM;
	}
	*left = (struct planted_peer) { right, nr_pairs, "left" };
	*right = (struct planted_peer) { left, nr_pairs++, "right" };
	remember("pair", "leaked", left);
	remember("pair", "leaked", right);
	return 0;
}

/* entry: on a list that only grows: a leak that something does refer to. */

struct planted_entry {
	struct list_head list;
	u64 key;
	char label[32];
};

static LIST_HEAD(planted_history);
static u64 nr_entries;

static int keep_entry(void)
{
	struct planted_entry *entry = kzalloc(sizeof(*entry), GFP_KERNEL);

	if (!entry)
		return -ENOMEM;
	entry->key = nr_entries++;
	scnprintf(entry->label, sizeof(entry->label), "entry-%llu", entry->key);
	list_add_tail(&entry->list, &planted_history);
	remember("entry", "kept", entry);
	return 0;
}

/* name: a duplicated string that nobody frees. */

static int drop_name(void)
{
	char *name = kasprintf(GFP_KERNEL, "/var/lib/planted/session-%u", nr_truths);

	if (!name)
		return -ENOMEM;
	remember("name", "leaked", name);
	return 0;
}

/* record: of a cache of its own. */

struct planted_record {
	u64 number;
	u64 samples[20];
};

/* A cache with a constructor is merged with no other. */
static void planted_record_init(void *record)
{
	memset(record, 0, sizeof(struct planted_record));
}

static struct kmem_cache *planted_records;
static u64 nr_records;

static int drop_record(void)
{
	struct planted_record *record = kmem_cache_alloc(planted_records, GFP_KERNEL);

	if (!record)
		return -ENOMEM;
	record->number = nr_records++;
	remember("record", "leaked", record);
	return 0;
}

/* cred, file: references that are taken and never put. */

static int drop_cred(void)
{
	struct cred *cred = prepare_creds();

	if (!cred)
		return -ENOMEM;
	remember("cred", "leaked", cred);
	return 0;
}

static int drop_file(void)
{
	struct file *file = filp_open("/proc/version", O_RDONLY, 0);

	if (IS_ERR(file))
		return PTR_ERR(file);
	remember("file", "leaked", file);
	return 0;
}

/* departed: of a module that is unloaded before the dump. */

const void *(*planted_leave)(void);
EXPORT_SYMBOL_GPL(planted_leave);

static int leave_departed(void)
{
	const void *object;

	if (!planted_leave)
		return -ENODEV;
	object = planted_leave();
	if (!object)
		return -ENOMEM;
	remember("departed", "leaked", object);
	return 0;
}

static const struct {
	const char *name;
	int (*plant)(void);
} kinds[] = {
	{ "seq_operations", open_content },
	{ "held", hold_content },
	{ "request", drop_request },
	{ "job", drop_job },
	{ "pair", drop_pair },
	{ "entry", keep_entry },
	{ "name", drop_name },
	{ "record", drop_record },
	{ "cred", drop_cred },
	{ "file", drop_file },
	{ "departed", leave_departed },
};

static int plant(const char *name, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		int error = 0;

		if (strcmp(kinds[i].name, name))
			continue;
		while (count-- && !error)
			error = kinds[i].plant();
		return error;
	}
	return -EINVAL;
}

static ssize_t planted_write(struct file *file, const char __user *user, size_t bytes, loff_t *offset)
{
	char text[64], name[32];
	unsigned int count;
	int error;

	if (bytes >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, user, bytes))
		return -EFAULT;
	text[bytes] = 0;
	if (sscanf(text, "%31s %u", name, &count) != 2)
		return -EINVAL;
	mutex_lock(&planted_lock);
	error = plant(name, count);
	mutex_unlock(&planted_lock);
	/* What the leaking calls left on this stack and in registers is not a reference that lasts. */
	memset(text, 0, sizeof(text));
	return error ? error : bytes;
}

static void *truth_start(struct seq_file *file, loff_t *index)
{
	return *index < nr_truths ? &truths[*index] : NULL;
}

static void *truth_next(struct seq_file *file, void *truth, loff_t *index)
{
	++*index;
	return truth_start(file, index);
}

static void truth_stop(struct seq_file *file, void *truth)
{
}

static int truth_show(struct seq_file *file, void *shown)
{
	const struct planted_truth *truth = shown;

	seq_printf(file, "%s %s %016lx %u\n", truth->kind, truth->state, ~truth->inverted, truth->step);
	return 0;
}

static const struct seq_operations truth_operations = {
	.start = truth_start, .next = truth_next, .stop = truth_stop, .show = truth_show,
};

static int planted_open(struct inode *inode, struct file *file)
{
	return seq_open(file, &truth_operations);
}

static const struct proc_ops planted_ops = {
	.proc_open = planted_open,
	.proc_read = seq_read,
	.proc_write = planted_write,
	.proc_lseek = seq_lseek,
	.proc_release = seq_release,
};

static int __init planted_init(void)
{
	truths = vzalloc(array_size(most, sizeof(*truths)));
	planted_records = kmem_cache_create("planted_record", sizeof(struct planted_record), 0, 0, planted_record_init);
	if (!truths || !planted_records) {
		vfree(truths);
		kmem_cache_destroy(planted_records);
		return -ENOMEM;
	}
	proc_create("planted", 0600, NULL, &planted_ops);
	proc_create("planted_content", 0444, NULL, &planted_content_ops);
	return 0;
}

/* No exit: what is planted refers to this module's code, and stays for the dump. */
module_init(planted_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("slab leaks on purpose, with their truth");
