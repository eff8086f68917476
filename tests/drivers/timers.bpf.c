// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starts and cancels timers as the commands of its ioctl ask, and counts their
 * expirations. The argument of a command has the timer in its last 4 bits.
 */
#include <chr_ext/chr_ext.bpf.h>

#define MS	1000000ULL

struct timers {
	__u64 events[CHR_EXT_MAX_TIMERS];
	__u64 expired[CHR_EXT_MAX_TIMERS];
	__u64 slow_us;		/* an event op takes so long */
	__u64 wrong;		/* events with impossible members */
	__u64 last_seq;
	__u64 held;		/* event ops wait until this is 0 */
	__u64 order;		/* of timers since then: 1 + number, a digit each */
};

extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;

static struct timers *timers_of(struct chr_ext_dev *dev)
{
	return (void *)chr_ext_dev_data(dev, sizeof(struct timers));
}

static void hold(struct chr_ext_dev *dev, struct timers *t)
{
	int i;

	bpf_for(i, 0, 10000)
		if (!*(volatile __u64 *)&t->held || chr_ext_sleep_us(dev, 10000, 0))
			break;
}

SEC("struct_ops.s/event")
void BPF_PROG(timers_event, struct chr_ext_dev *dev,
	      struct chr_ext_event *event)
{
	struct timers *t = timers_of(dev);
	__u32 i = event->index;

	if (!t || i >= CHR_EXT_MAX_TIMERS)
		return;
	if (event->type != CHR_EXT_EVENT_TIMER || !event->count ||
	    event->seq <= t->last_seq ||
	    event->ns > chr_ext_clock_ns(CLOCK_MONOTONIC))
		t->wrong++;
	t->last_seq = event->seq;
	t->events[i]++;
	t->expired[i] += event->count;
	t->order = t->order << 4 | (i + 1);
	hold(dev, t);
	if (t->slow_us)
		chr_ext_sleep_us(dev, t->slow_us, 0);
	chr_ext_wake(dev, EPOLLIN, 0);
}

/* What a program with preemption off may call. */
static long atomic(struct chr_ext_dev *dev)
{
	long err;

	bpf_preempt_disable();
	err = chr_ext_delay_us(dev, 10, 0);
	err = err ?: chr_ext_wake(dev, EPOLLIN, 0);
	err = err ?: chr_ext_timer_start(dev, 7, 3600000 * MS, 0, 0);
	err = err ?: chr_ext_timer_cancel(dev, 7, 0) != 1;
	err = err ?: chr_ext_msg(dev, CHR_EXT_INFO, "atomic");
	bpf_preempt_enable();
	return err;
}

SEC("struct_ops/ioctl")
long BPF_PROG(timers_ioctl, struct chr_ext_file *file, __u32 cmd,
	      struct chr_ext_io *io)
{
	struct timers *t = timers_of(file->dev);
	__u32 id = io->arg & 15;
	__u64 n = io->arg >> 4;

	if (!t)
		return -ENXIO;
	switch (cmd) {
	case 1:		/* once, after n ms */
		return chr_ext_timer_start(file->dev, id, n * MS, 0, 0);
	case 3:		/* every n microseconds */
		return chr_ext_timer_start(file->dev, id, 0, n * 1000, 0);
	case 4:
		return chr_ext_timer_cancel(file->dev, id, 0);
	case 5:
		return t->events[id & (CHR_EXT_MAX_TIMERS - 1)];
	case 6:
		return t->expired[id & (CHR_EXT_MAX_TIMERS - 1)];
	case 7:
		t->slow_us = n;
		return 0;
	case 8:		/* with these flags */
		return chr_ext_timer_start(file->dev, id, 0, 0, n);
	case 9:
		return t->wrong;
	case 10:
		return atomic(file->dev);
	case 11:	/* at a time in n ms */
		return chr_ext_timer_start(file->dev, id,
					   chr_ext_clock_ns(CLOCK_MONOTONIC) +
					   n * MS, 0, CHR_EXT_TIMER_ABS);
	case 12:	/* in the past */
		return chr_ext_timer_start(file->dev, id, 1, 0, CHR_EXT_TIMER_ABS);
	case 13:
		return t->order & 0x7fffffff;
	case 14:	/* hold event ops, or not */
		if (n)
			t->order = 0;
		t->held = n;
		return 0;
	default:
		return -ENOTTY;
	}
}

CHR_EXT_DRIVER(timers,
	.event = (void *)timers_event,
	.ioctl = (void *)timers_ioctl,
	.dev_size = sizeof(struct timers),
	.mode = 0666,
);
