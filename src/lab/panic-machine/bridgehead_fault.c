// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel module that makes the kernel fail, in the way whose name is written to
 * /proc/bridgehead-fault. For virtual machines that are to die, and for nothing else.
 *
 * This one file is under the GNU General Public License, version 2, and not under Bridgehead's own:
 * a module that uses all of the kernel has to be. Nothing of Bridgehead is linked with it.
 */
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

/* As drivers have them: what is read lies some bytes behind the pointer that is NULL. */
struct backend {
	struct list_head list;
	int weight;
	int (*check)(int weight);
};

/*
 * A barrier() at the end of a function keeps it in the trace: a call before it is no jump.
 * Volatile, or the compiler sees what these are and makes something else of it.
 */
static struct backend *volatile no_backend;
static int (*volatile no_check)(int weight);
static volatile int zero;
static volatile int sink;

static noinline void bridgehead_null_dereference(void)
{
	sink = no_backend->weight;
}

static noinline void bridgehead_null_call(void)
{
	sink = no_check(1);
}

static noinline void bridgehead_paging_request(void)
{
	sink = *(volatile int *)(PAGE_OFFSET - PAGE_SIZE);
}

/* LIST_POISON1: what a list entry that was deleted points to. */
static noinline void bridgehead_general_protection(void)
{
	struct backend *volatile deleted = (struct backend *)0xdead000000000100ul;

	sink = deleted->weight;
}

static noinline void bridgehead_divide(void)
{
	sink = 1000 / zero;
}

static noinline void bridgehead_bug(void)
{
	BUG_ON(!zero);
}

static noinline void bridgehead_warn(void)
{
	WARN_ON(!zero);
}

static noinline void bridgehead_warn_text(void)
{
	WARN(1, "bridgehead: %d backends are left\n", zero);
}

static noinline void bridgehead_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(1);

	refcount_dec(&count);
}

static noinline void bridgehead_list_corruption(void)
{
	struct backend first, second;
	LIST_HEAD(backends);

	list_add(&first.list, &backends);
	list_add(&second.list, &backends);
	first.list.prev = &backends;
	list_del(&second.list);
}

static noinline void bridgehead_slab_corruption(void)
{
	struct kmem_cache *cache;
	char *volatile object;

	cache = kmem_cache_create("bridgehead_backend", 64, 0,
				  SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_STORE_USER, NULL);
	if (!cache)
		return;
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	if (object) {
		object[64] = 1;
		kmem_cache_free(cache, object);
		barrier();
	}
	/* The cache stays: it does not let go of an object that it found bad. */
}

static noinline void bridgehead_bad_page(void)
{
	/* Single pages are looked at late, when they leave the CPU's own list. */
	struct page *page = alloc_pages(GFP_KERNEL, 5);

	if (!page)
		return;
	page->mapping = (struct address_space *)&zero;
	__free_pages(page, 5);
	barrier();
}

static noinline int bridgehead_stack_overflow(int depth)
{
	volatile char frame[256];

	frame[depth % 256] = depth;
	return depth < 0 ? 0 : bridgehead_stack_overflow(depth + 1) + frame[depth % 256];
}

static noinline void bridgehead_atomic_schedule(void)
{
	preempt_disable();
	schedule();
	/* The scheduler has set the count back, where it complains. */
	barrier();
}

static noinline void bridgehead_soft_lockup(void)
{
	const unsigned long end = jiffies + 4 * HZ;

	preempt_disable();
	while (time_before(jiffies, end))
		cpu_relax();
	preempt_enable();
}

static struct rcu_head rcu_waiting;

static void rcu_done(struct rcu_head *head)
{
}

/*
 * A stall is one only where somebody waits, and on one CPU the thread that notes the wait needs it
 * as well.
 */
static noinline void bridgehead_rcu_stall(void)
{
	const unsigned long end = jiffies + 5 * HZ;

	call_rcu(&rcu_waiting, rcu_done);
	rcu_read_lock();
	while (time_before(jiffies, end))
		cond_resched();
	rcu_read_unlock();
	rcu_barrier();
}

static noinline void bridgehead_hung_task(void)
{
	schedule_timeout_uninterruptible(4 * HZ);
	barrier();
}

static noinline void bridgehead_panic(void)
{
	panic("bridgehead: no backend is left");
}

static noinline void bridgehead_deep_stack(void)
{
	sink = bridgehead_stack_overflow(0);
}

static const struct {
	const char *name;
	void (*act)(void);
} faults[] = {
	{ "null-dereference", bridgehead_null_dereference },
	{ "null-call", bridgehead_null_call },
	{ "paging-request", bridgehead_paging_request },
	{ "general-protection", bridgehead_general_protection },
	{ "divide", bridgehead_divide },
	{ "bug", bridgehead_bug },
	{ "warn", bridgehead_warn },
	{ "warn-text", bridgehead_warn_text },
	{ "refcount", bridgehead_refcount },
	{ "list-corruption", bridgehead_list_corruption },
	{ "slab-corruption", bridgehead_slab_corruption },
	{ "bad-page", bridgehead_bad_page },
	{ "stack-overflow", bridgehead_deep_stack },
	{ "atomic-schedule", bridgehead_atomic_schedule },
	{ "soft-lockup", bridgehead_soft_lockup },
	{ "rcu-stall", bridgehead_rcu_stall },
	{ "hung-task", bridgehead_hung_task },
	{ "panic", bridgehead_panic },
};

static ssize_t fault_write(struct file *file, const char __user *text, size_t size, loff_t *offset)
{
	char name[32] = "";
	size_t i;

	if (size >= sizeof(name) || copy_from_user(name, text, size))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (strcmp(strim(name), faults[i].name) != 0)
			continue;
		faults[i].act();
		return size;
	}
	return -EINVAL;
}

static const struct proc_ops fault_ops = { .proc_write = fault_write };

static int __init fault_start(void)
{
	return proc_create("bridgehead-fault", 0200, NULL, &fault_ops) ? 0 : -ENOMEM;
}

/* No exit: a process that died in here would hold it all the same. */
module_init(fault_start);
MODULE_DESCRIPTION("Makes the kernel fail, for tests");
MODULE_LICENSE("GPL");
