// SPDX-License-Identifier: GPL-2.0-only
/*
 * Returns values that --set sets, logs each probe, remove, open and close, and does
 * nothing else.
 */
#include <chr_ext/chr_ext.bpf.h>

long read_ret;
long write_ret = -EINVAL;
__u32 probe_fails_at = -1;	/* the instance whose probe fails */
int probe_ret = -EIO;
int open_ret;

SEC("struct_ops/probe")
int BPF_PROG(subject_probe, struct chr_ext_dev *dev)
{
	chr_ext_msg(dev, CHR_EXT_INFO, "probe %d", dev->index);
	return dev->index == probe_fails_at ? probe_ret : 0;
}

SEC("struct_ops/remove")
void BPF_PROG(subject_remove, struct chr_ext_dev *dev)
{
	chr_ext_msg(dev, CHR_EXT_INFO, "remove %d", dev->index);
}

SEC("struct_ops/open")
int BPF_PROG(subject_open, struct chr_ext_file *file)
{
	chr_ext_msg(file->dev, CHR_EXT_INFO, "open %llu", file->id);
	return open_ret;
}

SEC("struct_ops/close")
void BPF_PROG(subject_close, struct chr_ext_file *file)
{
	chr_ext_msg(file->dev, CHR_EXT_INFO, "close %llu", file->id);
}

SEC("struct_ops/read")
long BPF_PROG(subject_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return read_ret;
}

SEC("struct_ops/write")
long BPF_PROG(subject_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return write_ret;
}

CHR_EXT_DRIVER(subject,
	.probe = (void *)subject_probe,
	.remove = (void *)subject_remove,
	.open = (void *)subject_open,
	.close = (void *)subject_close,
	.read = (void *)subject_read,
	.write = (void *)subject_write,
	.mode = 0640,
);
