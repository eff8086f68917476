// SPDX-License-Identifier: GPL-2.0-only
/*
 * ticker: a clock that ticks for all readers. A read waits for the next tick and
 * returns
 *
 *	struct tick { __u64 number; __u64 ns; }
 *
 * the number of the tick, counted from the device's start, and its time on
 * CLOCK_MONOTONIC. An open file sees each tick at most once, beginning with the
 * first after open(2). Ticks are not queued: a slow reader gets the latest, and
 * a gap in the numbers shows how many it missed. A read of less than a struct
 * gives EINVAL. An O_NONBLOCK call gets EAGAIN while there is no tick,
 * or the device is busy with another.
 *
 *	TICKER_GET_PERIOD	the microseconds from tick to tick
 *	TICKER_SET_PERIOD	change that, and tick that long after now; EBADF
 *				when not open for writing, EINVAL when it is not
 *				100 to 3600000000
 *
 * Set at load, the first period and the number of devices:
 *	chrext load ticker.bpf.o --set period_us=1000 --set instances=2
 */
#include <chr_ext/chr_ext.bpf.h>

#define TICKER_TICK	0	/* timers of a device */
#define TICKER_CHANGE	1	/* expires when wanted is set */
#define TICKER_KEPT	16	/* ticks, of which readers want the last */
#define MIN_US		100U
#define MAX_US		3600000000U

const volatile __u32 period_us = 1000000;

struct tick {
	__u64 number;
	__u64 ns;
};

#define TICKER_GET_PERIOD	_IOR('T', 0, __u32)
#define TICKER_SET_PERIOD	_IOW('T', 1, __u32)

/* What a device remembers, in its memory. */
struct ticker {
	__u64 last;		/* ticks[last % TICKER_KEPT] is the last one */
	__u64 period;		/* in nanoseconds */
	__u64 wanted;		/* the period that ioctl has set, or 0 */
	struct tick ticks[TICKER_KEPT];
};

/* What an open file remembers. */
struct listener {
	__u64 seen;		/* number of the last tick it got */
};

static struct ticker *ticker_of(struct chr_ext_dev *dev)
{
	return (void *)chr_ext_dev_data(dev, sizeof(struct ticker));
}

static struct listener *listener_of(struct chr_ext_file *file)
{
	return (void *)chr_ext_file_data(file, sizeof(struct listener));
}

/* With a full barrier: a tick is there before the count of it. */
static __u64 ticker_last(struct ticker *t)
{
	return __sync_fetch_and_add(&t->last, 0);
}

/*
 * The last tick. The next one is written elsewhere, but a reader that is preempted
 * for many of them must look again.
 */
static bool ticker_get(struct ticker *t, struct tick *tick)
{
	__u64 last;
	int i;

	for (i = 0; i < 4; i++) {
		last = ticker_last(t);
		*tick = t->ticks[last % TICKER_KEPT];
		if (ticker_last(t) - last < TICKER_KEPT - 1)
			return true;
	}
	return false;
}

static int ticker_start(struct chr_ext_dev *dev, struct ticker *t)
{
	return chr_ext_timer_start(dev, TICKER_TICK, t->period, t->period, 0);
}

static void ticker_count(struct ticker *t, __u64 n)
{
	__u64 last = t->last;
	struct tick *tick = &t->ticks[(last + 1) % TICKER_KEPT];

	tick->number = t->ticks[last % TICKER_KEPT].number + n;
	tick->ns = chr_ext_clock_ns(CLOCK_MONOTONIC);
	__sync_fetch_and_add(&t->last, 1);
}

/* The only place that changes the period: one at a time for a device. */
SEC("struct_ops/event")
void BPF_PROG(ticker_event, struct chr_ext_dev *dev,
	      struct chr_ext_event *event)
{
	struct ticker *t = ticker_of(dev);
	__u64 wanted;

	if (!t)
		return;
	wanted = __sync_lock_test_and_set(&t->wanted, 0);
	if (wanted) {
		t->period = wanted;
		ticker_start(dev, t);
	} else if (event->index == TICKER_TICK) {
		ticker_count(t, event->count);
		chr_ext_wake(dev, EPOLLIN, 0);
	}
}

SEC("struct_ops/probe")
int BPF_PROG(ticker_probe, struct chr_ext_dev *dev)
{
	struct ticker *t = ticker_of(dev);

	if (!t)
		return -ENXIO;
	if (period_us < MIN_US || period_us > MAX_US)
		return -EINVAL;
	t->period = period_us * 1000ULL;
	return ticker_start(dev, t);
}

SEC("struct_ops/open")
int BPF_PROG(ticker_open, struct chr_ext_file *file)
{
	struct ticker *t = ticker_of(file->dev);
	struct listener *l = listener_of(file);
	struct tick tick;

	if (!t || !l)
		return -ENXIO;
	if (!ticker_get(t, &tick))
		return -EAGAIN;
	l->seen = tick.number;
	return 0;
}

SEC("struct_ops/read")
long BPF_PROG(ticker_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct ticker *t = ticker_of(file->dev);
	struct listener *l = listener_of(file);
	struct tick tick;

	if (!t || !l)
		return -ENXIO;
	if (io->len < sizeof(tick))
		return -EINVAL;
	if (!ticker_get(t, &tick) || tick.number == l->seen)
		return -EAGAIN;
	l->seen = tick.number;
	return chr_ext_io_put(io, 0, &tick, sizeof(tick));
}

SEC("struct_ops/poll")
__u32 BPF_PROG(ticker_poll, struct chr_ext_file *file)
{
	struct ticker *t = ticker_of(file->dev);
	struct listener *l = listener_of(file);
	struct tick tick;

	if (!t || !l)
		return EPOLLERR;
	if (ticker_get(t, &tick) && tick.number == l->seen)
		return 0;
	return EPOLLIN | EPOLLRDNORM;
}

/* The event op, which may be counting a tick, takes it from here. */
static long ticker_set_period(struct chr_ext_file *file, struct ticker *t,
			      __u32 us)
{
	if ((file->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (us < MIN_US || us > MAX_US)
		return -EINVAL;
	__sync_lock_test_and_set(&t->wanted, us * 1000ULL);
	return chr_ext_timer_start(file->dev, TICKER_CHANGE, 0, 0, 0);
}

SEC("struct_ops/ioctl")
long BPF_PROG(ticker_ioctl, struct chr_ext_file *file, __u32 cmd,
	      struct chr_ext_io *io)
{
	struct ticker *t = ticker_of(file->dev);
	__u32 us = 0;

	if (!t)
		return -ENXIO;

	switch (cmd) {
	case TICKER_GET_PERIOD:
		us = (t->wanted ?: t->period) / 1000;
		chr_ext_io_put(io, 0, &us, sizeof(us));
		return 0;
	case TICKER_SET_PERIOD:
		if (chr_ext_io_get(io, 0, &us, sizeof(us)) < 0)
			return -EFAULT;
		return ticker_set_period(file, t, us);
	default:
		return -ENOTTY;
	}
}

CHR_EXT_DRIVER(ticker,
	.probe = (void *)ticker_probe,
	.event = (void *)ticker_event,
	.open = (void *)ticker_open,
	.read = (void *)ticker_read,
	.poll = (void *)ticker_poll,
	.ioctl = (void *)ticker_ioctl,
	.dev_size = sizeof(struct ticker),
	.file_size = sizeof(struct listener),
	.mode = 0666,
	.flags = CHR_EXT_SERIAL_DEV,
);
