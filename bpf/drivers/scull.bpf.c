// SPDX-License-Identifier: GPL-2.0-only
/*
 * scull: memory shared by all open files, after the first driver of "Linux
 * Device Drivers". Reads and writes have a position. Opening for writing with
 * O_TRUNC empties it, O_APPEND writes at the end, a write beyond the end leaves
 * a hole of zeros, a write to a full device fails with ENOSPC. lseek(2)
 * supports SEEK_END, and SEEK_DATA and SEEK_HOLE as for a file without holes.
 *
 * ioctl(2) shows every way to pass a number, as in the book, with two numbers:
 * the quantum and the qset, the sizes of the pieces in which the book's scull
 * allocates memory. Here they are only stored, for all devices together. The
 * type of the commands is 'k'; the first of each pair is the quantum's.
 *	0	_IO		RESET	to 4000 and to 1000
 *	1, 2	_IOW, int	S	set, by pointer
 *	3, 4	_IO		T	set ("tell"), by value
 *	5, 6	_IOR, int	G	get, by pointer
 *	7, 8	_IO		Q	get ("query"), as the return value
 *	9, 10	_IOWR, int	X	exchange, by pointer
 *	11, 12	_IO		H	exchange ("shift"), by value and return value
 * Commands that change a number need CAP_SYS_ADMIN (EPERM), except RESET; a
 * number below 1 is EINVAL, as a return value below 0 is an errno. Any other
 * command is ENOTTY.
 *
 * Set at load: the size, the number of devices (at most 64), the two numbers:
 *	chrext load scull.bpf.o --set dev_size=64K --set instances=4 --set quantum=100
 */
#include <chr_ext/chr_ext.bpf.h>

#define SCULL_MAX	64

#define SCULL_QUANTUM	4000
#define SCULL_QSET	1000

#define SCULL_IOCRESET		_IO('k', 0)
#define SCULL_IOCSQUANTUM	_IOW('k', 1, int)
#define SCULL_IOCSQSET		_IOW('k', 2, int)
#define SCULL_IOCTQUANTUM	_IO('k', 3)
#define SCULL_IOCTQSET		_IO('k', 4)
#define SCULL_IOCGQUANTUM	_IOR('k', 5, int)
#define SCULL_IOCGQSET		_IOR('k', 6, int)
#define SCULL_IOCQQUANTUM	_IO('k', 7)
#define SCULL_IOCQQSET		_IO('k', 8)
#define SCULL_IOCXQUANTUM	_IOWR('k', 9, int)
#define SCULL_IOCXQSET		_IOWR('k', 10, int)
#define SCULL_IOCHQUANTUM	_IO('k', 11)
#define SCULL_IOCHQSET		_IO('k', 12)

int quantum = SCULL_QUANTUM;
int qset = SCULL_QSET;

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
 * Raise the size to @end at least. Each failed round is another writer's
 * success.
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
 * Reserve up to @len bytes at the end, so that concurrent appends do not
 * overlap. Returns their offset, or -ENOSPC.
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

SEC("struct_ops/llseek")
__s64 BPF_PROG(scull_llseek, struct chr_ext_file *file, __s64 offset,
	       __u32 whence)
{
	__u64 *size = scull_size(file->dev);
	__s64 end, pos;

	if (!size)
		return -ENXIO;
	end = *size;

	switch (whence) {
	case SEEK_SET:
		return offset;
	case SEEK_END:
		pos = (__u64)end + offset;
		return pos < 0 ? -EINVAL : pos;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (offset < 0 || offset >= end)
			return -ENXIO;
		return whence == SEEK_DATA ? offset : end;
	}
	return -EINVAL;
}

/* Replace a number by @new. Returns the old one, or -errno. */
static int scull_exchange(struct chr_ext_file *file, int *number, int new)
{
	if (!chr_ext_caller_capable(file, CAP_SYS_ADMIN))
		return -EPERM;
	if (new < 1)
		return -EINVAL;
	return __sync_lock_test_and_set(number, new);
}

SEC("struct_ops/ioctl")
long BPF_PROG(scull_ioctl, struct chr_ext_file *file, __u32 cmd,
	      struct chr_ext_io *io)
{
	int *number = _IOC_NR(cmd) & 1 ? &quantum : &qset;
	int value = io->arg, old;

	switch (cmd) {
	case SCULL_IOCRESET:
		quantum = SCULL_QUANTUM;
		qset = SCULL_QSET;
		return 0;
	case SCULL_IOCGQUANTUM:
	case SCULL_IOCGQSET:
		value = *number;
		chr_ext_io_put(io, 0, &value, sizeof(value));
		return 0;
	case SCULL_IOCQQUANTUM:
	case SCULL_IOCQQSET:
		return *number;
	case SCULL_IOCSQUANTUM:
	case SCULL_IOCSQSET:
	case SCULL_IOCXQUANTUM:
	case SCULL_IOCXQSET:
		if (chr_ext_io_get(io, 0, &value, sizeof(value)) < 0)
			return -EFAULT;
		break;
	case SCULL_IOCTQUANTUM:
	case SCULL_IOCTQSET:
	case SCULL_IOCHQUANTUM:
	case SCULL_IOCHQSET:
		break;
	default:
		return -ENOTTY;
	}

	old = scull_exchange(file, number, value);
	if (old < 0 || cmd == SCULL_IOCHQUANTUM || cmd == SCULL_IOCHQSET)
		return old;
	if (_IOC_DIR(cmd) & _IOC_READ)
		chr_ext_io_put(io, 0, &old, sizeof(old));
	return 0;
}

CHR_EXT_DRIVER(scull,
	.probe = (void *)scull_probe,
	.open = (void *)scull_open,
	.read = (void *)scull_read,
	.write = (void *)scull_write,
	.llseek = (void *)scull_llseek,
	.ioctl = (void *)scull_ioctl,
	.dev_size = 1 << 20,
	.mode = 0666,
	.flags = CHR_EXT_SEEKABLE | CHR_EXT_STREAM,
);
