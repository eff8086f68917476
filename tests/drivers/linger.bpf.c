// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleeps for another device, again and again, in the op that --set selects: its own
 * might be going, or not be there yet.
 */
#include <chr_ext/chr_ext.bpf.h>

const volatile __u64 other;	/* id of a device that stays */
const volatile __u32 where;	/* 1: probe, 2: close, 3: remove */
const volatile __u32 busy;	/* delay instead */
const volatile __u32 rounds = 1 << 20;
const volatile __u32 us = CHR_EXT_MAX_SLEEP_US;

static long stay(__u32 op)
{
	struct chr_ext_dev *dev;
	long err = 0;
	int i;

	if (where != op)
		return 0;
	dev = chr_ext_dev_get(other);
	if (!dev)
		return -ENODEV;
	bpf_for(i, 0, rounds) {
		err = busy ? chr_ext_delay_us(dev, CHR_EXT_MAX_DELAY_US, 0) :
			     chr_ext_sleep_us(dev, us, 0);
		if (err)
			break;
	}
	chr_ext_dev_put(dev);
	return err;
}

SEC("struct_ops.s/probe")
int BPF_PROG(linger_probe, struct chr_ext_dev *dev)
{
	return stay(1);
}

SEC("struct_ops.s/close")
void BPF_PROG(linger_close, struct chr_ext_file *file)
{
	stay(2);
}

SEC("struct_ops.s/remove")
void BPF_PROG(linger_remove, struct chr_ext_dev *dev)
{
	stay(3);
}

CHR_EXT_DRIVER(linger,
	.probe = (void *)linger_probe,
	.close = (void *)linger_close,
	.remove = (void *)linger_remove,
	.mode = 0666,
);
