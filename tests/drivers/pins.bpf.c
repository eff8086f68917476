// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls any kfunc on GPIO lines with any arguments: ioctl from a sleepable program,
 * write from one that is not, or from a timer. A read returns the result of a
 * write.
 */
#include <chr_ext/gpio.bpf.h>
#include "pins.h"

#define C10	"cccccccccc"
#define C100	C10 C10 C10 C10 C10 C10 C10 C10 C10 C10

struct dev_pins {
	__s32 data;
};

struct timed {
	struct bpf_timer timer;
	__u64 dev;
	struct pins job;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct timed);
} timed_map SEC(".maps");

const volatile __u32 con;
const volatile __u32 timer = 1;	/* 0 where the kernel refuses bpf_timer */
const volatile __u32 how;	/* CHR_EXT_GPIO_IN and the like */
__s32 removed;
struct chr_ext_gpio_step steps[PINS_STEPS + 1];
struct chr_ext_gpio_played played;

static long call_fast(struct chr_ext_dev *dev, struct pins *p)
{
	__u64 bits = p->bits;
	long ret = -ENOTTY;

	switch (p->call) {
	case PINS_COUNT:
		return chr_ext_gpio_count(dev, p->handle, p->flags);
	case PINS_CAN_SLEEP:
		return chr_ext_gpio_can_sleep(dev, p->handle);
	case PINS_GET_DIRECTION:
		return chr_ext_gpio_get_direction(dev, p->handle, p->index,
						  p->flags);
	case PINS_GET:
		return chr_ext_gpio_get_value(dev, p->handle, p->index,
					      p->flags);
	case PINS_SET:
		return chr_ext_gpio_set_value(dev, p->handle, p->index, p->arg,
					      p->flags);
	case PINS_GET_BITS:
		ret = chr_ext_gpio_get_bits(dev, p->handle, p->mask, &bits,
					    p->flags);
		p->bits = bits;
		return ret;
	case PINS_SET_BITS:
		return chr_ext_gpio_set_bits(dev, p->handle, p->mask, bits,
					     p->flags);
	}
	return ret;
}

static long play(struct chr_ext_dev *dev, const struct pins *p)
{
	__u32 size = p->index;

	steps[0].bits = p->bits;
	steps[0].hold_ns = p->arg;
	steps[1] = steps[0];
	if (size > sizeof(steps))
		return -ENOTTY;
	if (!p->param)
		return chr_ext_gpio_play_steps(dev, p->handle, steps, size,
					       p->flags);
	return chr_ext_gpio_play(dev, p->handle, steps, size,
				 p->flags | CHR_EXT_PLAY_STEP_SIZE(p->param));
}

static long call_sleeping(struct chr_ext_dev *dev, struct pins *p)
{
	__u64 bits = p->bits;
	long ret = -ENOTTY;

	switch (p->call) {
	case PINS_INPUT:
		return chr_ext_gpio_direction_input(dev, p->handle, p->index,
						    p->flags);
	case PINS_OUTPUT:
		return chr_ext_gpio_direction_output(dev, p->handle, p->index,
						     p->arg, p->flags);
	case PINS_CONFIG:
		return chr_ext_gpio_set_config(dev, p->handle, p->index,
					       p->param, p->arg);
	case PINS_GET_CANSLEEP:
		return chr_ext_gpio_get_value_cansleep(dev, p->handle, p->index,
						       p->flags);
	case PINS_SET_CANSLEEP:
		return chr_ext_gpio_set_value_cansleep(dev, p->handle, p->index,
						       p->arg, p->flags);
	case PINS_GET_BITS_CANSLEEP:
		ret = chr_ext_gpio_get_bits_cansleep(dev, p->handle, p->mask,
						     &bits, p->flags);
		p->bits = bits;
		return ret;
	case PINS_SET_BITS_CANSLEEP:
		return chr_ext_gpio_set_bits_cansleep(dev, p->handle, p->mask,
						      bits, p->flags);
	case PINS_LISTEN:
		return chr_ext_gpio_listen(dev, p->handle, p->index, p->param,
					   p->flags);
	case PINS_PLAY:
		return play(dev, p);
	case PINS_STOP:
		return chr_ext_gpio_stop(dev, p->handle, p->flags);
	case PINS_PLAYED:
		ret = chr_ext_gpio_played(dev, p->handle, &played,
					  sizeof(played), p->flags);
		p->bits = played.steps;
		return ret;
	}
	return ret;
}

static int tick(void *map, int *key, struct timed *t)
{
	struct chr_ext_dev *dev = chr_ext_dev_get(t->dev);

	t->job.ret = -ENODEV;
	if (dev) {
		t->job.ret = call_fast(dev, &t->job);
		chr_ext_dev_put(dev);
	}
	t->job.done++;
	return 0;
}

/* Returns the result of the 17th request. */
static __s32 many(struct chr_ext_dev *dev)
{
	__s32 ret = 0;

#define GET(id)	ret = ret < 0 ? ret : chr_ext_gpio_get(dev, id, how)
	GET("c0"); GET("c1"); GET("c2"); GET("c3"); GET("c4"); GET("c5");
	GET("c6"); GET("c7"); GET("c8"); GET("c9"); GET("c10"); GET("c11");
	GET("c12"); GET("c13"); GET("c14"); GET("c15");
	if (ret < 0)
		return -EIO;
	GET("c16");
	return ret;
}

static __s32 lines_get(struct chr_ext_dev *dev)
{
	__s32 ret;

	switch (con) {
	case CON_NONE:
		return chr_ext_gpio_get(dev, "none", how);
	case CON_EMPTY:
		return chr_ext_gpio_get(dev, "", how);
	case CON_31:
		return chr_ext_gpio_get(dev, C10 C10 C10 "c", how);
	case CON_32:
		return chr_ext_gpio_get(dev, C10 C10 C10 "cc", how);
	case CON_200:
		return chr_ext_gpio_get(dev, C100 C100, how);
	case CON_TWICE:
		ret = chr_ext_gpio_get(dev, "data", how);
		return ret == chr_ext_gpio_get(dev, "data",
					       CHR_EXT_GPIO_OUT_HIGH) ?
		       ret : -EIO;
	case CON_17:
		return many(dev);
	}
	return chr_ext_gpio_get(dev, "data", how);
}

SEC("struct_ops.s/probe")
int BPF_PROG(pins_probe, struct chr_ext_dev *dev)
{
	struct dev_pins *d = (void *)chr_ext_dev_data(dev, sizeof(*d));
	__u32 key = 0;
	struct timed *t = bpf_map_lookup_elem(&timed_map, &key);

	if (!d || !t)
		return -EIO;
	d->data = lines_get(dev);
	if (d->data < 0)
		return d->data;
	if (dev->index || !timer)
		return 0;
	t->dev = dev->id;
	bpf_timer_init(&t->timer, &timed_map, CLOCK_MONOTONIC);
	return bpf_timer_set_callback(&t->timer, tick);
}

/* The lines are still there, and can be looked up. */
SEC("struct_ops.s/remove")
void BPF_PROG(pins_remove, struct chr_ext_dev *dev)
{
	__s32 handle = chr_ext_gpio_get(dev, "data", CHR_EXT_GPIO_ASIS);

	removed = chr_ext_gpio_get_value_cansleep(dev, handle, 0, 0);
}

/* With an event op, interrupts are prepared in probe. */
SEC("struct_ops.s/event")
void BPF_PROG(pins_event, struct chr_ext_dev *dev, struct chr_ext_event *event)
{
}

SEC("struct_ops.s/ioctl")
long BPF_PROG(pins_ioctl, struct chr_ext_file *file, __u32 cmd,
	      struct chr_ext_io *io)
{
	struct dev_pins *d = (void *)chr_ext_dev_data(file->dev, sizeof(*d));
	struct pins p = {};

	switch (cmd) {
	case PINS_HANDLE:
		return d ? d->data : -EIO;
	case PINS_REMOVED:
		return removed;
	case PINS_CALL:
		chr_ext_io_get(io, 0, &p, sizeof(p));
		p.ret = p.call < PINS_SLEEPABLE ? call_fast(file->dev, &p) :
						  call_sleeping(file->dev, &p);
		chr_ext_io_put(io, 0, &p, sizeof(p));
		return 0;
	}
	return -ENOTTY;
}

SEC("struct_ops/write")
long BPF_PROG(pins_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__u32 key = 0;
	struct timed *t = bpf_map_lookup_elem(&timed_map, &key);

	if (!t || chr_ext_io_get(io, 0, &t->job, sizeof(t->job)) !=
		  sizeof(t->job))
		return -EINVAL;
	if (timer && t->job.in_timer)
		return bpf_timer_start(&t->timer, 0, 0) ?: io->len;
	t->job.ret = call_fast(file->dev, &t->job);
	t->job.done++;
	return io->len;
}

SEC("struct_ops/read")
long BPF_PROG(pins_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__u32 key = 0;
	struct timed *t = bpf_map_lookup_elem(&timed_map, &key);

	return t ? chr_ext_io_put(io, 0, &t->job, sizeof(t->job)) : -EIO;
}

CHR_EXT_DRIVER(pins,
	.probe = (void *)pins_probe,
	.remove = (void *)pins_remove,
	.event = (void *)pins_event,
	.ioctl = (void *)pins_ioctl,
	.read = (void *)pins_read,
	.write = (void *)pins_write,
	.compatible = "chr-ext,pins",
	.dev_size = sizeof(struct dev_pins),
	.mode = 0600,
);
