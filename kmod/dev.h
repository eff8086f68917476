/* SPDX-License-Identifier: GPL-2.0-only */
/* A device: one node and the state behind it. */
#ifndef CHR_EXT_DEV_H
#define CHR_EXT_DEV_H

#include <linux/cdev.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/refcount.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <chr_ext/abi.h>

#include "driver.h"
#include "ops.h"
#include "wait.h"

struct chr_ext_events;

/* How many families of kfuncs a module can have. */
#define CHR_EXT_MAX_FAMILIES	16

#define CHR_EXT_MINORS		65536

/* The counters of a device: STAT(constant, name in sysfs). */
#define CHR_EXT_STATS(STAT)				\
	STAT(OPENS,		opens)			\
	STAT(READS,		reads)			\
	STAT(WRITES,		writes)			\
	STAT(IOCTLS,		ioctls)			\
	STAT(READ_BYTES,	read_bytes)		\
	STAT(WRITTEN_BYTES,	written_bytes)		\
	STAT(ERRORS,		errors)			\
	STAT(BAD_RETURNS,	bad_returns)		\
	STAT(EVENTS,		events)			\
	STAT(LOST_EVENTS,	lost_events)

#define STAT(id, name)	STAT_##id,
enum chr_ext_stat {
	CHR_EXT_STATS(STAT)
	STAT_COUNT,
};
#undef STAT

/*
 * Per CPU, so that the fast path writes no shared cache line. running counts the
 * calls of each op that are in flight; only the sum over all CPUs has a meaning.
 */
struct chr_ext_stats {
	u64 count[STAT_COUNT];
	int running[CHR_EXT_NR_OPS];
};

/*
 * The reference count of @dev is the object's. It is held by the platform
 * device that it belongs to, by each chr_ext_open, and by the core while the
 * node is being opened or an attribute is in use.
 *
 * pins are held by programs outside of an op, see chr_ext_dev_pin(), and one by
 * the device itself. A revoke waits for them, so they need no reference, and the
 * last one can be dropped in any context.
 *
 * Locks, outermost first:
 *
 *	the mutex of all struct_ops (bpf(2): attach, update, detach); or
 *	chr_ext_board.live_lock
 *	  the lock of the parent, by the driver core (probe, unbind)
 *	    names_lock, then the core's and devtmpfs's for a new node
 *	    closing		waits for close ops, for a bounded time
 *	      turn		waits for any op, likewise
 *		the guard	SRCU; drained without closing, turn, or what follows
 *		  locks of a family (gpio: of the device, then of a con_id)
 *		    suppliers_lock, then the driver core's, for a canary
 *		  lock, then i_mmap_rwsem (unmap_mapping_range())
 *
 * Callers of a file can hold the VFS's f_pos_lock, the lock of an epoll set, the
 * lock of a pipe, or mmap_lock. All are outside of turn; with the last two it is
 * only tried. A fault takes mmap_lock, then enters the SRCU; inside the guard
 * nothing takes mmap_lock, as page faults are off.
 *
 * Short ones, under which nothing waits for a program:
 *
 *	watch_lock, then chr_ext_driver.lock (by the work that is cancelled)
 *	chr_ext_driver.lock, then drivers_lock, or that of the queue sleepers
 *	su_mutex of configfs, then chr_ext_board.lock; or live_lock, then both
 *	logs_lock, then debugfs's; chr_ext_log_reader's, then that of its log
 *	that of the queue wait, then the scheduler's and epoll's; fasync's
 *	raw ones, the last of all: insisters_lock, drains_lock, of a log, of players,
 *	of events, then those of hrtimers and workqueues
 *	of the xarray devices, of the IDAs
 */
struct chr_ext_device {
	struct chr_ext_dev pub;
	bool dead;			/* set once; read inside the guard */
	bool probed;			/* set once, inside the guard, after seen */
	bool must_defer;		/* its probe must not succeed */
	bool added;			/* it has a node */
	bool ready;			/* others than its creator may remove it */
	bool let_go;			/* its own pin is gone */
	/*
	 * That ran probe or update. Written by the probe, then, once probed is set,
	 * by the one update that chr_ext_driver.swapping admits.
	 */
	const struct chr_ext_ops *seen;
	struct chr_ext_driver *drv;
	void *data;			/* pub.size bytes, for programs */
	void *mem;			/* pub.mem_size bytes, for users too */
	struct chr_ext_stats __percpu *stats;
	wait_queue_head_t wait;		/* sleepers and pollers, see wait.c */
	atomic_t waiting;		/* callers in chr_ext_wait() */
	atomic_t wakes[CHR_EXT_WAIT_KINDS];	/* wake-ups so far, see wait.c */
	struct fasync_struct *fasync;

	refcount_t pins;
	struct completion unpinned;
	wait_queue_head_t sleepers;	/* programs in chr_ext_sleep_us() */

	struct irq_work wake_later;	/* see chr_ext_wake_up() */
	atomic_t later_all, later_one;	/* its events */

	struct chr_ext_events *events;	/* made once */

	struct mutex suppliers_lock;	/* suppliers */
	struct list_head suppliers;	/* see supplier.c */

	/* State of each family, see chr_ext_family_data(). */
	void *family[CHR_EXT_MAX_FAMILIES];

	/*
	 * The task in probe, close or remove, and until when it may sleep there,
	 * in jiffies. See chr_ext_time_left().
	 */
	struct task_struct *runner;
	unsigned long limit;

	struct list_head node;		/* in drv->devices */
	struct list_head doomed;	/* in a list of devices to be removed */
	struct work_struct end;
	struct completion gone;

	struct chr_ext_turn turn;	/* with CHR_EXT_SERIAL_DEV */
	struct chr_ext_turn closing;	/* close ops, chr_ext_open.closed */
	/* Raw: taken by programs that run with preemption off, also on PREEMPT_RT. */
	raw_spinlock_t insisters_lock;
	struct list_head insisters;	/* see chr_ext_turn_insist() */

	struct mutex lock;		/* files, nr_files */
	struct list_head files;
	unsigned int nr_files;

	struct work_struct again;	/* see driver.c */
	struct cdev cdev;
	struct device dev;
	struct rcu_head rcu;
};

static inline struct chr_ext_device *to_device(struct chr_ext_dev *dev)
{
	return container_of(dev, struct chr_ext_device, pub);
}

/* Whether this is the task in probe, close or remove of a device. */
static inline bool chr_ext_runs_alone(const struct chr_ext_device *dev)
{
	return in_task() && READ_ONCE(dev->runner) == current;
}

/* Let the task in probe, close or remove sleep for so long from now on. */
static inline void chr_ext_set_limit(struct chr_ext_device *dev, unsigned int ms)
{
	WRITE_ONCE(dev->limit, jiffies + msecs_to_jiffies(ms));
}

static inline void chr_ext_stat_add(struct chr_ext_device *dev,
				    enum chr_ext_stat stat, u64 n)
{
	this_cpu_add(dev->stats->count[stat], n);
}

/*
 * The guard around every call of an op. Returns the ops, or NULL when the
 * device is dead; then there is nothing to leave.
 *
 * Page faults are off inside: a program that reads the caller's memory through a
 * helper of the kernel gets -EFAULT instead of waiting for the page, which could
 * take forever (userfaultfd, FUSE) and block a detach.
 */
static inline const struct chr_ext_ops *
chr_ext_enter(struct chr_ext_device *dev, enum chr_ext_op op, int *idx)
{
	*idx = srcu_read_lock(&dev->drv->srcu);
	if (unlikely(READ_ONCE(dev->dead))) {
		srcu_read_unlock(&dev->drv->srcu, *idx);
		return NULL;
	}
	this_cpu_inc(dev->stats->running[op]);
	pagefault_disable();
	return READ_ONCE(dev->drv->ops);
}

static inline void chr_ext_leave(struct chr_ext_device *dev, enum chr_ext_op op,
				 int idx)
{
	pagefault_enable();
	this_cpu_dec(dev->stats->running[op]);
	srcu_read_unlock(&dev->drv->srcu, idx);
}

/* chr_ext_enter() for the revoke path: runs even though the device is dead. */
static inline const struct chr_ext_ops *
chr_ext_enter_dead(struct chr_ext_device *dev, enum chr_ext_op op, int *idx)
{
	*idx = srcu_read_lock(&dev->drv->srcu);
	this_cpu_inc(dev->stats->running[op]);
	pagefault_disable();
	return READ_ONCE(dev->drv->ops);
}

extern const struct class chr_ext_class;
extern dev_t chr_ext_devt;

struct chr_ext_device *chr_ext_dev_create(struct chr_ext_driver *drv,
					  struct device *parent, u32 index,
					  unsigned long limit);
void chr_ext_devs_destroy(struct chr_ext_driver *drv, struct list_head *devs);
struct chr_ext_device *chr_ext_dev_pin(u64 id);
void chr_ext_dev_unpin(struct chr_ext_device *dev);
bool chr_ext_devs_any(bool (*is)(struct chr_ext_device *dev));
void chr_ext_devs_updated(struct chr_ext_driver *drv);
int chr_ext_dev_running(struct chr_ext_device *d, enum chr_ext_op op);
int chr_ext_dev_uevent(const struct device *dev, struct kobj_uevent_env *env);
int chr_ext_dev_init(void);
void chr_ext_dev_exit(void);

/* mem.c */
int chr_ext_mem_alloc(struct chr_ext_device *dev);
void chr_ext_mem_revoke(struct chr_ext_device *dev);

#endif
