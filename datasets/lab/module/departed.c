// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
/*
 * departed: leaves its objects behind when it is unloaded. What they hold of its code are addresses in which nothing is mapped any more.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include "departed.h"

struct departed_call {
	struct list_head list;
	struct work_struct work;
	void (*done)(struct departed_call *call);
	u64 number;
};

static u64 nr_calls;

static void departed_run(struct work_struct *work)
{
	struct departed_call *call = container_of(work, struct departed_call, work);

	call->done(call);
}

static void departed_done(struct departed_call *call)
{
	kfree(call);
}

static const void *leave_call(void)
{
	struct departed_call *call = kzalloc(sizeof(*call), GFP_KERNEL);

	if (!call)
		return NULL;
	INIT_LIST_HEAD(&call->list);
	INIT_WORK(&call->work, departed_run);
	call->done = departed_done;
	call->number = nr_calls++;
	return call;
}

static int __init departed_init(void)
{
	planted_leave = leave_call;
	return 0;
}

/* The mistake: nothing is freed. */
static void __exit departed_exit(void)
{
	planted_leave = NULL;
}

module_init(departed_init);
module_exit(departed_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("objects that outlive their module");
