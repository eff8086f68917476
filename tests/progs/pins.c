// SPDX-License-Identifier: GPL-2.0-only
/*
 * pins WHAT NODE ...: what the kfuncs on GPIO lines return for any arguments, by the
 * driver pins (tests/drivers), whose lines are the first three of a chip of
 * tests/kmods.
 *
 *	pins args NODE OTHER	handles, lines, flags; OTHER is another device
 *	pins errors NODE CHIP SETTERS	of the controller; SETTERS: setters have them
 *	pins sleeps NODE	of a controller that sleeps
 *	pins open NODE		of one that does not; line 0 is an open drain
 *	pins gone NODE CHIP	of one that is unplugged on the way
 *	pins listen NODE	with little memory
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <linux/types.h>
#include "../../bpf/include/chr_ext/abi.h"
#include "../drivers/pins.h"
#include "tap.h"

#define LINES	3
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const names[PINS_CALLS] = {
	[PINS_COUNT]			= "count",
	[PINS_CAN_SLEEP]		= "can_sleep",
	[PINS_GET_DIRECTION]		= "get_direction",
	[PINS_GET]			= "get_value",
	[PINS_SET]			= "set_value",
	[PINS_GET_BITS]			= "get_bits",
	[PINS_SET_BITS]			= "set_bits",
	[PINS_INPUT]			= "direction_input",
	[PINS_OUTPUT]			= "direction_output",
	[PINS_CONFIG]			= "set_config",
	[PINS_GET_CANSLEEP]		= "get_value_cansleep",
	[PINS_SET_CANSLEEP]		= "set_value_cansleep",
	[PINS_GET_BITS_CANSLEEP]	= "get_bits_cansleep",
	[PINS_SET_BITS_CANSLEEP]	= "set_bits_cansleep",
	[PINS_LISTEN]			= "listen",
	[PINS_PLAY]			= "play",
	[PINS_STOP]			= "stop",
	[PINS_PLAYED]			= "played",
};

static int fd;
static __s32 handle;

static int node_open(const char *path, __s32 *h)
{
	int f = open(path, O_RDWR);

	need(f >= 0, path);
	*h = ioctl(f, PINS_HANDLE);
	need(*h > 0, "PINS_HANDLE");
	return f;
}

/* From a program that may sleep. */
static long by_ioctl(struct pins *p)
{
	need(!ioctl(fd, PINS_CALL, p), "PINS_CALL");
	return p->ret;
}

/* From one that may not, or a timer: it takes a while. */
static long by_write(struct pins *p)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	int i;

	need(write(fd, p, sizeof(*p)) == sizeof(*p), "write");
	for (i = 0; i < 10000; i++) {
		need(read(fd, p, sizeof(*p)) == sizeof(*p), "read");
		if (p->done)
			return p->ret;
		nanosleep(&ms, NULL);
	}
	need(false, "the timer");
	return 0;
}

static long by_timer(struct pins *p)
{
	p->in_timer = 1;
	return by_write(p);
}

static const struct {
	const char *name;
	long (*call)(struct pins *p);
} ways[] = {
	{ "ioctl", by_ioctl },
	{ "write", by_write },
	{ "timer", by_timer },
};

/* PREEMPT_RT has no bpf_timer. */
static size_t nr_ways = ARRAY_SIZE(ways);

static void count_ways(void)
{
	struct utsname u;

	need(!uname(&u), "uname");
	if (strstr(u.version, "PREEMPT_RT"))
		nr_ways--;
}

/* A call gives @want, whichever way there is to make it. */
static void gives(const struct pins *p, long want, const char *what)
{
	struct pins copy;
	long got;
	size_t i;

	for (i = 0; i < nr_ways; i++) {
		if (i && p->call >= PINS_SLEEPABLE)
			break;
		copy = *p;
		got = ways[i].call(&copy);
		if (!ok(got == want, "%s of %s, by %s", names[p->call], what,
			ways[i].name))
			diag("got %ld, want %ld", got, want);
	}
}

#define gives(want, what, ...)						\
	(gives)(&(struct pins) { .handle = handle, __VA_ARGS__ }, want, what)

static void bad_handles(const char *other)
{
	__s32 theirs;
	int f = node_open(other, &theirs);
	const __s32 bad[] = { 0, -1, INT_MIN, INT_MAX, theirs, handle + 1,
			      handle + CHR_EXT_MAX_GPIOS,
			      handle - CHR_EXT_MAX_GPIOS, handle ^ INT_MIN };
	struct pins p;
	__u32 call;
	long ret;
	size_t i, w;

	for (call = 0; call < PINS_CALLS; call++) {
		for (w = 0; w < (call < PINS_SLEEPABLE ? nr_ways : 1);
		     w++) {
			for (i = 0, ret = -EBADF; i < ARRAY_SIZE(bad) &&
						  ret == -EBADF; i++) {
				p = (struct pins) { .call = call,
						    .handle = bad[i] };
				ret = ways[w].call(&p);
			}
			if (!ok(ret == -EBADF, "%s, by %s: only handles of the device",
				names[call], ways[w].name))
				diag("got %ld of handle %d", ret, bad[i - 1]);
		}
	}
	close(f);
}

static void bad_lines(void)
{
	static const __u32 by_index[] = {
		PINS_GET_DIRECTION, PINS_GET, PINS_SET, PINS_INPUT, PINS_OUTPUT,
		PINS_CONFIG, PINS_GET_CANSLEEP, PINS_SET_CANSLEEP, PINS_LISTEN,
	};
	static const __u32 by_mask[] = {
		PINS_GET_BITS, PINS_SET_BITS, PINS_GET_BITS_CANSLEEP,
		PINS_SET_BITS_CANSLEEP,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(by_index); i++) {
		gives(-EINVAL, "the line behind the last",
		      .call = by_index[i], .index = LINES);
		gives(-EINVAL, "line 64", .call = by_index[i], .index = 64);
		gives(-EINVAL, "the last line of all",
		      .call = by_index[i], .index = -1);
	}
	for (i = 0; i < ARRAY_SIZE(by_mask); i++) {
		gives(-EINVAL, "a line too many",
		      .call = by_mask[i], .mask = 1 << LINES);
		gives(-EINVAL, "64 lines", .call = by_mask[i], .mask = -1);
		gives(0, "no line", .call = by_mask[i]);
		gives(-EINVAL, "no line with an unknown flag",
		      .call = by_mask[i], .flags = 2);
	}
}

static void bad_flags(void)
{
	static const __u32 flagged[] = {
		PINS_GET, PINS_SET, PINS_GET_BITS, PINS_SET_BITS,
		PINS_GET_CANSLEEP, PINS_SET_CANSLEEP, PINS_GET_BITS_CANSLEEP,
		PINS_SET_BITS_CANSLEEP,
	};
	static const __u32 unflagged[] = {
		PINS_COUNT, PINS_GET_DIRECTION, PINS_INPUT, PINS_OUTPUT,
		PINS_LISTEN, PINS_STOP, PINS_PLAYED,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flagged); i++) {
		gives(-EINVAL, "an unknown flag",
		      .call = flagged[i], .mask = 1, .flags = 2);
		gives(-EINVAL, "all flags",
		      .call = flagged[i], .mask = 1, .flags = -1);
	}
	for (i = 0; i < ARRAY_SIZE(unflagged); i++) {
		gives(-EINVAL, "a flag where there is none",
		      .call = unflagged[i], .flags = 1);
		gives(-EINVAL, "the last flag of all",
		      .call = unflagged[i], .flags = 1U << 31);
	}
	gives(-EINVAL, "a param behind the last", .call = PINS_CONFIG,
	      .param = CHR_EXT_GPIO_ACTIVE_LOW + 1);
	gives(-EINVAL, "the last param of all", .call = PINS_CONFIG, .param = -1);
	gives(-EINVAL, "an argument where there is none", .call = PINS_CONFIG,
	      .param = CHR_EXT_GPIO_PULL_UP, .arg = 1);
	gives(-EINVAL, "17 s of debouncing", .call = PINS_CONFIG,
	      .param = CHR_EXT_GPIO_DEBOUNCE, .arg = 1 << 24);
	gives(0, "as much as there is", .call = PINS_CONFIG,
	      .param = CHR_EXT_GPIO_DEBOUNCE, .arg = (1 << 24) - 1);
	gives(0, "no more debouncing", .call = PINS_CONFIG,
	      .param = CHR_EXT_GPIO_DEBOUNCE);
	gives(-EINVAL, "low twice", .call = PINS_CONFIG,
	      .param = CHR_EXT_GPIO_ACTIVE_LOW, .arg = 2);
	gives(-EINVAL, "edges that there are not", .call = PINS_LISTEN,
	      .param = 4);
	gives(-EINVAL, "all edges", .call = PINS_LISTEN, .param = -1);
}

/* All lines are inputs. */
static void directions(void)
{
	gives(1, "an input", .call = PINS_GET_DIRECTION, .index = 1);
	gives(-EPERM, "an input", .call = PINS_SET, .index = 1);
	gives(-EPERM, "an input", .call = PINS_SET_CANSLEEP, .index = 1);
	gives(0, "a line", .call = PINS_OUTPUT, .index = 1, .arg = 1);
	gives(0, "an output", .call = PINS_GET_DIRECTION, .index = 1);
	gives(1, "an output", .call = PINS_GET, .index = 1);
	gives(0, "an output", .call = PINS_SET, .index = 1, .arg = -1);
	gives(-EPERM, "an output and an input", .call = PINS_SET_BITS,
	      .mask = 3);
	gives(-EPERM, "the same", .call = PINS_SET_BITS_CANSLEEP, .mask = 3);
	gives(1, "the output afterwards", .call = PINS_GET, .index = 1);
	gives(0, "the output, and bits of others", .call = PINS_SET_BITS,
	      .mask = 2, .bits = ~2ULL);
	gives(0, "the output then", .call = PINS_GET, .index = 1);
	gives(-EPERM, "an output", .call = PINS_LISTEN, .index = 1, .param = 3);
	gives(0, "an output, to stop", .call = PINS_LISTEN, .index = 1);
	gives(0, "an input", .call = PINS_LISTEN, .index = 2, .param = 3);
	gives(-EBUSY, "an input that listens", .call = PINS_OUTPUT, .index = 2);
	gives(1, "it", .call = PINS_GET_DIRECTION, .index = 2);
	gives(0, "it no more", .call = PINS_LISTEN, .index = 2);
	gives(0, "it", .call = PINS_OUTPUT, .index = 2);
	gives(0, "an output", .call = PINS_INPUT, .index = 2);
	gives(1, "what it was", .call = PINS_GET_DIRECTION, .index = 2);
}

static void plays(void)
{
	const __u32 step = sizeof(struct chr_ext_gpio_step);
	__u32 i;

	gives(-EPERM, "inputs", .call = PINS_PLAY, .index = step, .arg = 5000);
	for (i = 0; i < LINES; i++)
		gives(0, "a line to play on", .call = PINS_OUTPUT, .index = i);
	gives(-EINVAL, "nothing", .call = PINS_PLAY);
	gives(-EINVAL, "a byte", .call = PINS_PLAY, .index = 1);
	gives(-EINVAL, "a step and a byte", .call = PINS_PLAY,
	      .index = step + 1, .arg = 5000);
	gives(-EINVAL, "a step that is too short", .call = PINS_PLAY,
	      .index = step, .arg = CHR_EXT_MIN_HOLD_NS - 1);
	gives(-EINVAL, "a line that is not there", .call = PINS_PLAY,
	      .index = step, .arg = 5000, .bits = 1 << LINES);
	gives(-EINVAL, "an unknown flag", .call = PINS_PLAY, .index = step,
	      .arg = 5000, .flags = 2);
	gives(-EINVAL, "steps that are too small", .call = PINS_PLAY,
	      .param = step - 8, .index = step, .arg = 5000);
	gives(-EINVAL, "half a step of a newer header", .call = PINS_PLAY,
	      .param = step + 8, .index = step, .arg = 5000);
	gives(-EINVAL, "one with a member that is not known", .call = PINS_PLAY,
	      .param = step + 8, .index = step + 8, .arg = 5000, .bits = 1);
	gives(0, "one with that member zero", .call = PINS_PLAY,
	      .param = step + 8, .index = step + 8, .arg = 5000);
	gives(0, "it", .call = PINS_STOP);
	gives(-E2BIG, "a step too many", .call = PINS_PLAY,
	      .index = (PINS_STEPS + 1) * step, .arg = 5000);
	gives(-ERANGE, "two steps of 40 s", .call = PINS_PLAY,
	      .index = 2 * step, .arg = 40000000000ULL);
	gives(-ERANGE, "a step for ever", .call = PINS_PLAY, .index = step,
	      .arg = -1);
	gives(0, "a step of 60 s", .call = PINS_PLAY, .index = step,
	      .arg = CHR_EXT_MAX_PLAY_NS);
	gives(-EBUSY, "another", .call = PINS_PLAY, .index = step, .arg = 5000);
	gives(0, "it", .call = PINS_STOP);
	gives(0, "nothing", .call = PINS_STOP);
	gives(0, "it", .call = PINS_PLAYED);
}

static void args(const char *other)
{
	gives(LINES, "its lines", .call = PINS_COUNT);
	gives(0, "lines that do not", .call = PINS_CAN_SLEEP);
	bad_handles(other);
	bad_lines();
	bad_flags();
	directions();
	plays();
}

static const char *chip;

/* fails(LINE, WHAT, ERRNO): a call on that line does so from now on. */
static void fails(unsigned int line, const char *what, int err)
{
	char path[128];
	int f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/chr_ext_chip/%s/lines/%u/errors/%s",
		 chip, line, what);
	f = open(path, O_WRONLY);
	need(f >= 0 && dprintf(f, "%d", err) > 0, path);
	close(f);
}

static void errors(bool setters)
{
	fails(1, "get", EIO);
	gives(-EIO, "a line that fails", .call = PINS_GET, .index = 1);
	gives(-EIO, "a line that fails", .call = PINS_GET_CANSLEEP, .index = 1);
	gives(-EIO, "lines of which it is one", .call = PINS_GET_BITS, .mask = 7);
	gives(-EIO, "the same", .call = PINS_GET_BITS_CANSLEEP, .mask = 7);
	gives(0, "others", .call = PINS_GET_BITS, .mask = 5);
	fails(1, "get", 0);
	fails(1, "direction", ETIMEDOUT);
	gives(-ETIMEDOUT, "a line that fails", .call = PINS_OUTPUT, .index = 1);
	gives(1, "which is an input still", .call = PINS_GET_DIRECTION,
	      .index = 1);
	gives(-EPERM, "it", .call = PINS_SET, .index = 1);
	fails(1, "direction", 0);
	gives(0, "it now", .call = PINS_OUTPUT, .index = 1);
	fails(1, "direction", ETIMEDOUT);
	gives(-ETIMEDOUT, "it again", .call = PINS_INPUT, .index = 1);
	gives(0, "which is an output still", .call = PINS_GET_DIRECTION,
	      .index = 1);
	fails(1, "direction", 0);
	fails(1, "config", 524);
	gives(-EOPNOTSUPP, "what the controller cannot do", .call = PINS_CONFIG,
	      .index = 1, .param = CHR_EXT_GPIO_PULL_UP);
	fails(1, "config", EIO);
	gives(-EIO, "what fails", .call = PINS_CONFIG, .index = 1,
	      .param = CHR_EXT_GPIO_DEBOUNCE, .arg = 1);
	gives(0, "what is not the controller's", .call = PINS_CONFIG, .index = 1,
	      .param = CHR_EXT_GPIO_ACTIVE_LOW, .arg = 0);
	fails(1, "config", 0);
	fails(1, "set", ENXIO);
	if (setters) {
		gives(-ENXIO, "a line that fails", .call = PINS_SET, .index = 1,
		      .arg = 1);
		gives(-ENXIO, "a line that fails", .call = PINS_SET_CANSLEEP,
		      .index = 1, .arg = 1);
		gives(-ENXIO, "the same", .call = PINS_SET_BITS, .mask = 2,
		      .bits = 2);
	}
	gives(0, "it, which was not set", .call = PINS_GET, .index = 1);
	fails(1, "set", 0);
	gives(0, "it", .call = PINS_SET, .index = 1, .arg = 1);
	gives(1, "it, which was", .call = PINS_GET, .index = 1);
	fails(2, "irq", EIO);
	gives(-EIO, "a line that fails", .call = PINS_LISTEN, .index = 2,
	      .param = 3);
	gives(0, "it, which does not listen", .call = PINS_OUTPUT, .index = 2);
	fails(2, "irq", 0);
}

static void sleeps(void)
{
	gives(LINES, "its lines", .call = PINS_COUNT);
	gives(1, "lines that do", .call = PINS_CAN_SLEEP);
	gives(-EWOULDBLOCK, "a line", .call = PINS_GET);
	gives(-EWOULDBLOCK, "lines", .call = PINS_GET_BITS, .mask = 7);
	gives(0, "a line", .call = PINS_GET_CANSLEEP);
	gives(0, "lines", .call = PINS_GET_BITS_CANSLEEP, .mask = 7);
	gives(0, "a line", .call = PINS_OUTPUT, .arg = 1);
	gives(0, "an output", .call = PINS_GET_DIRECTION);
	gives(-EWOULDBLOCK, "a line", .call = PINS_SET);
	gives(-EWOULDBLOCK, "lines", .call = PINS_SET_BITS, .mask = 1);
	gives(1, "it, which was not set", .call = PINS_GET_CANSLEEP);
	gives(0, "it", .call = PINS_SET_CANSLEEP);
	gives(0, "it, which was", .call = PINS_GET_CANSLEEP);
	gives(-EINVAL, "no line", .call = PINS_GET, .index = LINES);
}

/* gpiolib sets it by its direction, for which a controller may sleep. */
static void open_drain(void)
{
	gives(1, "lines that do when they are set", .call = PINS_CAN_SLEEP);
	gives(0, "the line", .call = PINS_OUTPUT, .arg = 1);
	gives(-EWOULDBLOCK, "it", .call = PINS_SET);
	gives(-EWOULDBLOCK, "it", .call = PINS_SET_BITS, .mask = 1);
	gives(1, "it, which was not set", .call = PINS_GET);
	gives(0, "it", .call = PINS_SET_CANSLEEP);
	gives(0, "it, which was", .call = PINS_GET);
	gives(0, "raw, which is no direction", .call = PINS_SET,
	      .arg = 1, .flags = CHR_EXT_GPIO_RAW);
	gives(0, "all", .call = PINS_OUTPUT, .index = 1);
	gives(0, "all", .call = PINS_OUTPUT, .index = 2);
	gives(0, "a pattern", .call = PINS_PLAY, .index = 32, .bits = 5,
	      .arg = 1000000);
}

static void gone(void)
{
	int f = open("/sys/kernel/debug/chr_ext_chip/del", O_WRONLY);

	gives(0, "a line", .call = PINS_OUTPUT);
	gives(0, "another", .call = PINS_LISTEN, .index = 1, .param = 3);
	need(f >= 0 && dprintf(f, "%s", chip) > 0, "del");
	close(f);
	gives(LINES, "lines that are gone", .call = PINS_COUNT);
	gives(0, "an output that was", .call = PINS_GET_DIRECTION);
	gives(-ENODEV, "it", .call = PINS_GET);
	gives(-ENODEV, "it", .call = PINS_GET_CANSLEEP);
	gives(-ENODEV, "it", .call = PINS_GET_BITS, .mask = 1);
	gives(-ENODEV, "it", .call = PINS_SET);
	gives(-ENODEV, "it", .call = PINS_SET_BITS_CANSLEEP, .mask = 1);
	gives(-ENODEV, "it", .call = PINS_INPUT);
	gives(-ENODEV, "it", .call = PINS_OUTPUT);
	gives(-ENODEV, "it", .call = PINS_CONFIG, .param = CHR_EXT_GPIO_PULL_UP);
	gives(0, "an input no more", .call = PINS_LISTEN, .index = 1);
	gives(-ENODEV, "it again", .call = PINS_LISTEN, .index = 1, .param = 3);
}

/* For a suite that takes memory away meanwhile. */
static void listens(void)
{
	gives(0, "a line", .call = PINS_LISTEN, .param = 3);
	gives(0, "it no more", .call = PINS_LISTEN);
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	count_ways();
	fd = node_open(argv[2], &handle);
	chip = argv[3];
	if (!strcmp(argv[1], "args") && argc == 4)
		args(argv[3]);
	else if (!strcmp(argv[1], "errors") && argc == 5)
		errors(atoi(argv[4]));
	else if (!strcmp(argv[1], "sleeps"))
		sleeps();
	else if (!strcmp(argv[1], "open"))
		open_drain();
	else if (!strcmp(argv[1], "gone") && argc == 4)
		gone();
	else if (!strcmp(argv[1], "listen"))
		listens();
	else
		return 2;
	return done_testing();
}
