// SPDX-License-Identifier: GPL-2.0-only
/* Refused, but by 6.12: a timer's callback that sleeps. */
#include <chr_ext/chr_ext.bpf.h>

struct timer {
	struct bpf_timer timer;
	__u64 id;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct timer);
} timers SEC(".maps");

static int tick(void *map, int *key, struct timer *t)
{
	struct chr_ext_dev *dev = chr_ext_dev_get(t->id);

	if (!dev)
		return 0;
	chr_ext_sleep_us(dev, 1000, 0);
	chr_ext_dev_put(dev);
	return 0;
}

SEC("struct_ops.s/probe")
int BPF_PROG(timer_probe, struct chr_ext_dev *dev)
{
	__u32 key = 0;
	struct timer *t = bpf_map_lookup_elem(&timers, &key);

	if (!t)
		return -ENXIO;
	t->id = dev->id;
	if (bpf_timer_init(&t->timer, &timers, CLOCK_MONOTONIC) ||
	    bpf_timer_set_callback(&t->timer, tick))
		return -EIO;
	return bpf_timer_start(&t->timer, 1000000, 0);
}

CHR_EXT_DRIVER(sleep_timer, .probe = (void *)timer_probe);
