// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleeps in the ops of a device's life for as long as --set sets, and logs how
 * long that was granted. A read sleeps, too; a write loops until loop is 0.
 */
#include <chr_ext/chr_ext.bpf.h>

__u32 probe_ms, close_ms, remove_ms, update_ms, read_ms, event_ms;
__u32 loops;		/* 1: in write, 2: in update, 3: in remove */
__u32 number = 1;	/* of the version */

static long rest(struct chr_ext_dev *dev, const char *op, __u32 ms)
{
	__u64 start = chr_ext_clock_ns(CLOCK_MONOTONIC);
	long err = 0;
	int i;

	if (!ms)
		return 0;
	bpf_for(i, 0, ms / 10) {
		err = chr_ext_sleep_us(dev, 10000, 0);
		if (err)
			break;
	}
	chr_ext_msg(dev, CHR_EXT_INFO, "%s: %lld after %llu ms", op, err,
		    (chr_ext_clock_ns(CLOCK_MONOTONIC) - start) / 1000000);
	return err;
}

static long spin_inner(__u64 i, void *ctx)
{
	return !*(volatile __u32 *)&loops;
}

static long spin_outer(__u64 i, void *ctx)
{
	bpf_loop(1 << 23, spin_inner, NULL, 0);
	return !*(volatile __u32 *)&loops;
}

/* Ends when loops becomes 0; each level lasts a thousand times the one below. */
static void spin(__u32 op)
{
	if (loops == op)
		bpf_loop(1 << 23, spin_outer, NULL, 0);
}

SEC("struct_ops.s/probe")
int BPF_PROG(slow_probe, struct chr_ext_dev *dev)
{
	chr_ext_msg(dev, CHR_EXT_INFO, "probed %u by %u", dev->index, number);
	if (event_ms)
		chr_ext_timer_start(dev, 0, 0, 0, 0);
	return rest(dev, "probe", probe_ms);
}

SEC("struct_ops.s/close")
void BPF_PROG(slow_close, struct chr_ext_file *file)
{
	rest(file->dev, "close", close_ms);
}

SEC("struct_ops.s/remove")
void BPF_PROG(slow_remove, struct chr_ext_dev *dev)
{
	rest(dev, "remove", remove_ms);
	spin(3);
}

SEC("struct_ops.s/update")
void BPF_PROG(slow_update, struct chr_ext_dev *dev)
{
	chr_ext_msg(dev, CHR_EXT_INFO, "update %u by %u", dev->index, number);
	rest(dev, "update", update_ms);
	spin(2);
}

SEC("struct_ops.s/event")
void BPF_PROG(slow_event, struct chr_ext_dev *dev, struct chr_ext_event *event)
{
	rest(dev, "event", event_ms);
}

SEC("struct_ops.s/read")
long BPF_PROG(slow_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return rest(file->dev, "read", read_ms);
}

SEC("struct_ops.s/write")
long BPF_PROG(slow_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	spin(1);
	return io->len;
}

CHR_EXT_DRIVER(slow,
	.probe = (void *)slow_probe,
	.close = (void *)slow_close,
	.remove = (void *)slow_remove,
	.update = (void *)slow_update,
	.event = (void *)slow_event,
	.read = (void *)slow_read,
	.write = (void *)slow_write,
	.mode = 0666,
);
