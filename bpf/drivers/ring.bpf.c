// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring: a stream of bytes from one process to another through memory that both
 * map. The node is used to set it up and to wait; moving data takes no system
 * call.
 *
 * mmap(2) with MAP_SHARED maps struct ring in the first 4096 bytes and the
 * data, RING_SIZE bytes, after it. head and tail count all bytes ever put in
 * and taken out; byte number n is at n % RING_SIZE. The producer copies into
 * the free part, then adds to head; the consumer copies out, then adds to tail.
 *
 *	RING_SIZE	get the number of bytes of data
 *	RING_WAIT_DATA	sleep until head differs from tail
 *	RING_WAIT_SPACE	sleep until there is room for a byte or more
 *	RING_NOTIFY	wake waiters: the counters have changed
 *
 * A wait, by ioctl(2) or poll(2), sets data_wanted or space_wanted. After
 * changing head, the producer exchanges data_wanted for 0, with a full barrier
 * before, and calls RING_NOTIFY if it was not 0; the consumer does the same
 * with space_wanted.
 *
 * The driver reads the counters only. Any user of the node can write anything
 * there: impossible counters return EIO and EPOLLERR.
 *
 * Set at load: the size, including the first 4096 bytes, and the number of
 * rings:
 *	chrext load ring.bpf.o --set mem_size=64K --set instances=4
 */
#include <chr_ext/chr_ext.bpf.h>

#define RING_DATA	4096	/* offset of the data */
#define MAP_SHARED	1

struct ring {
	__u64 head;		/* written by the producer */
	__u32 data_wanted;
	__u8 pad1[52];
	__u64 tail;		/* written by the consumer */
	__u32 space_wanted;
	__u8 pad2[52];
};

#define RING_SIZE	_IOR('R', 0, __u64)
#define RING_WAIT_DATA	_IO('R', 1)
#define RING_WAIT_SPACE	_IO('R', 2)
#define RING_NOTIFY	_IO('R', 3)

static __u64 ring_size(struct chr_ext_file *file)
{
	return file->dev->mem_size - RING_DATA;
}

static struct ring *ring_of(struct chr_ext_file *file)
{
	return (void *)chr_ext_dev_mem(file->dev, 0, sizeof(struct ring));
}

/* Bytes of data, or -EIO. Reads each counter once, with a full barrier. */
static __s64 ring_used(struct chr_ext_file *file, struct ring *r)
{
	__u64 tail = __sync_fetch_and_add(&r->tail, 0);
	__u64 used = __sync_fetch_and_add(&r->head, 0) - tail;

	return used <= ring_size(file) ? used : -EIO;
}

/* Sets the flag before reading the counters, so that no wake-up is lost. */
static long ring_wait_data(struct chr_ext_file *file, struct ring *r)
{
	__s64 used;

	__sync_lock_test_and_set(&r->data_wanted, 1);
	used = ring_used(file, r);
	if (used < 0)
		return used;
	return used ? 0 : -EAGAIN;
}

static long ring_wait_space(struct chr_ext_file *file, struct ring *r)
{
	__s64 used;

	__sync_lock_test_and_set(&r->space_wanted, 1);
	used = ring_used(file, r);
	if (used < 0)
		return used;
	return used < ring_size(file) ? 0 : -EAGAIN;
}

SEC("struct_ops/probe")
int BPF_PROG(ring_probe, struct chr_ext_dev *dev)
{
	return dev->mem_size > RING_DATA ? 0 : -EINVAL;
}

SEC("struct_ops/ioctl")
long BPF_PROG(ring_ioctl, struct chr_ext_file *file, __u32 cmd,
	      struct chr_ext_io *io)
{
	struct ring *r = ring_of(file);
	__u64 size = ring_size(file);

	if (!r)
		return -ENXIO;

	switch (cmd) {
	case RING_SIZE:
		chr_ext_io_put(io, 0, &size, sizeof(size));
		return 0;
	case RING_WAIT_DATA:
		return ring_wait_data(file, r);
	case RING_WAIT_SPACE:
		return ring_wait_space(file, r);
	case RING_NOTIFY:
		return chr_ext_wake(file->dev, EPOLLIN | EPOLLOUT, 0);
	default:
		return -ENOTTY;
	}
}

SEC("struct_ops/poll")
__u32 BPF_PROG(ring_poll, struct chr_ext_file *file)
{
	struct ring *r = ring_of(file);
	long data, space;

	if (!r)
		return EPOLLERR;
	data = ring_wait_data(file, r);
	space = ring_wait_space(file, r);
	if (data == -EIO || space == -EIO)
		return EPOLLERR;
	return (data ? 0 : EPOLLIN | EPOLLRDNORM) |
	       (space ? 0 : EPOLLOUT | EPOLLWRNORM);
}

/* Refuse private copies: writes to them would reach no other process. */
SEC("struct_ops/mmap")
int BPF_PROG(ring_mmap, struct chr_ext_file *file, struct chr_ext_map *map)
{
	return map->flags & MAP_SHARED ? 0 : -EINVAL;
}

CHR_EXT_DRIVER(ring,
	.probe = (void *)ring_probe,
	.ioctl = (void *)ring_ioctl,
	.poll = (void *)ring_poll,
	.mmap = (void *)ring_mmap,
	.mem_size = RING_DATA + (1 << 20),
	.mode = 0666,
);
