// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfuncs that output a pattern on GPIO lines, timed by the kernel.
 */
#include <linux/btf.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "event.h"
#include "gpio.h"

/*
 * A timer outputs the steps. Where a controller sleeps, it queues a work item for
 * each of them, which starts the timer again.
 *
 * A player belongs to its chr_ext_gpio. Starting and stopping it is serialised by
 * g->lock, so steps, n and flags do not change while it plays.
 */
struct chr_ext_player {
	struct chr_ext_gpio *gpio;
	struct hrtimer timer;
	struct work_struct work;
	bool stop;			/* the timer must not go on */

	struct chr_ext_gpio_step *steps;
	u32 n;
	u32 flags;
	u32 pos;			/* only for the step being output */
	ktime_t due;			/* likewise */

	raw_spinlock_t lock;		/* state; taken in interrupts */
	struct chr_ext_gpio_played state;
};

/*
 * Half of each CPU is left to others, however many players have their timers
 * there: what they use has to be followed by as much time without them. A player
 * that finds more debt than BURST_NS tries again when there is none.
 */
struct budget {
	raw_spinlock_t lock;		/* all below; taken in interrupts */
	ktime_t end;			/* of what was counted last */
	ktime_t free;			/* when there is no debt */
};

static DEFINE_PER_CPU(struct budget, budgets) = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(budgets.lock),
};

#define BURST_NS	(50 * NSEC_PER_USEC)
/* A timer that is later than this was delayed by more than its own interrupt. */
#define MAX_ENTRY_NS	(10 * NSEC_PER_USEC)

/* Return: when to try again, or 0 for now. */
static ktime_t budget_exceeded(ktime_t now)
{
	struct budget *b = raw_cpu_ptr(&budgets);

	guard(raw_spinlock_irqsave)(&b->lock);
	return ktime_after(b->free, ktime_add_ns(now, BURST_NS)) ? b->free : 0;
}

/*
 * Counts the time since @now, and before that what it took from the time the
 * timer was set for, which the interrupt cost. Return: until when as much is free.
 */
static ktime_t budget_spend(ktime_t set_for, ktime_t now)
{
	struct budget *b = raw_cpu_ptr(&budgets);
	ktime_t begin = max(set_for, ktime_sub_ns(now, MAX_ENTRY_NS));
	ktime_t end = ktime_get();

	guard(raw_spinlock_irqsave)(&b->lock);
	begin = min(max(begin, b->end), now);
	b->end = max(b->end, end);
	b->free = ktime_add(max(b->free, begin),
			    2 * ktime_sub(end, begin));
	return ktime_add(end, ktime_sub(end, begin));
}

static void player_over(struct chr_ext_player *p, int err)
{
	struct chr_ext_event event = {
		.ns = ktime_get_ns(),
		.type = CHR_EXT_EVENT_PLAYED,
		.handle = p->gpio->handle,
		.error = err,
	};

	scoped_guard(raw_spinlock_irqsave, &p->lock) {
		p->state.playing = 0;
		p->state.error = err;
	}
	chr_ext_event(p->gpio->dev, &event);
}

static void player_count(struct chr_ext_player *p, u64 late)
{
	guard(raw_spinlock_irqsave)(&p->lock);
	p->state.steps++;
	p->state.late_ns += late;
	p->state.max_late_ns = max(p->state.max_late_ns, late);
}

/* Outputs what is due at @now. Return: whether there is more, at p->due. */
static bool player_step(struct chr_ext_player *p, ktime_t now)
{
	struct chr_ext_gpio *g = p->gpio;
	u64 hold;
	int err;

	if (p->pos == p->n) {
		if (!(p->flags & CHR_EXT_PLAY_REPEAT)) {
			player_over(p, 0);
			return false;
		}
		p->pos = 0;
	}

	err = chr_ext_gpio_put_bits(g, GENMASK_ULL(g->n - 1, 0),
				    p->steps[p->pos].bits, 0, g->set_sleeps);
	if (err) {
		player_over(p, err);
		return false;
	}
	player_count(p, ktime_to_ns(ktime_sub(now, p->due)));

	/* One late edge does not move the others. */
	hold = p->steps[p->pos++].hold_ns;
	p->due = max(ktime_add_ns(p->due, hold), ktime_add_ns(now, hold / 2));
	return true;
}

/*
 * @set_for is the time that the timer was set for, or now where a work item runs:
 * the scheduler decides when that does.
 *
 * Return: when to go on, or 0 if the player ended.
 */
static ktime_t player_run(struct chr_ext_player *p, ktime_t set_for)
{
	unsigned long slept = current->nvcsw;
	ktime_t now = ktime_get(), next, free;

	if (READ_ONCE(p->stop))
		return 0;
	next = budget_exceeded(now);
	if (next) {
		budget_spend(set_for, now);
		return next;
	}
	if (!player_step(p, now))
		return 0;
	/* While a controller sleeps, others run; but not all of its time. */
	if (p->gpio->set_sleeps && current->nvcsw != slept)
		free = ktime_add(ktime_get(), ktime_sub(ktime_get(), now));
	else
		free = budget_spend(set_for, now);
	p->due = max(p->due, free);
	return p->due;
}

static enum hrtimer_restart player_timer(struct hrtimer *timer)
{
	struct chr_ext_player *p = container_of(timer, struct chr_ext_player,
						timer);
	ktime_t next;

	if (p->gpio->set_sleeps) {
		queue_work(system_highpri_wq, &p->work);
		return HRTIMER_NORESTART;
	}
	next = player_run(p, hrtimer_get_expires(timer));
	if (!next)
		return HRTIMER_NORESTART;
	hrtimer_set_expires(timer, next);
	return HRTIMER_RESTART;
}

static void player_work(struct work_struct *work)
{
	struct chr_ext_player *p = container_of(work, struct chr_ext_player,
						work);
	ktime_t next = player_run(p, ktime_get());

	if (next)
		hrtimer_start(&p->timer, next, HRTIMER_MODE_ABS);
}

/* Caller holds g->lock, or no op can run any more. */
static void player_stop(struct chr_ext_player *p)
{
	WRITE_ONCE(p->stop, true);
	hrtimer_cancel(&p->timer);
	/* The work may have read stop before; then it starts the timer again. */
	cancel_work_sync(&p->work);
	hrtimer_cancel(&p->timer);
	cancel_work_sync(&p->work);
	guard(raw_spinlock_irqsave)(&p->lock);
	p->state.playing = 0;
}

void chr_ext_player_free(struct chr_ext_gpio *g)
{
	if (!g->player)
		return;
	player_stop(g->player);
	kvfree(g->player->steps);
	kfree(g->player);
	g->player = NULL;
}

/* Caller holds g->lock. */
static struct chr_ext_player *player_get(struct chr_ext_gpio *g)
{
	struct chr_ext_player *p = g->player;

	if (p)
		return p;
	p = kzalloc(sizeof(*p), GFP_KERNEL_ACCOUNT);
	if (!p)
		return NULL;
	p->gpio = g;
	raw_spin_lock_init(&p->lock);
	INIT_WORK(&p->work, player_work);
	chr_ext_hrtimer_setup(&p->timer, player_timer, CLOCK_MONOTONIC,
			      HRTIMER_MODE_ABS);
	g->player = p;
	return p;
}

/*
 * Users can write to memory of the device meanwhile: copy first, then check. The
 * steps of a newer header are larger; their unknown members have to be zero.
 *
 * Return: the steps, for kvfree(), or an error pointer.
 */
static struct chr_ext_gpio_step *steps_copy(const void *steps, u32 n, u32 size)
{
	struct chr_ext_gpio_step *copy;
	u32 i;

	copy = kvmalloc_array(n, sizeof(*copy), GFP_KERNEL_ACCOUNT);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	if (size == sizeof(*copy)) {
		memcpy(copy, steps, n * sizeof(*copy));
		return copy;
	}
	for (i = 0; i < n; i++, steps += size) {
		memcpy(&copy[i], steps, sizeof(*copy));
		if (memchr_inv(steps + sizeof(*copy), 0, size - sizeof(*copy))) {
			kvfree(copy);
			return ERR_PTR(-EINVAL);
		}
	}
	return copy;
}

static int steps_check(const struct chr_ext_gpio *g,
		       const struct chr_ext_gpio_step *steps, u32 n)
{
	u64 mask = GENMASK_ULL(g->n - 1, 0), sum = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		if (steps[i].hold_ns < CHR_EXT_MIN_HOLD_NS ||
		    steps[i].bits & ~mask)
			return -EINVAL;
		if (steps[i].hold_ns > CHR_EXT_MAX_PLAY_NS - sum)
			return -ERANGE;
		sum += steps[i].hold_ns;
	}
	return bitmap_full(g->outputs, g->n) ? 0 : -EPERM;
}

static void player_start(struct chr_ext_player *p,
			 struct chr_ext_gpio_step *steps, u32 n, u32 flags)
{
	player_stop(p);
	kvfree(p->steps);
	p->steps = steps;
	p->n = n;
	p->flags = flags;
	p->pos = 0;
	memset(&p->state, 0, sizeof(p->state));
	p->state.playing = 1;
	p->stop = false;
	p->due = ktime_get();
	hrtimer_start(&p->timer, p->due, HRTIMER_MODE_ABS);
}

/* Look up a handle for a kfunc that sleeps. Return: the lines, or an error pointer. */
static struct chr_ext_gpio *find_cansleep(struct chr_ext_dev *dev, s32 handle)
{
	if (!chr_ext_may_sleep())
		return ERR_PTR(-EWOULDBLOCK);
	return chr_ext_gpio_find(dev, handle) ?: ERR_PTR(-EBADF);
}

__bpf_kfunc_start_defs();

/**
 * chr_ext_gpio_play() - output a pattern with exact timing
 * @dev: the device
 * @handle: from chr_ext_gpio_get(); all its lines are outputs
 * @steps: an array of struct chr_ext_gpio_step, in memory of the program or of the
 *	device; it is copied
 * @steps__sz: its size in bytes, at most CHR_EXT_MAX_STEPS elements
 * @flags: CHR_EXT_PLAY_STEP_SIZE(sizeof(struct chr_ext_gpio_step)), and perhaps
 *	CHR_EXT_PLAY_REPEAT; chr_ext_gpio_play_steps() fills in the size
 *
 * Returns at once; a timer outputs the steps. After the hold of the last one the
 * event op is called with CHR_EXT_EVENT_PLAYED; also after an error of the
 * controller, which ends the pattern. A step that is late is shorter by as much, so
 * that the next one is on time again, but not by more than half of its hold; the
 * rest delays all later steps. All players of a CPU together use at most half of
 * it, which can delay steps, too. The pattern goes on over a live update and when
 * the file that started it is closed, and ends with the device. A value that is set
 * meanwhile lasts until the next step.
 *
 * Return: 0; -EBADF if @dev has no such @handle, -EINVAL for no steps or a part of
 * one, a size of a step that is too small or of a step with unknown members that are
 * not zero, a hold of less than CHR_EXT_MIN_HOLD_NS, bits without a line or other
 * @flags, -E2BIG for too many steps, -ERANGE if they last longer than
 * CHR_EXT_MAX_PLAY_NS together, -EPERM if a line is an input, -EBUSY while another
 * pattern plays, -ENOMEM.
 * Context: process, may sleep: only from SEC("struct_ops.s/...").
 */
__bpf_kfunc int chr_ext_gpio_play(struct chr_ext_dev *dev, s32 handle,
				  const void *steps, u32 steps__sz, u64 flags)
{
	struct chr_ext_gpio *g = find_cansleep(dev, handle);
	struct chr_ext_gpio_step *copy;
	struct chr_ext_player *p;
	u32 n, size = flags >> 32;
	int err;

	if (IS_ERR(g))
		return PTR_ERR(g);
	if (size < sizeof(*copy) || !steps__sz || steps__sz % size ||
	    (u32)flags & ~CHR_EXT_PLAY_REPEAT)
		return -EINVAL;
	n = steps__sz / size;
	if (n > CHR_EXT_MAX_STEPS)
		return -E2BIG;
	err = chr_ext_events_init(g->dev);
	if (err)
		return err;

	copy = steps_copy(steps, n, size);
	if (IS_ERR(copy))
		return PTR_ERR(copy);

	guard(mutex)(&g->lock);
	err = steps_check(g, copy, n);
	p = player_get(g);
	if (!err && !p)
		err = -ENOMEM;
	if (!err && READ_ONCE(p->state.playing))
		err = -EBUSY;
	if (err) {
		kvfree(copy);
		return err;
	}
	player_start(p, copy, n, (u32)flags);
	return 0;
}

/**
 * chr_ext_gpio_stop() - end a pattern of chr_ext_gpio_play()
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @flags: 0
 *
 * The lines keep their values, and the event op is not called.
 *
 * Return: 0; -EBADF if @dev has no such @handle, -EINVAL for other @flags.
 * Context: process, may sleep: only from SEC("struct_ops.s/...").
 */
__bpf_kfunc int chr_ext_gpio_stop(struct chr_ext_dev *dev, s32 handle,
				  u32 flags)
{
	struct chr_ext_gpio *g = find_cansleep(dev, handle);

	if (IS_ERR(g))
		return PTR_ERR(g);
	if (flags)
		return -EINVAL;
	guard(mutex)(&g->lock);
	if (g->player)
		player_stop(g->player);
	return 0;
}

/**
 * chr_ext_gpio_played() - progress of chr_ext_gpio_play()
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @to: a struct chr_ext_gpio_played
 * @to__sz: its size in bytes; members beyond it are left out, and unknown ones zeroed
 * @flags: 0
 *
 * Return: 0; -EBADF if @dev has no such @handle, -EINVAL for other @flags.
 * Context: process, may sleep: only from SEC("struct_ops.s/...").
 */
__bpf_kfunc int chr_ext_gpio_played(struct chr_ext_dev *dev, s32 handle,
				    void *to, u32 to__sz, u32 flags)
{
	struct chr_ext_gpio *g = find_cansleep(dev, handle);
	struct chr_ext_gpio_played state = {};

	if (IS_ERR(g))
		return PTR_ERR(g);
	if (flags)
		return -EINVAL;
	guard(mutex)(&g->lock);
	if (g->player) {
		guard(raw_spinlock_irqsave)(&g->player->lock);
		state = g->player->state;
	}
	memset(to, 0, to__sz);
	memcpy(to, &state, min_t(u32, to__sz, sizeof(state)));
	return 0;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(play_kfuncs)
BTF_ID_FLAGS(func, chr_ext_gpio_play, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_ID_FLAGS(func, chr_ext_gpio_stop, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_ID_FLAGS(func, chr_ext_gpio_played, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_KFUNCS_END(play_kfuncs)

const struct chr_ext_kfuncs chr_ext_play_kfuncs[] = {
	{ &play_kfuncs, CHR_EXT_IN_ANY & ~CHR_EXT_IN_QUERY },
	{}
};
