// SPDX-License-Identifier: GPL-2.0-only
/*
 * scull: a memory that all who open it share, after the first driver of "Linux
 * Device Drivers". Reads and writes have a position. O_TRUNC on an open for
 * writing empties it, O_APPEND writes at its end, a write beyond the end leaves
 * a hole of zeros; a full one gives ENOSPC.
 *
 * Set at load: its size and how many there are, at most 64:
 *	chrext load scull.bpf.o --set dev_size=64K --set instances=4
 */
#include <chr_ext/chr_ext.bpf.h>

#define SCULL_MAX	64

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SCULL_MAX);
	__type(key, __u32);
	__type(value, __u64);
} sizes SEC(".maps");		/* bytes in each scull, by its index */

static __u64 *scull_size(struct chr_ext_dev *dev)
{
	__u32 index = dev->index;

	return bpf_map_lookup_elem(&sizes, &index);
}

/*
 * Makes the scull end at @end or later. Each round that fails is the success
 * of another writer.
 */
static void scull_grow(__u64 *size, __u64 end)
{
	__u64 old = *size;
	int i;

	for (i = 0; i < 1000 && old < end; i++) {
		__u64 seen = __sync_val_compare_and_swap(size, old, end);

		if (seen == old)
			return;
		old = seen;
	}
}

/*
 * Takes room for up to @len bytes at the end, so that two who append do not
 * write over each other. Returns where it is, or -ENOSPC.
 */
static __s64 scull_append(struct chr_ext_dev *dev, __u64 *size, __u64 len)
{
	__u64 old = *size, end = old;
	int i;

	for (i = 0; i < 1000; i++) {
		__u64 seen;

		if (old >= dev->size)
			break;
		end = dev->size - old < len ? dev->size : old + len;
		seen = __sync_val_compare_and_swap(size, old, end);
		if (seen == old)
			return old;
		old = seen;
	}
	return -ENOSPC;
}

SEC("struct_ops/probe")
int BPF_PROG(scull_probe, struct chr_ext_dev *dev)
{
	__u64 *size = scull_size(dev);

	if (!size)
		return -ENXIO;
	*size = 0;
	return 0;
}

SEC("struct_ops/open")
int BPF_PROG(scull_open, struct chr_ext_file *file)
{
	__u64 *size = scull_size(file->dev);

	if (size && file->flags & O_TRUNC &&
	    (file->flags & O_ACCMODE) != O_RDONLY) {
		*size = 0;
		chr_ext_dev_clear(file->dev, 0, file->dev->size);
	}
	return 0;
}

SEC("struct_ops/read")
long BPF_PROG(scull_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__u64 *size = scull_size(file->dev), pos = io->pos, left;

	if (!size || pos >= *size)
		return 0;
	left = *size - pos;
	return chr_ext_io_put_dev(io, 0, file->dev, pos,
				  left < io->len ? left : io->len);
}

SEC("struct_ops/write")
long BPF_PROG(scull_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__u64 *size = scull_size(file->dev);
	__s64 pos = io->pos;
	int n;

	if (!size)
		return -ENXIO;
	if (!io->len)
		return 0;
	if (io->flags & CHR_EXT_IO_APPEND) {
		pos = scull_append(file->dev, size, io->len);
		if (pos < 0)
			return pos;
		chr_ext_io_set_pos(io, pos);
	}

	n = chr_ext_io_get_dev(io, 0, file->dev, pos, io->len);
	scull_grow(size, pos + n);
	return n ?: -ENOSPC;
}

CHR_EXT_DRIVER(scull,
	.probe = (void *)scull_probe,
	.open = (void *)scull_open,
	.read = (void *)scull_read,
	.write = (void *)scull_write,
	.dev_size = 1 << 20,
	.mode = 0666,
	.flags = CHR_EXT_SEEKABLE | CHR_EXT_STREAM,
);
