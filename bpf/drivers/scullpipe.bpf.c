// SPDX-License-Identifier: GPL-2.0-only
/*
 * scullpipe: a queue of bytes shared by all open files, after "Linux Device
 * Drivers". A read waits while the pipe is empty, a write while it is full:
 * there is no end of file and no EPIPE. With O_NONBLOCK they fail with EAGAIN.
 * poll(2), select(2), epoll(7) and SIGIO report when a read or a write would
 * not wait.
 *
 * A transfer is short if there are fewer bytes, or less room, and at the end of
 * the buffer; the next call continues at its start. Reads and writes are never
 * short if they all have one size that divides the buffer's.
 *
 * Each byte is for one reader, so a write wakes one sleeping reader, which
 * wakes the next after it has been served; wake_all=1 wakes them all, like the
 * book's driver. Closing the last file discards what is in the pipe.
 *
 * Set at load: the size of the buffer plus 24 bytes, and the number of pipes:
 *	chrext load scullpipe.bpf.o --set dev_size=65560 --set instances=4
 */
#include <chr_ext/chr_ext.bpf.h>

#define SCULLPIPE_SIZE	4000

bool wake_all;

/* At the start of device memory, before the buffer. Ops are serialised. */
struct pipe {
	__u64 head;	/* bytes written */
	__u64 tail;	/* bytes read, at most head */
	__u64 files;
};

static void pipe_wake(struct chr_ext_dev *dev, __u32 events)
{
	chr_ext_wake(dev, events, wake_all ? 0 : CHR_EXT_WAKE_ONE);
}

static struct pipe *pipe_of(struct chr_ext_dev *dev)
{
	return (void *)chr_ext_dev_data(dev, sizeof(struct pipe));
}

static __u64 pipe_size(struct chr_ext_dev *dev)
{
	return dev->size - sizeof(struct pipe);
}

/* How many of @len bytes from @count on, modulo @size, are contiguous. */
static __u64 pipe_piece(__u64 count, __u64 len, __u64 size)
{
	__u64 left = size - count % size;

	return len < left ? len : left;
}

SEC("struct_ops/probe")
int BPF_PROG(scullpipe_probe, struct chr_ext_dev *dev)
{
	return dev->size > sizeof(struct pipe) ? 0 : -EINVAL;
}

SEC("struct_ops/open")
int BPF_PROG(scullpipe_open, struct chr_ext_file *file)
{
	struct pipe *p = pipe_of(file->dev);

	if (p)
		p->files++;
	return 0;
}

SEC("struct_ops/close")
void BPF_PROG(scullpipe_close, struct chr_ext_file *file)
{
	struct pipe *p = pipe_of(file->dev);

	if (p && !--p->files)
		p->head = p->tail = 0;
}

SEC("struct_ops/read")
long BPF_PROG(scullpipe_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct chr_ext_dev *dev = file->dev;
	struct pipe *p = pipe_of(dev);
	__u64 size, len;
	int n;

	if (!p)
		return -ENXIO;
	if (!io->len)
		return 0;
	if (p->tail == p->head)
		return -EAGAIN;

	size = pipe_size(dev);
	len = pipe_piece(p->tail, p->head - p->tail, size);
	n = chr_ext_io_put_dev(io, 0, dev, sizeof(*p) + p->tail % size, len);
	p->tail += n;
	pipe_wake(dev, EPOLLOUT);
	return n;
}

SEC("struct_ops/write")
long BPF_PROG(scullpipe_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct chr_ext_dev *dev = file->dev;
	struct pipe *p = pipe_of(dev);
	__u64 size, len;
	int n;

	if (!p)
		return -ENXIO;
	if (!io->len)
		return 0;
	size = pipe_size(dev);
	if (p->head - p->tail >= size)
		return -EAGAIN;

	len = pipe_piece(p->head, size - (p->head - p->tail), size);
	n = chr_ext_io_get_dev(io, 0, dev, sizeof(*p) + p->head % size, len);
	p->head += n;
	pipe_wake(dev, EPOLLIN);
	return n;
}

SEC("struct_ops/poll")
__u32 BPF_PROG(scullpipe_poll, struct chr_ext_file *file)
{
	struct pipe *p = pipe_of(file->dev);
	__u32 events = 0;

	if (!p)
		return EPOLLERR;
	if (p->head != p->tail)
		events |= EPOLLIN | EPOLLRDNORM;
	if (p->head - p->tail < pipe_size(file->dev))
		events |= EPOLLOUT | EPOLLWRNORM;
	return events;
}

CHR_EXT_DRIVER(scullpipe,
	.probe = (void *)scullpipe_probe,
	.open = (void *)scullpipe_open,
	.close = (void *)scullpipe_close,
	.read = (void *)scullpipe_read,
	.write = (void *)scullpipe_write,
	.poll = (void *)scullpipe_poll,
	.dev_size = sizeof(struct pipe) + SCULLPIPE_SIZE,
	.mode = 0666,
	.flags = CHR_EXT_SERIAL_DEV,
);
