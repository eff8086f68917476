// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for a driver that returned -EAGAIN, wake-ups, and turns.
 *
 * Sleepers, pollers and epoll share one queue, the device's. An op is called
 * once, and once more after each wake-up, and for nothing else. So that no
 * wake-up is lost between the call and the sleep, each wake-up counts in
 * chr_ext_device.wakes, and a caller samples the count before its call:
 *
 *	caller				waker
 *	seen = wakes (acquire)		data = ready
 *	call op: reads data		smp_mb, wakes++
 *	add to the queue
 *	smp_mb				smp_mb
 *	wakes != seen: call again	queue not empty: wake
 *
 * If the sample includes the wake-up, the op sees the data. If it does not, the
 * two barriers leave only two outcomes: the waker sees the entry, or the caller
 * sees the count. If both do, the op is called once all the same: sampling the
 * count anew and clearing the mark of the waker are one step under the queue's
 * lock, and a waker leaves alone an entry whose sample includes its wake-up.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "dev.h"
#include "driver.h"
#include "file.h"
#include "wait.h"

#define IN_EVENTS	(EPOLLIN | EPOLLRDNORM)
#define OUT_EVENTS	(EPOLLOUT | EPOLLWRNORM)

/* Marks a wake-up of one sleeper; no EPOLL* bit. */
#define WAKE_ONE	((__force __poll_t)BIT(26))

/*
 * The events that end a wait. No bits beyond CHR_EXT_EVENTS: POLLFREE would
 * make epoll believe that the queue goes away.
 */
static const __poll_t wait_events[CHR_EXT_WAIT_KINDS] = {
	[CHR_EXT_WAIT_IN] = IN_EVENTS | EPOLLERR | EPOLLHUP,
	[CHR_EXT_WAIT_OUT] = OUT_EVENTS | EPOLLERR | EPOLLHUP,
	[CHR_EXT_WAIT_ANY] = CHR_EXT_EVENTS,
};

struct sleeper {
	struct wait_queue_entry entry;
	struct chr_ext_device *dev;
	enum chr_ext_wait_for what;
	unsigned long start;
	int seen;		/* wakes, before the last call of the op */
	bool woken;
	bool alone;		/* woken as the only one */
};

static int sleeper_wakes(const struct sleeper *s)
{
	return atomic_read(&s->dev->wakes[s->what]);
}

static int sleeper_wake(struct wait_queue_entry *entry, unsigned int mode,
			int sync, void *key)
{
	struct sleeper *s = container_of(entry, struct sleeper, entry);
	__poll_t events = key_to_poll(key);

	if (events && !(events & wait_events[s->what]))
		return 0;
	if (sleeper_wakes(s) == s->seen)
		return 0;
	if (events & WAKE_ONE && entry->flags & WQ_FLAG_EXCLUSIVE)
		s->alone = true;
	WRITE_ONCE(s->woken, true);
	return default_wake_function(entry, mode, sync, key);
}

/*
 * An exclusive sleeper may be woken alone. Others are woken each time and take
 * no wake-up away.
 */
static void sleeper_queue(struct sleeper *s, bool exclusive)
{
	init_waitqueue_func_entry(&s->entry, sleeper_wake);
	s->entry.private = current;
	atomic_inc(&s->dev->waiting);
	if (exclusive)
		add_wait_queue_exclusive(&s->dev->wait, &s->entry);
	else
		add_wait_queue(&s->dev->wait, &s->entry);
	/* Pairs with wq_has_sleeper(). */
	smp_mb();
	if (sleeper_wakes(s) != s->seen)
		WRITE_ONCE(s->woken, true);
}

/* An update can change the limit while callers wait. */
static long time_left(const struct sleeper *s)
{
	u32 ms = READ_ONCE(s->dev->drv->conf.timeout_ms);
	unsigned long limit, waited = jiffies - s->start;

	if (!ms)
		return MAX_SCHEDULE_TIMEOUT;
	limit = msecs_to_jiffies(ms) + 1;	/* it began within a jiffy */
	return waited < limit ? limit - waited : 0;
}

/* Return: 0, or why the wait is over: -ERESTARTSYS or -ETIMEDOUT. */
static long sleeper_over(const struct sleeper *s)
{
	if (signal_pending(current))
		return -ERESTARTSYS;
	return time_left(s) ? 0 : -ETIMEDOUT;
}

/* Return: 0 after a wake-up, -ERESTARTSYS or -ETIMEDOUT. */
static long sleeper_sleep(struct sleeper *s)
{
	long ret = 0, left;

	/* An op that wakes its own caller would keep the CPU. */
	cond_resched();
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (READ_ONCE(s->woken))
			break;
		ret = -ERESTARTSYS;
		if (signal_pending(current))
			break;
		ret = -ETIMEDOUT;
		left = time_left(s);
		if (!left)
			break;
		schedule_timeout(left);
		ret = 0;
	}
	__set_current_state(TASK_RUNNING);
	return ret;
}

/* Make ready for the next call of the op. */
static void sleeper_sample(struct sleeper *s)
{
	spin_lock_irq(&s->dev->wait.lock);
	s->woken = false;
	/* Pairs with chr_ext_wake_up(). */
	s->seen = atomic_read_acquire(&s->dev->wakes[s->what]);
	spin_unlock_irq(&s->dev->wait.lock);
}

static void sleeper_unqueue(struct sleeper *s)
{
	remove_wait_queue(&s->dev->wait, &s->entry);
	atomic_dec(&s->dev->waiting);
}

static void count_wakes(struct chr_ext_device *dev, __poll_t events)
{
	int i;

	/* What the driver did before comes first, see the head of this file. */
	smp_mb__before_atomic();
	for (i = 0; i < CHR_EXT_WAIT_KINDS; i++)
		if (events & wait_events[i])
			atomic_inc(&dev->wakes[i]);
}

/*
 * A sleeper that was woken alone and leaves wakes the next of its kind: there
 * may be more to do, or it may have died. The last one finds nothing and sleeps
 * on, which ends the chain. Sleepers of other kinds are not concerned.
 */
static void wake_next(struct sleeper *s)
{
	if (!s->alone)
		return;
	/* As in count_wakes(). */
	smp_mb__before_atomic();
	atomic_inc(&s->dev->wakes[s->what]);
	if (wq_has_sleeper(&s->dev->wait))
		wake_up_poll(&s->dev->wait, WAKE_ONE |
			     (s->what == CHR_EXT_WAIT_IN ? IN_EVENTS : OUT_EVENTS));
}

/**
 * chr_ext_wait() - the slow half of chr_ext_call(): sleep, call again
 * @f: the open file
 * @op: which op
 * @what: the events to wait for
 * @seen: chr_ext_wakes() before the first call
 * @call: calls the op; returns -EAGAIN as long as there is nothing
 * @arg: its argument
 *
 * Readers and writers are exclusive sleepers.
 *
 * Return: the op's result, -ERESTARTSYS after a signal, or -ETIMEDOUT.
 */
long chr_ext_wait(struct chr_ext_open *f, enum chr_ext_op op,
		  enum chr_ext_wait_for what, int seen, chr_ext_call_t call,
		  void *arg)
{
	struct sleeper s = {
		.dev = f->dev, .what = what, .seen = seen, .start = jiffies,
	};
	long ret;

	sleeper_queue(&s, what != CHR_EXT_WAIT_ANY);
	do {
		ret = sleeper_sleep(&s);
		if (ret)
			break;
		sleeper_sample(&s);
		ret = chr_ext_call_once(f, op, false, call, arg);
		if (ret != -EAGAIN)
			break;
		/* An op that wakes its own caller never lets it sleep. */
		ret = sleeper_over(&s);
	} while (!ret);
	sleeper_unqueue(&s);
	wake_next(&s);
	return ret;
}

/**
 * chr_ext_wait_once() - sleep until the next wake-up
 * @f: the open file
 * @what: the events to wait for
 * @seen: chr_ext_wakes() before the op was called
 * @start: when the wait began, in jiffies
 *
 * Return: 0, -ERESTARTSYS after a signal, or -ETIMEDOUT.
 */
long chr_ext_wait_once(struct chr_ext_open *f, enum chr_ext_wait_for what,
		       int seen, unsigned long start)
{
	struct sleeper s = {
		.dev = f->dev, .what = what, .seen = seen, .start = start,
	};
	long ret;

	sleeper_queue(&s, false);
	/* Both, as in chr_ext_wait(): the caller loops. */
	ret = sleeper_sleep(&s) ?: sleeper_over(&s);
	sleeper_unqueue(&s);
	return ret;
}

static void signal_owners(struct chr_ext_device *dev, __poll_t events)
{
	if (events & IN_EVENTS)
		kill_fasync(&dev->fasync, SIGIO, POLL_IN);
	if (events & OUT_EVENTS)
		kill_fasync(&dev->fasync, SIGIO, POLL_OUT);
	if (events & EPOLLPRI)
		kill_fasync(&dev->fasync, SIGIO, POLL_PRI);
	if (events & EPOLLERR)
		kill_fasync(&dev->fasync, SIGIO, POLL_ERR);
	if (events & EPOLLHUP)
		kill_fasync(&dev->fasync, SIGIO, POLL_HUP);
}

/* One reader, one writer, and all that wait for other events. */
static void wake_few(struct chr_ext_device *dev, __poll_t events)
{
	const __poll_t rest = events & ~(IN_EVENTS | OUT_EVENTS);

	if (events & IN_EVENTS)
		wake_up_poll(&dev->wait, IN_EVENTS | WAKE_ONE);
	if (events & OUT_EVENTS)
		wake_up_poll(&dev->wait, OUT_EVENTS | WAKE_ONE);
	if (rest)
		__wake_up(&dev->wait, TASK_NORMAL, 0, poll_to_key(rest));
}

static void wake_up_now(struct chr_ext_device *dev, __poll_t events, bool all)
{
	count_wakes(dev, events);
	/* Pairs with sleeper_queue(), see the head of this file. */
	if (wq_has_sleeper(&dev->wait)) {
		if (all)
			__wake_up(&dev->wait, TASK_NORMAL, 0,
				  poll_to_key(events));
		else
			wake_few(dev, events);
	}
	signal_owners(dev, events);
}

static void wake_up_later(struct irq_work *work)
{
	struct chr_ext_device *dev = container_of(work, struct chr_ext_device,
						  wake_later);
	__poll_t all = (__force __poll_t)atomic_xchg(&dev->later_all, 0);
	__poll_t one = (__force __poll_t)atomic_xchg(&dev->later_one, 0);

	if (all)
		wake_up_now(dev, all, true);
	if (one & ~all)
		wake_up_now(dev, one & ~all, false);
}

void chr_ext_wake_init(struct chr_ext_device *dev)
{
	init_waitqueue_head(&dev->wait);
	init_irq_work(&dev->wake_later, wake_up_later);
}

/**
 * chr_ext_wake_up() - announce that something has become ready
 * @dev: the device
 * @events: what
 * @all: wake all sleepers that wait for it, or one
 *
 * Wakes pollers in any case. With PREEMPT_RT the locks of wait queues sleep, so a
 * caller that may not be preempted has it done a moment later.
 *
 * Context: any but NMI.
 */
void chr_ext_wake_up(struct chr_ext_device *dev, __poll_t events, bool all)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_RT) || preemptible()) {
		wake_up_now(dev, events, all);
		return;
	}
	atomic_or((__force int)events, all ? &dev->later_all : &dev->later_one);
	irq_work_queue(&dev->wake_later);
}

/**
 * chr_ext_wake_again() - have all sleepers and pollers call their op again
 * @dev: the device, whose ops have been replaced
 *
 * Context: process.
 */
void chr_ext_wake_again(struct chr_ext_device *dev)
{
	count_wakes(dev, CHR_EXT_EVENTS);
	wake_up_all(&dev->wait);
}

static bool turn_try(struct chr_ext_turn *turn)
{
	if (mutex_trylock(&turn->lock))
		return true;
	/* Either the holder sees this when it unlocks, or this trylock succeeds. */
	WRITE_ONCE(turn->missed, true);
	smp_mb();	/* pairs with chr_ext_turn_give() */
	return mutex_trylock(&turn->lock);
}

/**
 * chr_ext_turn_take() - wait until no other op runs
 * @turn: the turn of the device or file
 * @nonblock: do not wait
 *
 * Return: 0; -EAGAIN or -ERESTARTSYS.
 */
long chr_ext_turn_take(struct chr_ext_turn *turn, bool nonblock)
{
	if (!nonblock && mutex_lock_interruptible(&turn->lock))
		return -ERESTARTSYS;
	if (nonblock && !turn_try(turn))
		return -EAGAIN;
	WRITE_ONCE(turn->holder, current);
	return 0;
}

/* A caller that waits for a turn and cannot give up. */
struct insister {
	struct list_head node;		/* in chr_ext_device.insisters */
	struct chr_ext_turn *turn;
	unsigned long limit;		/* in jiffies */
};

/**
 * chr_ext_turn_insist() - chr_ext_turn_take() for callers that cannot give up
 * @turn: the turn of the device or file
 * @dev: the device
 *
 * The caller is in a call that has no error to return: poll, where epoll holds the
 * lock of its set, or close, also in a task that exits. No signal ends the wait;
 * so that other users of the device cannot make it last, the sleeps and delays of
 * ops that hold the turn fail after CHR_EXT_MAX_DRAIN_MS.
 */
void chr_ext_turn_insist(struct chr_ext_turn *turn, struct chr_ext_device *dev)
{
	struct insister i = { .turn = turn };

	if (!mutex_trylock(&turn->lock)) {
		scoped_guard(raw_spinlock_irqsave, &dev->insisters_lock) {
			i.limit = jiffies + msecs_to_jiffies(CHR_EXT_MAX_DRAIN_MS);
			list_add_tail(&i.node, &dev->insisters);
		}
		mutex_lock(&turn->lock);
		scoped_guard(raw_spinlock_irqsave, &dev->insisters_lock)
			list_del(&i.node);
	}
	WRITE_ONCE(turn->holder, current);
}

/*
 * Whether the current task holds what an insister waits for. A close that waits for
 * others waits for the turn of the device, too: those need it one after the other.
 */
static bool insister_waits_for_us(const struct insister *i,
				  const struct chr_ext_device *dev)
{
	return READ_ONCE(i->turn->holder) == current ||
	       (i->turn == &dev->closing &&
		READ_ONCE(dev->turn.holder) == current);
}

/**
 * chr_ext_turn_is_late() - whether the running op should give up its turn
 * @dev: the device
 *
 * Return: true if the current task holds a turn of the device for which a caller of
 * chr_ext_turn_insist() has waited for CHR_EXT_MAX_DRAIN_MS.
 * Context: any.
 */
bool chr_ext_turn_is_late(struct chr_ext_device *dev)
{
	struct insister *i;

	if (!in_task() || list_empty_careful(&dev->insisters))
		return false;
	guard(raw_spinlock_irqsave)(&dev->insisters_lock);
	/* In the order of their limits. */
	list_for_each_entry(i, &dev->insisters, node) {
		if (time_before_eq(jiffies, i->limit))
			return false;
		if (insister_waits_for_us(i, dev))
			return true;
	}
	return false;
}

/**
 * chr_ext_turn_give() - the counterpart of chr_ext_turn_take()
 * @turn: the turn of the device or file
 * @dev: the device
 *
 * A caller that got -EAGAIN because the turn was taken polls next; edge-triggered
 * epoll would report nothing without this notification. It is no wake-up for
 * sleepers: their op was called and had nothing.
 */
void chr_ext_turn_give(struct chr_ext_turn *turn, struct chr_ext_device *dev)
{
	WRITE_ONCE(turn->holder, NULL);
	mutex_unlock(&turn->lock);
	/* Pairs with chr_ext_turn_take(). */
	smp_mb();
	if (READ_ONCE(turn->missed) && xchg(&turn->missed, false)) {
		/* No events: pollers look for themselves, and io_uring, too. */
		wake_up(&dev->wait);
		signal_owners(dev, IN_EVENTS | OUT_EVENTS);
	}
}
