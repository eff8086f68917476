// SPDX-License-Identifier: GPL-2.0-only
/*
 * pulse: patterns on GPIO lines, timed by the kernel.
 *
 * The lines are the 1 to 64 of "pulse". A write is an array of
 *
 *	struct chr_ext_gpio_step { __u64 bits; __u64 hold_ns; }
 *
 * and returns at once. Each step sets all lines and holds them for 5000 ns or
 * more, at most 60 s in total; the last step stays. A write takes at most 65536
 * steps. While a pattern plays, the next write waits, or fails with EAGAIN if
 * O_NONBLOCK; poll(2) reports when it would not wait.
 *
 * A write fails with EINVAL if it is empty or ends within a step, or a hold is
 * too short, or a bit has no line; with ERANGE if the steps last too long; with
 * EPERM if a line is an input. An error of the controller ends a pattern; the
 * next write or fsync(2) returns it, once.
 *
 *	fsync(2)	wait for the end of the pattern
 *	PULSE_REPEAT	argument 1: repeat patterns written to this file from now
 *			on, until PULSE_STOP; 0: play them once
 *	PULSE_STOP	stop the pattern; the lines keep their levels
 *	PULSE_STATUS	get struct chr_ext_gpio_played: progress and delays
 *
 * Set at load, the initial level: direction 2 low, 3 high, 0 unchanged.
 *	chrext load pulse.bpf.o --set direction=3
 */
#include <chr_ext/gpio.bpf.h>

#define PULSE_REPEAT	_IO('P', 0)
#define PULSE_STOP	_IO('P', 1)
#define PULSE_STATUS	_IOR('P', 2, struct chr_ext_gpio_played)

const volatile __u32 direction = CHR_EXT_GPIO_OUT_LOW;

/* Times are in ns. ended is the event op's, stopped the other ops'. */
struct pulse {
	__s32 lines;
	__u32 reported;		/* the last pattern's error was returned */
	__u64 started;
	__u64 ended;		/* without being stopped */
	__u64 stopped;
	struct chr_ext_gpio_step steps[CHR_EXT_MAX_STEPS];
};

struct mode {
	__u32 play;		/* CHR_EXT_PLAY_* */
};

static struct pulse *pulse_of(struct chr_ext_dev *dev)
{
	return (void *)chr_ext_dev_data(dev, sizeof(struct pulse));
}

static struct mode *mode_of(struct chr_ext_file *file)
{
	return (void *)chr_ext_file_data(file, sizeof(struct mode));
}

/* Result of the last pattern: -EAGAIN while it plays, 0, or once its error. */
static long pulse_result(struct chr_ext_dev *dev, struct pulse *p)
{
	struct chr_ext_gpio_played now = {};

	chr_ext_gpio_played(dev, p->lines, &now, sizeof(now), 0);
	if (now.playing)
		return -EAGAIN;
	if (!now.error || p->reported)
		return 0;
	p->reported = 1;
	return now.error;
}

SEC("struct_ops.s/probe")
int BPF_PROG(pulse_probe, struct chr_ext_dev *dev)
{
	struct pulse *p = pulse_of(dev);

	if (!p)
		return -EINVAL;
	p->lines = chr_ext_gpio_get(dev, "pulse", direction);
	return p->lines < 0 ? p->lines : 0;
}

SEC("struct_ops.s/write")
long BPF_PROG(pulse_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct chr_ext_dev *dev = file->dev;
	struct pulse *p = pulse_of(dev);
	struct mode *m = mode_of(file);
	__u64 now = chr_ext_clock_ns(CLOCK_MONOTONIC);
	long err;
	int n;

	if (!p || !m)
		return -EIO;
	err = pulse_result(dev, p);
	if (err)
		return err;
	n = chr_ext_io_get_dev(io, 0, dev, __builtin_offsetof(struct pulse, steps),
			       sizeof(p->steps));
	if (n < 0 || n > sizeof(p->steps))
		return -EIO;
	err = chr_ext_gpio_play_steps(dev, p->lines, p->steps, n, m->play);
	if (err)
		return err;
	p->started = now;
	p->reported = 0;
	return n;
}

/* A stopped pattern causes no event; that of the one before may be late. */
SEC("struct_ops/event")
void BPF_PROG(pulse_event, struct chr_ext_dev *dev, struct chr_ext_event *event)
{
	struct pulse *p = pulse_of(dev);

	if (!p)
		return;
	p->ended = event->ns;
	chr_ext_wake(dev, EPOLLOUT, 0);
}

SEC("struct_ops.s/fsync")
int BPF_PROG(pulse_fsync, struct chr_ext_file *file)
{
	struct pulse *p = pulse_of(file->dev);

	return p ? pulse_result(file->dev, p) : -EIO;
}

SEC("struct_ops/poll")
__u32 BPF_PROG(pulse_poll, struct chr_ext_file *file)
{
	struct pulse *p = pulse_of(file->dev);

	if (!p)
		return EPOLLERR;
	if (p->started > p->ended && p->started > p->stopped)
		return 0;
	return EPOLLOUT | EPOLLWRNORM;
}

static long pulse_stop(struct chr_ext_dev *dev, struct pulse *p)
{
	long err = chr_ext_gpio_stop(dev, p->lines, 0);

	p->stopped = chr_ext_clock_ns(CLOCK_MONOTONIC);
	chr_ext_wake(dev, EPOLLOUT, 0);
	return err;
}

SEC("struct_ops.s/ioctl")
long BPF_PROG(pulse_ioctl, struct chr_ext_file *file, __u32 cmd,
	      struct chr_ext_io *io)
{
	struct pulse *p = pulse_of(file->dev);
	struct mode *m = mode_of(file);
	struct chr_ext_gpio_played now = {};
	long err;

	if (!p || !m)
		return -EIO;
	switch (cmd) {
	case PULSE_REPEAT:
		if (io->arg > 1)
			return -EINVAL;
		m->play = io->arg ? CHR_EXT_PLAY_REPEAT : 0;
		return 0;
	case PULSE_STOP:
		return pulse_stop(file->dev, p);
	case PULSE_STATUS:
		err = chr_ext_gpio_played(file->dev, p->lines, &now, sizeof(now), 0);
		chr_ext_io_put(io, 0, &now, sizeof(now));
		return err;
	default:
		return -ENOTTY;
	}
}

CHR_EXT_DRIVER(pulse,
	.probe = (void *)pulse_probe,
	.write = (void *)pulse_write,
	.event = (void *)pulse_event,
	.fsync = (void *)pulse_fsync,
	.poll = (void *)pulse_poll,
	.ioctl = (void *)pulse_ioctl,
	.compatible = "chr-ext,pulse",
	.flags = CHR_EXT_SERIAL_DEV,
	.dev_size = sizeof(struct pulse),
	.file_size = sizeof(struct mode),
	.max_io = CHR_EXT_MAX_STEPS * sizeof(struct chr_ext_gpio_step),
	.mode = 0660,
);
