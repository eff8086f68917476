// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for a driver that has nothing yet: sleepers, and who wakes them.
 *
 * Sleepers, pollers and epoll stand in one queue, the device's. A sleeper is
 * in it before its op is called again, so no wake-up is lost between the check
 * and the sleep.
 */
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

#include "dev.h"
#include "file.h"
#include "wait.h"

/* Marks a wake-up of one sleeper; no EPOLL* bit. */
#define WAKE_ONE	((__force __poll_t)BIT(26))

struct sleeper {
	struct wait_queue_entry entry;
	__poll_t events;	/* that it waits for */
	bool alone;		/* woken as the only one; under the queue's lock */
};

static int sleeper_wake(struct wait_queue_entry *entry, unsigned int mode,
			int sync, void *key)
{
	struct sleeper *s = container_of(entry, struct sleeper, entry);
	__poll_t events = key_to_poll(key);

	if (events && !(events & s->events))
		return 0;
	if (events & WAKE_ONE)
		s->alone = true;
	return woken_wake_function(entry, mode, sync, key);
}

/* An update can change the limit, also for who waits already. */
static long time_left(struct chr_ext_device *dev, unsigned long start)
{
	u32 ms = READ_ONCE(dev->drv->conf.timeout_ms);
	unsigned long limit, waited = jiffies - start;

	if (!ms)
		return MAX_SCHEDULE_TIMEOUT;
	limit = msecs_to_jiffies(ms) + 1;	/* it began within a jiffy */
	return waited < limit ? limit - waited : 0;
}

/**
 * chr_ext_wait() - the slow half of chr_ext_call(): call, sleep, call again
 * @f: the open file
 * @op: which op
 * @events: what wakes the caller up, beside EPOLLERR and EPOLLHUP
 * @call: calls the op; gives -EAGAIN as long as there is nothing
 * @arg: its argument
 *
 * Readers and writers are exclusive: the driver may wake one of them. One that
 * was woken alone and goes wakes another of his kind, because there may be more
 * to do, or he may have died. The last of them finds nothing and sleeps on, which
 * ends it. Who was woken with all others leaves nobody behind. Who waits for
 * anything is woken each time, and takes nobody's wake-up.
 *
 * Return: what the op returned, -ERESTARTSYS after a signal, or -ETIMEDOUT.
 */
long chr_ext_wait(struct chr_ext_open *f, enum chr_ext_op op, __poll_t events,
		  chr_ext_call_t call, void *arg)
{
	struct chr_ext_device *dev = f->dev;
	const unsigned long start = jiffies;
	struct sleeper s = { .events = events | EPOLLERR | EPOLLHUP };
	const bool exclusive = events != CHR_EXT_ANY_EVENT;
	long ret, left;

	init_waitqueue_func_entry(&s.entry, sleeper_wake);
	s.entry.private = current;
	atomic_inc(&dev->waiting);
	if (exclusive)
		add_wait_queue_exclusive(&dev->wait, &s.entry);
	else
		add_wait_queue(&dev->wait, &s.entry);
	/* Pairs with wq_has_sleeper(): he sees us, or the op what he did. */
	smp_mb();

	for (;;) {
		ret = chr_ext_call_once(f, op, false, call, arg);
		if (ret != -EAGAIN)
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		left = time_left(dev, start);
		if (!left) {
			ret = -ETIMEDOUT;
			break;
		}
		wait_woken(&s.entry, TASK_INTERRUPTIBLE, left);
		/* An op that wakes its own caller keeps him awake. */
		cond_resched();
	}

	remove_wait_queue(&dev->wait, &s.entry);
	atomic_dec(&dev->waiting);
	if (exclusive && s.alone)
		wake_up_poll(&dev->wait, events | WAKE_ONE);
	return ret;
}

static void signal_owners(struct chr_ext_device *dev, __poll_t events)
{
	if (events & (EPOLLIN | EPOLLRDNORM))
		kill_fasync(&dev->fasync, SIGIO, POLL_IN);
	if (events & (EPOLLOUT | EPOLLWRNORM))
		kill_fasync(&dev->fasync, SIGIO, POLL_OUT);
	if (events & EPOLLPRI)
		kill_fasync(&dev->fasync, SIGIO, POLL_PRI);
	if (events & EPOLLERR)
		kill_fasync(&dev->fasync, SIGIO, POLL_ERR);
	if (events & EPOLLHUP)
		kill_fasync(&dev->fasync, SIGIO, POLL_HUP);
}

/* One reader, one writer, and all who wait for what is left. */
static void wake_up_few(struct chr_ext_device *dev, __poll_t events)
{
	const __poll_t in = EPOLLIN | EPOLLRDNORM, out = EPOLLOUT | EPOLLWRNORM;

	if (events & in)
		wake_up_poll(&dev->wait, in | WAKE_ONE);
	if (events & out)
		wake_up_poll(&dev->wait, out | WAKE_ONE);
	if (events & ~(in | out))
		__wake_up(&dev->wait, TASK_NORMAL, 0,
			  poll_to_key(events & ~(in | out)));
}

static void wake_up_now(struct chr_ext_device *dev, __poll_t events, bool all)
{
	/* Pairs with chr_ext_wait(): either we see the sleeper, or its op our update. */
	if (wq_has_sleeper(&dev->wait)) {
		if (all)
			__wake_up(&dev->wait, TASK_NORMAL, 0,
				  poll_to_key(events));
		else
			wake_up_few(dev, events);
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
 * chr_ext_wake_up() - something has become ready
 * @dev: the device
 * @events: what
 * @all: wake all callers that wait for it, or one
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
 * chr_ext_turn_take() - wait until no other op runs
 * @turn: whose ops
 * @nonblock: do not wait
 *
 * Return: 0; -EAGAIN or -ERESTARTSYS.
 */
long chr_ext_turn_take(struct chr_ext_turn *turn, bool nonblock)
{
	if (!nonblock)
		return mutex_lock_interruptible(&turn->lock) ? -ERESTARTSYS : 0;

	if (mutex_trylock(&turn->lock))
		return 0;
	/* Whose turn it is sees this when he gives it, or we get it now. */
	WRITE_ONCE(turn->missed, true);
	smp_mb();	/* pairs with chr_ext_turn_give() */
	return mutex_trylock(&turn->lock) ? 0 : -EAGAIN;
}

/**
 * chr_ext_turn_give() - the counterpart of chr_ext_turn_take()
 * @turn: whose ops
 * @dev: the device
 *
 * Who got -EAGAIN for the turn alone waits in poll for something to happen; with
 * edge-triggered epoll nothing else would tell him.
 */
void chr_ext_turn_give(struct chr_ext_turn *turn, struct chr_ext_device *dev)
{
	mutex_unlock(&turn->lock);
	/* Pairs with chr_ext_turn_take(). */
	smp_mb();
	if (READ_ONCE(turn->missed) && xchg(&turn->missed, false))
		chr_ext_wake_up(dev, EPOLLIN | EPOLLRDNORM | EPOLLOUT |
				     EPOLLWRNORM, false);
}
