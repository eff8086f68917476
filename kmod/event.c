// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to a device's hardware: from the interrupt to the event op.
 */
#include <linux/cleanup.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "dev.h"
#include "event.h"
#include "family.h"

/* Events of a device that its driver has not been told yet. */
struct chr_ext_events {
	struct chr_ext_device *dev;
	struct work_struct work;	/* runs once at a time: keeps the order */
	raw_spinlock_t lock;		/* all below; taken in interrupts */
	u64 seq;
	u32 missed;
	u32 head, tail;			/* not masked */
	struct chr_ext_event ring[CHR_EXT_EVENT_QUEUE];
};

/*
 * No real-time thread: however often hardware interrupts, whoever else wants
 * the CPU gets his share of it.
 */
struct workqueue_struct *chr_ext_wq;

static bool events_pop(struct chr_ext_events *q, struct chr_ext_event *e)
{
	guard(raw_spinlock_irqsave)(&q->lock);
	if (q->tail == q->head)
		return false;
	*e = q->ring[q->tail++ % CHR_EXT_EVENT_QUEUE];
	return true;
}

static void events_tell(struct work_struct *work)
{
	struct chr_ext_events *q = container_of(work, struct chr_ext_events,
						work);
	const struct chr_ext_ops *ops;
	struct chr_ext_event e;
	int idx;

	while (events_pop(q, &e)) {
		ops = chr_ext_enter(q->dev, CHR_EXT_OP_event, &idx);
		if (!ops)
			return;
		chr_ext_families_dev_event(q->dev, &e);
		if (ops->event)
			ops->event(&q->dev->pub, &e);
		chr_ext_leave(q->dev, CHR_EXT_OP_event, idx);
		/* RCU-tasks wants more than a preemption of who never sleeps. */
		cond_resched_tasks_rcu_qs();
	}
}

/**
 * chr_ext_events_init() - let a device have events
 * @dev: the device
 *
 * Return: 0 or -ENOMEM. Does nothing when it may have them already.
 * Context: process, may sleep.
 */
int chr_ext_events_init(struct chr_ext_device *dev)
{
	struct chr_ext_events *q;

	if (READ_ONCE(dev->events))
		return 0;
	q = kvzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);
	if (!q)
		return -ENOMEM;
	q->dev = dev;
	raw_spin_lock_init(&q->lock);
	INIT_WORK(&q->work, events_tell);
	if (cmpxchg(&dev->events, NULL, q))
		kvfree(q);
	return 0;
}

/**
 * chr_ext_events_exit() - the counterpart of chr_ext_events_init()
 * @dev: the device; it is dead, and nothing of it calls chr_ext_event()
 *
 * Context: process, may sleep.
 */
void chr_ext_events_exit(struct chr_ext_device *dev)
{
	if (!dev->events)
		return;
	cancel_work_sync(&dev->events->work);
	kvfree(dev->events);
	dev->events = NULL;
}

/**
 * chr_ext_event() - something has happened
 * @dev: the device; chr_ext_events_init() has been called for it
 * @event: what; seq and missed are filled in here
 *
 * When as many events wait as there is room for, it is counted instead, and the
 * next one tells.
 *
 * Context: any.
 */
void chr_ext_event(struct chr_ext_device *dev, struct chr_ext_event *event)
{
	struct chr_ext_events *q = dev->events;

	chr_ext_stat_add(dev, STAT_EVENTS, 1);
	scoped_guard(raw_spinlock_irqsave, &q->lock) {
		event->seq = ++q->seq;
		if (q->head - q->tail < CHR_EXT_EVENT_QUEUE) {
			event->missed = q->missed;
			q->missed = 0;
			q->ring[q->head++ % CHR_EXT_EVENT_QUEUE] = *event;
		} else {
			q->missed++;
			chr_ext_stat_add(dev, STAT_LOST_EVENTS, 1);
		}
	}
	queue_work(chr_ext_wq, &q->work);
}

int chr_ext_event_init(void)
{
	chr_ext_wq = alloc_workqueue("chr_ext", WQ_UNBOUND, 0);
	return chr_ext_wq ? 0 : -ENOMEM;
}

void chr_ext_event_exit(void)
{
	destroy_workqueue(chr_ext_wq);
}
