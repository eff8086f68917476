// SPDX-License-Identifier: GPL-2.0-only
/*
 * A driver in versions, for live update: a read gives the version, the number
 * of updates that the device has seen and of reads so far; a write adds up what
 * it was given. All of it is in the device's memory. ioctl 1 waits until the
 * version is another than the argument, ioctl 3 stays in the op for so many
 * microseconds, both give the version; ioctl 4 returns how many tasks are in ioctl 3.
 */
#include <chr_ext/chr_ext.bpf.h>

const volatile __u64 number = 1;

struct memory {
	__u64 reads;
	__u64 written;
	__u64 updates;
	__u64 inside;
};

struct answer {
	__u64 version;
	__u64 updates;
	__u64 reads;
	__u64 written;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} own SEC(".maps");

static struct memory *memory(struct chr_ext_dev *dev)
{
	return (void *)chr_ext_dev_data(dev, sizeof(struct memory));
}

SEC("struct_ops.s/read")
long BPF_PROG(version_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct memory *m = memory(file->dev);
	struct answer a = { .version = number };

	if (!m)
		return -EIO;
	a.updates = m->updates;
	a.written = m->written;
	a.reads = __sync_fetch_and_add(&m->reads, 1) + 1;
	return chr_ext_io_put(io, 0, &a, sizeof(a));
}

SEC("struct_ops.s/write")
long BPF_PROG(version_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct memory *m = memory(file->dev);
	__u32 key = 0;

	if (!m)
		return -EIO;
	if (!bpf_map_lookup_elem(&own, &key))
		return -ENXIO;
	__sync_fetch_and_add(&m->written, io->len);
	return io->len;
}

SEC("struct_ops.s/ioctl")
long BPF_PROG(version_ioctl, struct chr_ext_file *file, __u32 cmd,
	      struct chr_ext_io *io)
{
	struct memory *m = memory(file->dev);

	if (!m)
		return -EIO;
	switch (cmd) {
	case 1:
		return io->arg == number ? -EAGAIN : (long)number;
	case 3:
		__sync_fetch_and_add(&m->inside, 1);
		chr_ext_sleep_us(file->dev, io->arg, 0);
		__sync_fetch_and_sub(&m->inside, 1);
		return number;
	case 4:
		return m->inside;
	}
	return -ENOTTY;
}

SEC("struct_ops.s/update")
void BPF_PROG(version_update, struct chr_ext_dev *dev)
{
	struct memory *m = memory(dev);

	if (m)
		m->updates++;
}

CHR_EXT_DRIVER(version,
	.read = (void *)version_read,
	.write = (void *)version_write,
	.ioctl = (void *)version_ioctl,
	.update = (void *)version_update,
	.dev_size = sizeof(struct memory),
	.mem_size = 65536,
	.mode = 0666,
);
