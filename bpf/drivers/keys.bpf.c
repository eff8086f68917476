// SPDX-License-Identifier: GPL-2.0-only
/*
 * keys: buttons and a rotary encoder on GPIO lines.
 *
 * The buttons are the 1 to 32 lines of "keys"; the two lines of "encoder", if
 * there are any, are the phases A and B of a quadrature encoder. A read waits
 * for an event and returns one or more struct key_event. Each open file gets
 * all events after its open(2). The last 255 events are kept: missed counts
 * those that the reader was too slow for, and edges that were too fast for the
 * driver, which can make the position wrong.
 *
 * The first edge of a button is reported at once, with its time. Edges during
 * the next debounce_us are ignored, then the level is read again. The
 * controller debounces as well if it supports that. The encoder needs no
 * debouncing: a phase that bounces goes a step forth and back. The position
 * grows by one for each detent in the direction in which A leads. There is a
 * detent where no phase is active, and one every 4, 2 or 1 steps:
 *
 *	chrext load keys.bpf.o --set debounce_us=10000 --set detent=2
 */
#include <chr_ext/gpio.bpf.h>

#define KEYS_BUTTON	1
#define KEYS_ENCODER	2
#define KEYS_MAX	32	/* buttons */
#define KEYS_KEPT	256	/* events, of which one is being written */

const volatile __u32 debounce_us = 5000;
const volatile __s32 detent = 4;

struct key_event {
	__u64 ns;		/* when, CLOCK_MONOTONIC */
	__u32 type;		/* KEYS_BUTTON or KEYS_ENCODER */
	__u32 code;		/* which button, from 0 */
	__s32 value;		/* 1 pressed, 0 released; or the position */
	__u32 missed;		/* right before */
	__u32 pressed;		/* all buttons, a bit each, from now on */
	__s32 position;		/* likewise */
};

/* Changed by the event op only. Each open file keeps its own last event. */
struct keys {
	__s32 buttons, encoder;	/* handles */
	__u32 pressed;		/* as reported */
	__u32 lost;		/* edges, not reported yet */
	__u32 phase;		/* of the encoder: A is bit 0, B is bit 1 */
	__s32 steps;		/* of the encoder since a detent */
	__s64 position;
	__u64 until[KEYS_MAX];	/* ns; edges before are ignored */
	__u64 last;		/* number of the last event */
	struct key_event events[KEYS_KEPT];
};

static struct keys *keys_of(struct chr_ext_dev *dev)
{
	return (void *)chr_ext_dev_data(dev, sizeof(struct keys));
}

/* Full barrier: the event is written before its number. */
static __u64 keys_last(struct keys *k)
{
	return __sync_fetch_and_add(&k->last, 0);
}

static void keys_tell(struct chr_ext_dev *dev, struct keys *k, __u64 ns,
		      __u32 type, __u32 code, __s32 value)
{
	k->events[(k->last + 1) % KEYS_KEPT] = (struct key_event){
		ns, type, code, value, k->lost, k->pressed, k->position,
	};
	k->lost = 0;
	__sync_fetch_and_add(&k->last, 1);
	chr_ext_wake(dev, EPOLLIN, 0);
}

/* Returns false, too, if the event was overwritten: that wakes the reader. */
static bool keys_next(struct keys *k, __u64 *seen, struct key_event *event)
{
	__u64 last = keys_last(k), number = *seen + 1;

	if (last == *seen)
		return false;
	if (last - *seen >= KEYS_KEPT)
		number = last - KEYS_KEPT + 2;
	*event = k->events[number % KEYS_KEPT];
	if (keys_last(k) - number >= KEYS_KEPT - 1)
		return false;
	event->missed += number - *seen - 1;
	*seen = number;
	return true;
}

static void button_is(struct chr_ext_dev *dev, struct keys *k, __u32 i,
		      __u64 ns, bool pressed)
{
	if ((k->pressed >> i & 1) == pressed)
		return;
	k->pressed ^= 1U << i;
	k->until[i] = ns + debounce_us * 1000ULL;
	keys_tell(dev, k, ns, KEYS_BUTTON, i, pressed);
}

/* Events during the sleep are queued and keep their times. */
static void button_edge(struct chr_ext_dev *dev, struct keys *k, __u64 ns,
			__u32 i, bool pressed)
{
	__u64 now = chr_ext_clock_ns(CLOCK_MONOTONIC);
	int value;

	if (i >= KEYS_MAX)
		return;
	if (ns >= k->until[i])
		button_is(dev, k, i, ns, pressed);
	if (now < k->until[i])
		chr_ext_sleep_us(dev, (k->until[i] - now + 999) / 1000, 0);
	/* The last edge may have been ignored or lost. */
	value = chr_ext_gpio_get_value_cansleep(dev, k->buttons, i, 0);
	if (value >= 0)
		button_is(dev, k, i, chr_ext_clock_ns(CLOCK_MONOTONIC), value);
}

/* A bit for each pair of the phase before (bits 2 and 3) and after. */
#define FORTH	0x4182	/* 0 to 1, 1 to 3, 3 to 2, 2 to 0 */
#define BACK	0x2814

static void encoder_edge(struct chr_ext_dev *dev, struct keys *k, __u64 ns,
			 __u32 i, bool active)
{
	__u32 bit = 1 << (i & 1), pair = k->phase << 2;

	k->phase = active ? k->phase | bit : k->phase & ~bit;
	pair |= k->phase;
	k->steps += (FORTH >> pair & 1) - (BACK >> pair & 1);
	if (k->steps == detent || k->steps == -detent) {
		k->position += k->steps > 0 ? 1 : -1;
		k->steps = 0;
		keys_tell(dev, k, ns, KEYS_ENCODER, 0, k->position);
	}
}

SEC("struct_ops.s/event")
void BPF_PROG(keys_event, struct chr_ext_dev *dev, struct chr_ext_event *event)
{
	bool rising = event->edge == CHR_EXT_EDGE_RISING;
	struct keys *k = keys_of(dev);

	if (!k)
		return;
	k->lost += event->missed;
	if (event->handle == k->buttons)
		button_edge(dev, k, event->ns, event->index, rising);
	else
		encoder_edge(dev, k, event->ns, event->index, rising);
}

static int keys_listen(struct chr_ext_dev *dev, __s32 lines, int min, int max,
		       __u32 us)
{
	int i, err = 0, n = chr_ext_gpio_count(dev, lines, 0);

	if (n < min || n > max) {
		chr_ext_msg(dev, CHR_EXT_ERR, "there are %d lines, not %d to %d",
			    n, min, max);
		return -EINVAL;
	}
	for (i = 0; i < KEYS_MAX && i < n && !err; i++) {
		chr_ext_gpio_set_config(dev, lines, i, CHR_EXT_GPIO_DEBOUNCE, us);
		err = chr_ext_gpio_listen(dev, lines, i, CHR_EXT_EDGE_BOTH, 0);
	}
	return err;
}

SEC("struct_ops.s/probe")
int BPF_PROG(keys_probe, struct chr_ext_dev *dev)
{
	struct keys *k = keys_of(dev);
	int err;

	if (!k || debounce_us > CHR_EXT_MAX_SLEEP_US ||
	    (detent != 1 && detent != 2 && detent != 4)) {
		chr_ext_msg(dev, CHR_EXT_ERR,
			    "debounce_us is %u, at most %u; detent is %d, of 1, 2, 4",
			    debounce_us, CHR_EXT_MAX_SLEEP_US, detent);
		return -EINVAL;
	}
	k->buttons = chr_ext_gpio_get(dev, "keys", CHR_EXT_GPIO_IN);
	if (k->buttons < 0)
		return k->buttons;
	k->encoder = chr_ext_gpio_get(dev, "encoder", CHR_EXT_GPIO_IN);
	if (k->encoder < 0 && k->encoder != -ENOENT)
		return k->encoder;
	err = keys_listen(dev, k->buttons, 1, KEYS_MAX, debounce_us);
	if (!err && k->encoder > 0)
		err = keys_listen(dev, k->encoder, 2, 2, 0);
	return err;
}

SEC("struct_ops/open")
int BPF_PROG(keys_open, struct chr_ext_file *file)
{
	struct keys *k = keys_of(file->dev);
	__u64 *seen = (void *)chr_ext_file_data(file, sizeof(*seen));

	if (k && seen)
		*seen = keys_last(k);
	return 0;
}

SEC("struct_ops/read")
long BPF_PROG(keys_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct keys *k = keys_of(file->dev);
	__u64 *seen = (void *)chr_ext_file_data(file, sizeof(*seen));
	struct key_event event;
	int i, n = 0;

	if (!k || !seen || io->len < sizeof(event))
		return -EINVAL;
	bpf_for(i, 0, io->len / sizeof(event)) {
		if (!keys_next(k, seen, &event))
			break;
		n += chr_ext_io_put(io, n, &event, sizeof(event));
	}
	return n ?: -EAGAIN;
}

SEC("struct_ops/poll")
__u32 BPF_PROG(keys_poll, struct chr_ext_file *file)
{
	struct keys *k = keys_of(file->dev);
	__u64 *seen = (void *)chr_ext_file_data(file, sizeof(*seen));

	return k && seen && *seen == keys_last(k) ? 0 : EPOLLIN | EPOLLRDNORM;
}

CHR_EXT_DRIVER(keys,
	.probe = (void *)keys_probe,
	.event = (void *)keys_event,
	.open = (void *)keys_open,
	.read = (void *)keys_read,
	.poll = (void *)keys_poll,
	.compatible = "chr-ext,keys",
	.flags = CHR_EXT_SERIAL_FILE,
	.dev_size = sizeof(struct keys),
	.file_size = sizeof(__u64),
	.mode = 0660,
);
