// SPDX-License-Identifier: GPL-2.0-only
/*
 * ticker: a clock that ticks for everyone who listens. A read waits for the
 * next tick and gives
 *
 *	struct tick { __u64 number; __u64 ns; }
 *
 * the number of the tick, counted from the device's start, and its time on
 * CLOCK_MONOTONIC. An open file sees each tick at most once, beginning with the
 * first after open(2). Nothing is kept for who is slow: the next read gives the
 * latest tick, and a gap in the numbers is what was missed. A read of less than
 * a struct gives EINVAL. An O_NONBLOCK call gets EAGAIN while there is no tick,
 * or the device is busy with another.
 *
 *	TICKER_GET_PERIOD	the microseconds from tick to tick
 *	TICKER_SET_PERIOD	change that, and tick that long after now; EBADF
 *				when not open for writing, EINVAL when it is not
 *				100 to 3600000000
 *
 * Set at load, the first period and how many there are, at most 16:
 *	chrext load ticker.bpf.o --set period_us=1000 --set instances=2
 *
 * Its timer needs the map timers: as long as the driver is attached somebody
 * has to hold it, by a descriptor or a pin.
 */
#include <chr_ext/chr_ext.bpf.h>

#define TICKER_MAX	16
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
	__u64 next;		/* when the next is due */
	__u64 period;		/* in nanoseconds */
	__u64 generation;	/* of the program whose timer it is */
	struct tick ticks[TICKER_KEPT];
};

/* What an open file remembers. */
struct listener {
	__u64 seen;		/* number of the last tick it got */
};

struct ticker_timer {
	struct bpf_timer timer;
	__u64 dev;		/* id of the device */
	__u64 generation;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TICKER_MAX);
	__type(key, __u32);
	__type(value, struct ticker_timer);
} timers SEC(".maps");		/* by the device's index */

static struct ticker *ticker_of(struct chr_ext_dev *dev)
{
	return (void *)chr_ext_dev_data(dev, sizeof(struct ticker));
}

static struct listener *listener_of(struct chr_ext_file *file)
{
	return (void *)chr_ext_file_data(file, sizeof(struct listener));
}

static struct ticker_timer *timer_of(struct chr_ext_dev *dev)
{
	__u32 index = dev->index;

	return bpf_map_lookup_elem(&timers, &index);
}

/* With a full barrier: a tick is there before the count of it. */
static __u64 ticker_last(struct ticker *t)
{
	return __sync_fetch_and_add(&t->last, 0);
}

/*
 * The last tick. One that comes meanwhile is written elsewhere, but who is kept
 * from running for many of them has to look again.
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

static long ticker_start(struct ticker *t, struct ticker_timer *timer)
{
	return bpf_timer_start(&timer->timer, t->next, BPF_F_TIMER_ABS);
}

/* The ticks that are due: more than one when this comes late. */
static void ticker_count(struct ticker *t)
{
	__u64 now = chr_ext_clock_ns(CLOCK_MONOTONIC), last = t->last, n;
	struct tick *tick;

	if (now < t->next)
		return;
	n = (now - t->next) / t->period + 1;
	t->next += n * t->period;
	tick = &t->ticks[(last + 1) % TICKER_KEPT];
	tick->number = t->ticks[last % TICKER_KEPT].number + n;
	tick->ns = now;
	__sync_fetch_and_add(&t->last, 1);
}

/* The timer of a program that an update has replaced ends here. */
static int ticker_tick(void *map, __u32 *index, struct ticker_timer *timer)
{
	struct chr_ext_dev *dev = chr_ext_dev_get(timer->dev);
	struct ticker *t;

	if (!dev)
		return 0;
	t = ticker_of(dev);
	if (t && t->generation == timer->generation) {
		ticker_count(t);
		chr_ext_wake(dev, EPOLLIN, 0);
		ticker_start(t, timer);
	}
	chr_ext_dev_put(dev);
	return 0;
}

/* A timer that was cancelled has lost its callback. */
static long ticker_arm(struct ticker *t, struct ticker_timer *timer)
{
	long err = bpf_timer_set_callback(&timer->timer, ticker_tick);

	return err ?: ticker_start(t, timer);
}

/* The timer is there already when a device is bound again. */
static long ticker_init_timer(struct chr_ext_dev *dev, struct ticker *t,
			      struct ticker_timer *timer)
{
	long err;

	timer->dev = dev->id;
	timer->generation = ++t->generation;
	err = bpf_timer_init(&timer->timer, &timers, CLOCK_MONOTONIC);
	if (err && err != -EBUSY)
		return err;
	return ticker_arm(t, timer);
}

SEC("struct_ops/probe")
int BPF_PROG(ticker_probe, struct chr_ext_dev *dev)
{
	struct ticker *t = ticker_of(dev);
	struct ticker_timer *timer = timer_of(dev);

	if (!t || !timer)
		return -ENXIO;
	if (period_us < MIN_US || period_us > MAX_US)
		return -EINVAL;
	t->period = period_us * 1000ULL;
	t->next = chr_ext_clock_ns(CLOCK_MONOTONIC) + t->period;
	return ticker_init_timer(dev, t, timer);
}

/* The ticks go on as they did, whatever period the new program has. */
SEC("struct_ops/update")
void BPF_PROG(ticker_update, struct chr_ext_dev *dev)
{
	struct ticker *t = ticker_of(dev);
	struct ticker_timer *timer = timer_of(dev);

	if (t && timer)
		ticker_init_timer(dev, t, timer);
}

SEC("struct_ops/remove")
void BPF_PROG(ticker_remove, struct chr_ext_dev *dev)
{
	struct ticker_timer *timer = timer_of(dev);

	if (timer)
		bpf_timer_cancel(&timer->timer);
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

/* No callback runs between the two, which could go by the old period. */
static long ticker_set_period(struct chr_ext_file *file, struct ticker *t,
			      __u32 us)
{
	struct ticker_timer *timer = timer_of(file->dev);

	if (!timer)
		return -ENXIO;
	if ((file->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	if (us < MIN_US || us > MAX_US)
		return -EINVAL;
	bpf_timer_cancel(&timer->timer);
	t->period = us * 1000ULL;
	t->next = chr_ext_clock_ns(CLOCK_MONOTONIC) + t->period;
	return ticker_arm(t, timer);
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
		us = t->period / 1000;
		chr_ext_io_put(io, 0, &us, sizeof(us));
		return 0;
	case TICKER_SET_PERIOD:
		chr_ext_io_get(io, 0, &us, sizeof(us));
		return ticker_set_period(file, t, us);
	default:
		return -ENOTTY;
	}
}

CHR_EXT_DRIVER(ticker,
	.probe = (void *)ticker_probe,
	.update = (void *)ticker_update,
	.remove = (void *)ticker_remove,
	.open = (void *)ticker_open,
	.read = (void *)ticker_read,
	.poll = (void *)ticker_poll,
	.ioctl = (void *)ticker_ioctl,
	.dev_size = sizeof(struct ticker),
	.file_size = sizeof(struct listener),
	.mode = 0666,
	.flags = CHR_EXT_SERIAL_DEV,
);
