// SPDX-License-Identifier: GPL-2.0-only
/*
 * A timer and a work that are never stopped: each looks for the device, counts
 * whether it is there, and goes on. A read waits for the next of both and gives
 * their numbers. The work keeps the device for a time that is set at load, and
 * counts whether it still has its memory then.
 */
#include <chr_ext/chr_ext.bpf.h>

#define PERIOD	10000000	/* ns */

extern int bpf_wq_init(struct bpf_wq *wq, void *map, unsigned int flags) __ksym;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __ksym;
extern int bpf_wq_set_callback_impl(struct bpf_wq *wq,
				    int (*cb)(void *map, int *key, void *value),
				    unsigned int flags, void *aux__ign) __ksym __weak;
extern int bpf_wq_set_callback(struct bpf_wq *wq,
			       int (*cb)(void *map, int *key, void *value),
			       unsigned int flags) __ksym __weak;

const volatile __u32 delays;	/* of a work, 100 us each */

struct late {
	struct bpf_timer timer;
	struct bpf_wq work;
	__u64 id;
	__u64 ticks;		/* that found the device */
	__u64 works;
	__u64 gone;		/* that found none */
	__u64 lost;		/* works whose device did not stay */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct late);
} late_map SEC(".maps");

static long delay(__u64 i, void *ctx)
{
	struct chr_ext_dev *dev = *(struct chr_ext_dev **)ctx;

	return chr_ext_delay_us(dev, 100, 0) != 0;
}

static int found(struct late *l, __u64 *count, __u32 nr_delays)
{
	struct chr_ext_dev *dev = chr_ext_dev_get(l->id);

	if (!dev) {
		__sync_fetch_and_add(&l->gone, 1);
		return 0;
	}
	__sync_fetch_and_add(count, 1);
	chr_ext_wake(dev, EPOLLIN, 0);
	bpf_loop(nr_delays, delay, &dev, 0);
	if (!chr_ext_dev_data(dev, 8))
		__sync_fetch_and_add(&l->lost, 1);
	chr_ext_dev_put(dev);
	return 0;
}

static int work(void *map, int *key, void *value)
{
	struct late *l = value;

	return found(l, &l->works, delays);
}

static int tick(void *map, int *key, struct late *l)
{
	found(l, &l->ticks, 0);
	bpf_wq_start(&l->work, 0);
	bpf_timer_start(&l->timer, PERIOD, 0);
	return 0;
}

SEC("struct_ops.s/probe")
int BPF_PROG(late_probe, struct chr_ext_dev *dev)
{
	__u32 key = 0;
	struct late *l = bpf_map_lookup_elem(&late_map, &key);

	if (!l)
		return -ENXIO;
	l->id = dev->id;
	if (bpf_timer_init(&l->timer, &late_map, CLOCK_MONOTONIC) ||
	    bpf_timer_set_callback(&l->timer, tick) ||
	    bpf_wq_init(&l->work, &late_map, 0))
		return -EIO;
	if (bpf_ksym_exists(bpf_wq_set_callback_impl))
		bpf_wq_set_callback_impl(&l->work, work, 0, NULL);
	else
		bpf_wq_set_callback(&l->work, work, 0);
	return bpf_timer_start(&l->timer, PERIOD, 0);
}

SEC("struct_ops.s/read")
long BPF_PROG(late_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__u64 *seen = (void *)chr_ext_file_data(file, 8);
	__u32 key = 0;
	struct late *l = bpf_map_lookup_elem(&late_map, &key);

	if (!l || !seen)
		return -EIO;
	if (!l->works || *seen == l->ticks)
		return -EAGAIN;
	*seen = l->ticks;
	return chr_ext_io_put(io, 0, seen, 8);
}

CHR_EXT_DRIVER(late,
	.probe = (void *)late_probe,
	.read = (void *)late_read,
	.file_size = 8,
	.dev_size = 8,
	.mode = 0666,
);
