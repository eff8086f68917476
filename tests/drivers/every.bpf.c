// SPDX-License-Identifier: GPL-2.0-only
/* Has every op of a file, and does what it was told by ioctl. */
#include <chr_ext/chr_ext.bpf.h>
#include "every.h"

struct every told = { .events = EPOLLIN | EPOLLOUT, .ready = 1, .opens = 1 };
__u32 inside;

/* A call of an op that waits: @ret, or -EAGAIN when there is nothing. */
static long waits(__u32 flags, __u32 ready, long ret)
{
	__sync_fetch_and_add(&told.calls, 1);
	if (flags & CHR_EXT_IO_AGAIN)
		__sync_fetch_and_add(&told.again, 1);
	return ready ? ret : -EAGAIN;
}

__s64 steps;

static bool take_step(void)
{
	if (__sync_fetch_and_add(&steps, -1) > 0)
		return true;
	__sync_fetch_and_add(&steps, 1);
	return false;
}

SEC("struct_ops/open")
int BPF_PROG(every_open, struct chr_ext_file *file, __u32 flags)
{
	return waits(flags, told.opens, 0);
}

SEC("struct_ops/read")
long BPF_PROG(every_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	if (told.ready == STEPS)
		return waits(io->flags, take_step(), io->len);
	return waits(io->flags, told.ready, io->len);
}

SEC("struct_ops/write")
long BPF_PROG(every_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return waits(io->flags, told.ready, io->len);
}

SEC("struct_ops.s/poll")
__u32 BPF_PROG(every_poll, struct chr_ext_file *file)
{
	return told.events;
}

static long hold(struct chr_ext_dev *dev, __u32 us)
{
	if (__sync_fetch_and_add(&inside, 1))
		__sync_fetch_and_add(&told.overlaps, 1);
	chr_ext_sleep_us(dev, us, 0);
	__sync_fetch_and_sub(&inside, 1);
	return 0;
}

static long echo_byte(__u64 i, void *ctx)
{
	struct chr_ext_io *io = *(struct chr_ext_io **)ctx;
	__u8 byte = 0;

	chr_ext_io_get(io, i, &byte, 1);
	byte++;
	chr_ext_io_put(io, i, &byte, 1);
	return 0;
}

static long echo(struct chr_ext_io *io)
{
	bpf_loop(io->len, echo_byte, &io, 0);
	return io->len;
}

/* Who is woken finds the op still there. */
static long wake(struct chr_ext_dev *dev, __u64 arg)
{
	long ret = chr_ext_wake(dev, arg, arg >> 32);

	if (told.linger)
		chr_ext_sleep_us(dev, told.linger, 0);
	return ret;
}

static long doze_once(__u64 i, void *ctx)
{
	struct chr_ext_io *io = *(struct chr_ext_io **)ctx;

	return chr_ext_sleep_us(io->file->dev, io->arg, 0) == -ENODEV;
}

static long nested(struct chr_ext_io *io)
{
	__u64 addr = 0;
	__u8 byte;

	chr_ext_io_get(io, 0, &addr, sizeof(addr));
	return chr_ext_user_get(io, addr, &byte, 1, 0) ?: byte;
}

/* No byte is copied, so that only the flags can be wrong. */
static long refusals(struct chr_ext_io *io, __u32 flags)
{
	__u8 byte = 0;

	return (chr_ext_user_get(io, 0, &byte, 0, flags) == -EINVAL) +
	       (chr_ext_user_put(io, 0, &byte, 0, flags) == -EINVAL) +
	       (chr_ext_user_get_dev(io, 0, 0, 0, flags) == -EINVAL) +
	       (chr_ext_user_put_dev(io, 0, 0, 0, flags) == -EINVAL);
}

SEC("struct_ops.s/ioctl")
long BPF_PROG(every_ioctl, struct chr_ext_file *file, __u32 cmd,
	      struct chr_ext_io *io)
{
	struct chr_ext_caller caller = {};
	long n;

	switch (cmd) {
	case EVERY_TELL:
		chr_ext_io_get(io, 0, &told, sizeof(told));
		return 0;
	case EVERY_ASK:
		chr_ext_io_put(io, 0, &told, sizeof(told));
		return 0;
	case EVERY_RET:
		return told.ret;
	case EVERY_ARG:
		return io->arg & 0x7fffffff;
	case EVERY_WAIT:
		return waits(io->flags, told.ready, 0);
	case EVERY_WAKE:
		told.ready = 1;
		return wake(file->dev, io->arg);
	case EVERY_NUDGE:
		return wake(file->dev, io->arg);
	case EVERY_STEP:
		__sync_fetch_and_add(&steps, 1);
		return chr_ext_wake(file->dev, io->arg, 0);
	case EVERY_SLEEP:
		return chr_ext_sleep_us(file->dev, io->arg, 0);
	case EVERY_DELAY:
		return chr_ext_delay_us(file->dev, io->arg, 0);
	case EVERY_DOZE:
		n = bpf_loop(100, doze_once, &io, 0);
		return n < 100 ? -ENODEV : n;
	case EVERY_HOLD:
		return hold(file->dev, io->arg);
	case EVERY_CALLER:
		chr_ext_caller(file, &caller, sizeof(caller));
		chr_ext_io_put(io, 0, &caller, sizeof(caller));
		return 0;
	case EVERY_CAPABLE:
		return chr_ext_caller_capable(file, io->arg);
	case EVERY_OPENER:
		return chr_ext_capable(file, io->arg);
	case EVERY_FLAGS:
		return refusals(io, io->arg);
	case EVERY_NESTED:
		return nested(io);
	case EVERY_COMPAT:
		return !!(io->flags & CHR_EXT_IO_COMPAT);
	}
	if (_IOC_TYPE(cmd) == 'e' && _IOC_NR(cmd) == EVERY_NR_ECHO)
		return echo(io);
	if (_IOC_TYPE(cmd) == 'e' && _IOC_NR(cmd) == EVERY_NR_NOTHING)
		return io->len;
	return -ENOTTY;
}

SEC("struct_ops.s/llseek")
__s64 BPF_PROG(every_llseek, struct chr_ext_file *file, __s64 offset,
	       __u32 whence)
{
	switch (whence) {
	case SEEK_SET:
		return offset;
	case SEEK_END:
		return EVERY_SIZE + offset;
	case SEEK_DATA:
		return told.pos;
	default:
		return -EINVAL;
	}
}

SEC("struct_ops.s/mmap")
int BPF_PROG(every_mmap, struct chr_ext_file *file, struct chr_ext_map *map)
{
	told.map_flags = map->flags;
	return told.ret;
}

SEC("struct_ops.s/fsync")
int BPF_PROG(every_fsync, struct chr_ext_file *file, __u32 flags)
{
	if (flags & CHR_EXT_IO_DATASYNC)
		told.datasyncs++;
	return waits(flags, told.ready, told.ret);
}

SEC("struct_ops.s/flush")
int BPF_PROG(every_flush, struct chr_ext_file *file)
{
	__sync_fetch_and_add(&told.flushes, 1);
	return told.ret;
}

CHR_EXT_DRIVER(every,
	.open = (void *)every_open,
	.read = (void *)every_read,
	.write = (void *)every_write,
	.poll = (void *)every_poll,
	.ioctl = (void *)every_ioctl,
	.llseek = (void *)every_llseek,
	.mmap = (void *)every_mmap,
	.fsync = (void *)every_fsync,
	.flush = (void *)every_flush,
	.mem_size = EVERY_MEM,
	.mode = 0666,
	.flags = CHR_EXT_SEEKABLE,
);
