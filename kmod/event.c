// SPDX-License-Identifier: GPL-2.0-only
/*
 * The events of a device, from the interrupt to the event op, and its timers,
 * whose expiry is an event.
 */
#include <linux/cleanup.h>
#include <linux/hrtimer.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "dev.h"
#include "event.h"
#include "family.h"

/*
 * What a periodic timer is charged for each expiry: all that are running expire
 * at most 200,000 times a second together, which leaves most of a CPU to others.
 */
#define EXPIRY_NS	5000

static atomic_t nr_periodic;		/* timers that are armed */

/*
 * A timer of a device. Its event is not in the ring, so that it always has room,
 * and is gone at once when the timer is cancelled or started again.
 */
struct event_timer {
	struct hrtimer hrtimer;
	struct chr_ext_events *q;
	ktime_t period;			/* 0: expires once */
	u64 count;			/* expirations that are not reported yet */
	u64 ns;				/* of the first of these */
	u64 place;			/* of the event that reports them */
	bool armed;
};

/* The lock is raw: it is taken in hard interrupts, on PREEMPT_RT as well. */
struct chr_ext_events {
	struct chr_ext_device *dev;
	struct work_struct work;	/* runs once at a time: keeps the order */
	raw_spinlock_t lock;		/* protects all below */
	u64 place;			/* of the last event, in their order */
	u64 seq;			/* of the last one that was reported */
	u32 missed;			/* since the last one in the ring */
	u32 first, nr;			/* events in ring; their seq is their place */
	struct event_timer timers[CHR_EXT_MAX_TIMERS];
	struct chr_ext_event ring[CHR_EXT_EVENT_QUEUE];
};

/* Return: the timer whose event comes first, or NULL. */
static struct event_timer *timers_first(struct chr_ext_events *q)
{
	struct event_timer *first = NULL, *t;

	for (t = q->timers; t < q->timers + CHR_EXT_MAX_TIMERS; t++)
		if (t->count && (!first || t->place < first->place))
			first = t;
	return first;
}

static bool events_pop(struct chr_ext_events *q, struct chr_ext_event *e)
{
	struct event_timer *t;

	guard(raw_spinlock_irqsave)(&q->lock);
	t = timers_first(q);
	if (t && (!q->nr || t->place < q->ring[q->first].seq)) {
		*e = (struct chr_ext_event) {
			.type = CHR_EXT_EVENT_TIMER,
			.index = t - q->timers,
			.ns = t->ns,
			.count = t->count,
		};
		t->count = 0;
	} else if (q->nr) {
		*e = q->ring[q->first];
		q->first = (q->first + 1) % CHR_EXT_EVENT_QUEUE;
		q->nr--;
	} else {
		return false;
	}
	q->seq += e->missed + 1;
	e->seq = q->seq;
	return true;
}

/* Caller holds the lock and knows that there is room. */
static void events_push(struct chr_ext_events *q,
			const struct chr_ext_event *event)
{
	struct chr_ext_event *e;

	e = &q->ring[(q->first + q->nr++) % CHR_EXT_EVENT_QUEUE];
	*e = *event;
	e->seq = ++q->place;
	e->missed = q->missed;
	q->missed = 0;
}

static void events_work(struct work_struct *work)
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
		/* Tasks RCU needs a voluntary switch of a thread that never sleeps. */
		cond_resched_tasks_rcu_qs();
	}
}

/* Caller holds the lock. */
static void timer_expired(struct chr_ext_events *q, struct event_timer *t,
			  u64 count)
{
	chr_ext_stat_add(q->dev, STAT_EVENTS, count);
	if (!t->count) {
		t->ns = ktime_get_ns();
		t->place = ++q->place;
	}
	t->count += count;
	queue_work(q->dev->drv->wq, &q->work);
}

/* The next expiry comes after this, even if expirations are reported early. */
static ktime_t timer_not_before(const struct event_timer *t)
{
	s64 gap = (s64)atomic_read(&nr_periodic) * EXPIRY_NS - t->period;

	return ktime_add_ns(ktime_get(), max(gap, 0));
}

/*
 * A start or a cancel that gets the lock before this expiry supersedes it; the
 * start has queued the timer, which may not be forwarded then.
 */
static enum hrtimer_restart timer_fn(struct hrtimer *hrtimer)
{
	struct event_timer *t = container_of(hrtimer, struct event_timer,
					     hrtimer);
	struct chr_ext_events *q = t->q;

	guard(raw_spinlock_irqsave)(&q->lock);
	if (!t->armed || hrtimer_is_queued(hrtimer))
		return HRTIMER_NORESTART;
	if (!t->period) {
		t->armed = false;
		timer_expired(q, t, 1);
		return HRTIMER_NORESTART;
	}
	timer_expired(q, t, hrtimer_forward(hrtimer, timer_not_before(t),
					    t->period));
	return HRTIMER_RESTART;
}

/* Return: whether it was armed or had expirations to report. Caller holds the lock. */
static bool timer_stop(struct event_timer *t)
{
	bool busy = t->armed || t->count;

	if (t->armed && t->period)
		atomic_dec(&nr_periodic);
	t->armed = false;
	t->count = 0;
	/* A function that runs waits for the lock, then finds it not armed. */
	hrtimer_try_to_cancel(&t->hrtimer);
	return busy;
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
	size_t i;

	if (READ_ONCE(dev->events))
		return 0;
	q = kvzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);
	if (!q)
		return -ENOMEM;
	q->dev = dev;
	raw_spin_lock_init(&q->lock);
	INIT_WORK(&q->work, events_work);
	for (i = 0; i < ARRAY_SIZE(q->timers); i++) {
		q->timers[i].q = q;
		chr_ext_hrtimer_setup(&q->timers[i].hrtimer, timer_fn,
				      CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	}
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
	struct chr_ext_events *q = dev->events;
	size_t i;

	if (!q)
		return;
	for (i = 0; i < ARRAY_SIZE(q->timers); i++) {
		scoped_guard(raw_spinlock_irqsave, &q->lock)
			timer_stop(&q->timers[i]);
		hrtimer_cancel(&q->timers[i].hrtimer);
	}
	cancel_work_sync(&q->work);
	kvfree(q);
	dev->events = NULL;
}

/**
 * chr_ext_event() - queue an event of a device
 * @dev: the device; chr_ext_events_init() has been called for it
 * @event: what happened; seq and missed are filled in here
 *
 * An event that finds the queue full is counted, and reported by the next.
 *
 * Context: any but NMI.
 */
void chr_ext_event(struct chr_ext_device *dev, struct chr_ext_event *event)
{
	struct chr_ext_events *q = dev->events;

	chr_ext_stat_add(dev, STAT_EVENTS, 1);
	scoped_guard(raw_spinlock_irqsave, &q->lock) {
		if (q->nr < CHR_EXT_EVENT_QUEUE) {
			events_push(q, event);
		} else {
			q->missed++;
			chr_ext_stat_add(dev, STAT_LOST_EVENTS, 1);
		}
	}
	queue_work(q->dev->drv->wq, &q->work);
}

/**
 * chr_ext_event_timer_start() - start a timer, anew if it is running
 * @dev: the device
 * @id: which timer
 * @expires: on CLOCK_MONOTONIC
 * @period: 0 for once
 *
 * Return: 0; -EINVAL when there is no such timer, -EOPNOTSUPP when the driver has
 * no event op, -ENODEV when the device goes.
 * Context: any but NMI.
 */
int chr_ext_event_timer_start(struct chr_ext_device *dev, u32 id,
			      ktime_t expires, ktime_t period)
{
	struct chr_ext_events *q = READ_ONCE(dev->events);
	struct event_timer *t;

	if (id >= CHR_EXT_MAX_TIMERS)
		return -EINVAL;
	if (!q)
		return -EOPNOTSUPP;
	t = &q->timers[array_index_nospec(id, CHR_EXT_MAX_TIMERS)];

	guard(raw_spinlock_irqsave)(&q->lock);
	if (READ_ONCE(dev->dead))
		return -ENODEV;
	timer_stop(t);
	t->period = period;
	t->armed = true;
	if (period)
		atomic_inc(&nr_periodic);
	hrtimer_start(&t->hrtimer, expires, HRTIMER_MODE_ABS_HARD);
	return 0;
}

/**
 * chr_ext_event_timer_cancel() - stop a timer
 * @dev: the device
 * @id: which timer
 *
 * An expiration that is not reported yet is dropped.
 *
 * Return: 1, 0 when it was not running, or -EINVAL when there is no such timer.
 * Context: any but NMI.
 */
int chr_ext_event_timer_cancel(struct chr_ext_device *dev, u32 id)
{
	struct chr_ext_events *q = READ_ONCE(dev->events);

	if (id >= CHR_EXT_MAX_TIMERS)
		return -EINVAL;
	if (!q)
		return 0;
	guard(raw_spinlock_irqsave)(&q->lock);
	return timer_stop(&q->timers[array_index_nospec(id, CHR_EXT_MAX_TIMERS)]);
}
