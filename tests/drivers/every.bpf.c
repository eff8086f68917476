// SPDX-License-Identifier: GPL-2.0-only
/* Implements every op of a file; ioctl sets what the ops return. */
#include <chr_ext/chr_ext.bpf.h>
#include "every.h"

struct every state = { .events = EPOLLIN | EPOLLOUT, .ready = 1, .opens = 1 };
__u32 inside;

/* A call of an op that waits: @ret, or -EAGAIN when there is nothing. */
static long waits(__u32 flags, __u32 ready, long ret)
{
	__sync_fetch_and_add(&state.calls, 1);
	if (flags & CHR_EXT_IO_AGAIN)
		__sync_fetch_and_add(&state.again, 1);
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
	return waits(flags, state.opens, 0);
}

SEC("struct_ops/read")
long BPF_PROG(every_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	if (state.ready == STEPS)
		return waits(io->flags, take_step(), io->len);
	return waits(io->flags, state.ready, io->len);
}

SEC("struct_ops/write")
long BPF_PROG(every_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return waits(io->flags, state.ready, io->len);
}

SEC("struct_ops.s/poll")
__u32 BPF_PROG(every_poll, struct chr_ext_file *file)
{
	return state.events;
}

static long hold(struct chr_ext_dev *dev, __u32 us)
{
	if (__sync_fetch_and_add(&inside, 1))
		__sync_fetch_and_add(&state.overlaps, 1);
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

/* With linger set, the op still runs when a waiter wakes. */
static long wake(struct chr_ext_dev *dev, __u64 arg)
{
	long ret = chr_ext_wake(dev, arg, arg >> 32);

	if (state.linger)
		chr_ext_sleep_us(dev, state.linger, 0);
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

/* A call with CHR_EXT_IO_AGAIN finds the window of the last call, any other none. */
static long keep(struct chr_ext_io *io)
{
	struct every_kept *w = (void *)chr_ext_io_window(io, 0, sizeof(*w));
	__u8 byte;
	long ret;

	if (!w)
		return -ENXIO;
	w->calls++;
	if (io->flags & CHR_EXT_IO_AGAIN)
		w->again++;
	ret = waits(io->flags, state.ready, 0);
	return ret ?: chr_ext_user_get(io, w->addr, &byte, 1, 0);
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
	case EVERY_SET:
		chr_ext_io_get(io, 0, &state, sizeof(state));
		return 0;
	case EVERY_GET:
		chr_ext_io_put(io, 0, &state, sizeof(state));
		return 0;
	case EVERY_RET:
		return state.ret;
	case EVERY_ARG:
		return io->arg & 0x7fffffff;
	case EVERY_WAIT:
		return waits(io->flags, state.ready, 0);
	case EVERY_WAKE:
		state.ready = 1;
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
	case EVERY_KEEP:
		return keep(io);
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
		return state.pos;
	default:
		return -EINVAL;
	}
}

SEC("struct_ops.s/mmap")
int BPF_PROG(every_mmap, struct chr_ext_file *file, struct chr_ext_map *map)
{
	state.map_flags = map->flags;
	return state.ret;
}

SEC("struct_ops.s/fsync")
int BPF_PROG(every_fsync, struct chr_ext_file *file, __u32 flags)
{
	if (flags & CHR_EXT_IO_DATASYNC)
		state.datasyncs++;
	return waits(flags, state.ready, state.ret);
}

SEC("struct_ops.s/flush")
int BPF_PROG(every_flush, struct chr_ext_file *file)
{
	__sync_fetch_and_add(&state.flushes, 1);
	return state.ret;
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
