// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drains: a detach, an update and an attach wait for programs to end. Programs
 * end by themselves unless they sleep, delay or loop, so sleeps and delays fail
 * once a drain is late, and a program that loops is named in the logs.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "dev.h"
#include "drain.h"
#include "log.h"
#include "ops.h"

#define LATE	(2 * HZ)	/* when the awaited op is named */

/* Raw: taken by programs that run with preemption off, also on PREEMPT_RT. */
static DEFINE_RAW_SPINLOCK(drains_lock);
static LIST_HEAD(drains);

static DEFINE_MUTEX(watch_lock);	/* chr_ext_driver.watchers, late */

/*
 * A device that is pinned can be named by programs of any driver, so their
 * sleeps on it fail whichever drain is late.
 */
static bool drain_is_late(const struct chr_ext_device *d)
{
	bool pinned = refcount_read(&d->pins) > 1;
	struct chr_ext_drain *drain;

	if (list_empty_careful(&drains))
		return false;
	guard(raw_spinlock_irqsave)(&drains_lock);
	list_for_each_entry(drain, &drains, node)
		if (time_after(jiffies, drain->limit) &&
		    (pinned || drain->kind == CHR_EXT_DRAIN_PINS ||
		     (drain->kind == CHR_EXT_DRAIN_OPS && drain->drv == d->drv)))
			return true;
	return false;
}

/*
 * Whether a caller that cannot give up has waited too long for the running op.
 * That is an op of any device, if the one that it sleeps for is pinned.
 */
static bool turn_is_late(struct chr_ext_device *d)
{
	if (chr_ext_turn_is_late(d))
		return true;
	return refcount_read(&d->pins) > 1 &&
	       chr_ext_devs_any(chr_ext_turn_is_late);
}

/**
 * chr_ext_time_left() - how long the running program may sleep for a device
 * @d: the device
 *
 * probe, close and remove have a budget of their own. That of a close is the
 * device's, if the device stays: another file's may wait for it.
 *
 * Return: jiffies; -ENODEV if the device goes, -EBUSY if the time is over.
 * Context: any.
 */
long chr_ext_time_left(struct chr_ext_device *d)
{
	bool alone = chr_ext_runs_alone(d);
	bool probing = alone && !READ_ONCE(d->probed);
	long left = MAX_JIFFY_OFFSET;

	if (probing && READ_ONCE(d->drv->going))
		return -ENODEV;
	if (alone)
		left = READ_ONCE(d->limit) - jiffies;
	else if (READ_ONCE(d->dead))
		return -ENODEV;
	if (left <= 0)
		return -EBUSY;
	if (probing || READ_ONCE(d->dead))
		return left;
	return drain_is_late(d) || turn_is_late(d) ? -EBUSY : left;
}

/* Prints to both logs. */
static __printf(2, 3)
void drain_report(struct chr_ext_driver *drv, const char *fmt, ...)
{
	char text[CHR_EXT_LOG_LEN];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	pr_err_ratelimited("%s: %s\n", drv->conf.name, text);
	chr_ext_log_note(drv->log, CHR_EXT_ERR, "%s", text);
}

#define OP(member, ...)	#member,
static const char *const op_names[] = {
	CHR_EXT_OPS(OP)
};
#undef OP

static bool watch_device(struct chr_ext_driver *drv, struct chr_ext_device *d)
{
	bool found = false;
	unsigned int op;

	for (op = 0; op < CHR_EXT_NR_OPS; op++) {
		if (!chr_ext_dev_running(d, op))
			continue;
		drain_report(drv, "waiting for %s of %s", op_names[op],
			     dev_name(&d->dev));
		found = true;
	}
	if (READ_ONCE(d->let_go) && refcount_read(&d->pins)) {
		drain_report(drv, "waiting for chr_ext_dev_put() of %s",
			     dev_name(&d->dev));
		found = true;
	}
	return found;
}

/* Names what a detach, an update or an attach waits for. */
static void watch_report(struct work_struct *work)
{
	struct chr_ext_driver *drv = container_of(work, struct chr_ext_driver,
						  watch.work);
	struct chr_ext_device *d;

	guard(mutex)(&drv->lock);
	list_for_each_entry(d, &drv->devices, node)
		drv->late |= watch_device(drv, d);
	/* Between two ops; the next one may last. */
	if (!drv->late)
		queue_delayed_work(system_unbound_wq, &drv->watch, LATE);
}

/**
 * chr_ext_watch_init() - prepare a driver for drains
 * @drv: the driver
 */
void chr_ext_watch_init(struct chr_ext_driver *drv)
{
	INIT_DELAYED_WORK(&drv->watch, watch_report);
}

static void watch_begin(struct chr_ext_driver *drv)
{
	guard(mutex)(&watch_lock);
	if (!drv->watchers++)
		queue_delayed_work(system_unbound_wq, &drv->watch, LATE);
}

static void watch_end(struct chr_ext_driver *drv)
{
	guard(mutex)(&watch_lock);
	if (--drv->watchers)
		return;
	cancel_delayed_work_sync(&drv->watch);
	if (drv->late)
		drain_report(drv, "no longer waiting");
	drv->late = false;
}

/**
 * chr_ext_drain_begin() - limit how long programs may sleep from now on
 * @drain: for chr_ext_drain_end()
 * @kind: whose programs are awaited
 * @drv: the driver, whose ops are named if that takes long, or NULL
 * @ms: milliseconds until the programs' sleeps and delays fail
 *
 * Context: process, may sleep.
 */
void chr_ext_drain_begin(struct chr_ext_drain *drain,
			 enum chr_ext_drain_kind kind,
			 struct chr_ext_driver *drv, unsigned int ms)
{
	drain->kind = kind;
	drain->drv = drv;
	drain->limit = jiffies + msecs_to_jiffies(ms);
	scoped_guard(raw_spinlock_irqsave, &drains_lock)
		list_add(&drain->node, &drains);
	if (drv)
		watch_begin(drv);
}

void chr_ext_drain_end(struct chr_ext_drain *drain)
{
	if (drain->drv)
		watch_end(drain->drv);
	guard(raw_spinlock_irqsave)(&drains_lock);
	list_del(&drain->node);
}
