// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads and writes: the framework copies between the caller and a kernel buffer,
 * outside the guard; the op accesses the buffer.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>

#include "io.h"
#include "ops.h"
#include "trace.h"

/**
 * chr_ext_buf_get() - get a buffer for a transfer
 * @f: the open file
 * @size: minimum size in bytes
 *
 * The spare buffer of the file if it is free and large enough. Two threads on one
 * file get one each.
 *
 * Return: the buffer, for chr_ext_buf_put(), or NULL if there is no memory.
 */
struct chr_ext_buf *chr_ext_buf_get(struct chr_ext_open *f, u32 size)
{
	struct chr_ext_buf *buf = xchg(&f->spare, NULL);

	if (buf && buf->size >= size)
		return buf;
	kvfree(buf);

	size = max_t(u32, size, PAGE_SIZE - sizeof(*buf));
	buf = kvmalloc(struct_size(buf, data, size), GFP_KERNEL_ACCOUNT);
	if (buf)
		buf->size = size;
	return buf;
}

void chr_ext_buf_put(struct chr_ext_open *f, struct chr_ext_buf *buf)
{
	kvfree(xchg(&f->spare, buf));
}

/**
 * chr_ext_io_clean() - initialise the buffer up to some offset
 * @xfer: the transfer
 * @end: offset in bytes, at most the size of the window
 */
void chr_ext_io_clean(struct chr_ext_xfer *xfer, u32 end)
{
	if (end > xfer->clean) {
		memset(xfer->buf + xfer->clean, 0, end - xfer->clean);
		xfer->clean = end;
	}
}

static u32 io_flags(const struct kiocb *iocb)
{
	u32 flags = 0;

	if (iocb->ki_flags & IOCB_NOWAIT || iocb->ki_filp->f_flags & O_NONBLOCK)
		flags |= CHR_EXT_IO_NONBLOCK;
	if (iocb->ki_flags & IOCB_APPEND)
		flags |= CHR_EXT_IO_APPEND;
	return flags;
}

/* The next call for the same piece of a transfer is a repeated one. */
static long xfer_called(struct chr_ext_xfer *xfer, long ret)
{
	xfer->called = true;
	if (ret == -EAGAIN)
		xfer->pub.flags |= CHR_EXT_IO_AGAIN;
	return ret;
}

static long call_read(struct chr_ext_open *f, const struct chr_ext_ops *ops,
		      void *arg)
{
	struct chr_ext_xfer *xfer = arg;
	long ret;

	if (!ops->read)
		return -EINVAL;

	/* Bytes that an earlier call wrote are not part of this one. */
	xfer->clean = 0;
	xfer->pub.pos = xfer->pos;
	ret = ops->read(&f->pub, &xfer->pub);
	ret = chr_ext_check_return(f->dev, "read", ret, xfer->pub.len);
	return xfer_called(xfer, ret);
}

static long call_write(struct chr_ext_open *f, const struct chr_ext_ops *ops,
		       void *arg)
{
	struct chr_ext_xfer *xfer = arg;
	long ret;

	if (!ops->write)
		return -EINVAL;

	xfer->pub.pos = xfer->pos;
	ret = ops->write(&f->pub, &xfer->pub);
	ret = chr_ext_check_return(f->dev, "write", ret, xfer->pub.len);
	if (unlikely(!ret && xfer->pub.len))
		chr_ext_note_once(f->dev->drv, CHR_EXT_NOTE_WRITE_0,
				  "%s: write returned 0 of %llu bytes: callers try again at once; return -EAGAIN or -ENOSPC",
				  dev_name(&f->dev->dev), xfer->pub.len);
	return xfer_called(xfer, ret);
}

static bool nonblock(const struct chr_ext_xfer *xfer)
{
	return xfer->pub.flags & CHR_EXT_IO_NONBLOCK;
}

/*
 * One piece of a read. Only the first one waits: bytes that have been read must
 * reach the caller. Return: bytes copied to the caller, or -errno.
 */
static long read_once(struct chr_ext_open *f, struct chr_ext_xfer *xfer,
		      struct iov_iter *to)
{
	size_t copied;
	long ret;

	xfer->pub.len = min_t(size_t, iov_iter_count(to), xfer->size);
	ret = chr_ext_call(f, CHR_EXT_OP_read, CHR_EXT_WAIT_IN,
			   nonblock(xfer) || xfer->pub.done, call_read, xfer);
	if (ret <= 0)
		return ret;

	chr_ext_io_clean(xfer, ret);
	copied = copy_to_iter(xfer->buf, ret, to);
	xfer->fault = copied < ret;
	return copied ?: -EFAULT;
}

static long write_call(struct chr_ext_open *f, struct chr_ext_xfer *xfer)
{
	return chr_ext_call(f, CHR_EXT_OP_write, CHR_EXT_WAIT_OUT,
			    nonblock(xfer), call_write, xfer);
}

/* One piece of a write. Return: bytes taken by the driver, or -errno. */
static long write_once(struct chr_ext_open *f, struct chr_ext_xfer *xfer,
		       struct iov_iter *from)
{
	size_t len = iov_iter_count(from), copied;
	long ret;

	if (f->dev->drv->conf.flags & CHR_EXT_SINK) {
		xfer->pub.len = len;
		ret = write_call(f, xfer);
		if (ret > 0)
			iov_iter_advance(from, ret);
		return ret;
	}

	len = min_t(size_t, len, xfer->size);
	copied = copy_from_iter(xfer->buf, len, from);
	xfer->fault = copied < len;
	/* A message is written as a whole or not at all. */
	if (xfer->fault &&
	    (!copied || !(f->dev->drv->conf.flags & CHR_EXT_STREAM))) {
		iov_iter_revert(from, copied);
		return -EFAULT;
	}

	xfer->pub.len = copied;
	xfer->clean = copied;
	ret = write_call(f, xfer);
	iov_iter_revert(from, copied - max(ret, 0L));
	return ret;
}

/*
 * splice(2) holds the lock of a pipe during read_iter and write_iter: a caller
 * that slept there would block all other users of that pipe, uninterruptibly. A
 * synchronous request on pages of the kernel comes from splice; it never waits,
 * chr_ext_splice_read() and chr_ext_splice_write() do, without the lock.
 */
static bool from_splice(struct kiocb *iocb, const struct iov_iter *iter)
{
	return is_sync_kiocb(iocb) && iov_iter_is_bvec(iter);
}

/* What read_iter and write_iter return to splice if the turn is taken. */
#define TURN_TAKEN	ERESTARTNOINTR

typedef long (*once_t)(struct chr_ext_open *f, struct chr_ext_xfer *xfer,
		       struct iov_iter *iter);

/* Whether the next piece of a stream follows one that succeeded. */
static bool xfer_goes_on(const struct chr_ext_xfer *xfer,
			 const struct kiocb *iocb, const struct iov_iter *iter)
{
	size_t left = iov_iter_count(iter);

	/* The VFS checked the end of the request, but a driver may move it. */
	return left && !xfer->fault && !signal_pending(current) &&
	       iocb->ki_pos <= LLONG_MAX - left;
}

/*
 * A message is one call. A stream continues until the request is complete, the
 * driver has no more, or a signal is pending.
 */
static ssize_t xfer_run(struct chr_ext_open *f, struct chr_ext_xfer *xfer,
			struct kiocb *iocb, struct iov_iter *iter, once_t once)
{
	const u32 flags = f->dev->drv->conf.flags;
	long ret;

	for (;;) {
		xfer->pub.flags = io_flags(iocb);
		if (from_splice(iocb, iter))
			xfer->pub.flags |= CHR_EXT_IO_NONBLOCK;
		xfer->pos = flags & CHR_EXT_SEEKABLE ? iocb->ki_pos : 0;
		ret = once(f, xfer, iter);
		if (ret <= 0)
			break;

		xfer->pub.done += ret;
		if (flags & CHR_EXT_SEEKABLE)
			iocb->ki_pos = xfer->pub.pos + ret;

		if (!(flags & CHR_EXT_STREAM) ||
		    !xfer_goes_on(xfer, iocb, iter))
			break;
		cond_resched();
	}
	if (xfer->pub.done)
		return xfer->pub.done;
	if (ret == -EAGAIN && !xfer->called && from_splice(iocb, iter))
		return -TURN_TAKEN;
	return ret;
}

/* Set up a buffer, on the stack if it is small, and run the transfer. */
static ssize_t file_xfer(struct kiocb *iocb, struct iov_iter *iter,
			 once_t once, bool sink)
{
	struct chr_ext_open *f = iocb->ki_filp->private_data;
	u32 size = min_t(size_t, iov_iter_count(iter),
			 READ_ONCE(f->dev->drv->conf.max_io));
	u8 small[CHR_EXT_SMALL_IO] __aligned(8);
	struct chr_ext_xfer xfer = {
		.pub.file = &f->pub,
		.buf = small,
		.size = size,
	};
	struct chr_ext_buf *buf;
	ssize_t ret;

	/* An update since the open can have brought programs that sleep. */
	if (iocb->ki_flags & IOCB_NOWAIT &&
	    READ_ONCE(f->dev->drv->conf.internal) & CHR_EXT_RW_SLEEPS)
		return -EAGAIN;

	if (sink)
		xfer.buf = NULL;
	if (sink || size <= sizeof(small))
		return xfer_run(f, &xfer, iocb, iter, once);

	buf = chr_ext_buf_get(f, size);
	if (!buf)
		return -ENOMEM;
	xfer.buf = buf->data;
	ret = xfer_run(f, &xfer, iocb, iter, once);
	chr_ext_buf_put(f, buf);
	return ret;
}

/**
 * chr_ext_count_error() - count a failed call
 * @dev: the device
 * @ret: the result of the call
 *
 * -EAGAIN and -ENOTTY are regular results, a signal is sent to the caller, and a
 * revoked device is expected to fail: none of them counts.
 */
void chr_ext_count_error(struct chr_ext_device *dev, long ret)
{
	if (ret != -EAGAIN && ret != -ENOTTY && ret != -ERESTARTSYS &&
	    ret != -TURN_TAKEN && ret != -ENODEV)
		chr_ext_stat_add(dev, STAT_ERRORS, 1);
}

ssize_t chr_ext_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct chr_ext_open *f = iocb->ki_filp->private_data;
	u64 start = trace_chr_ext_read_enabled() ? ktime_get_ns() : 0;
	size_t len = iov_iter_count(to);
	ssize_t ret;

	ret = file_xfer(iocb, to, read_once, false);
	if (ret >= 0) {
		chr_ext_stat_add(f->dev, STAT_READS, 1);
		chr_ext_stat_add(f->dev, STAT_READ_BYTES, ret);
		atomic64_inc(&f->reads);
		atomic64_add(ret, &f->read_bytes);
	} else {
		chr_ext_count_error(f->dev, ret);
	}
	trace_chr_ext_read(f, len, ret, start);
	/* copy_splice_read() takes this for "nothing yet". */
	return ret == -EFAULT && from_splice(iocb, to) ? -EIO : ret;
}

ssize_t chr_ext_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct chr_ext_open *f = iocb->ki_filp->private_data;
	u64 start = trace_chr_ext_write_enabled() ? ktime_get_ns() : 0;
	size_t len = iov_iter_count(from);
	ssize_t ret;

	ret = file_xfer(iocb, from, write_once,
			f->dev->drv->conf.flags & CHR_EXT_SINK);
	if (ret >= 0) {
		chr_ext_stat_add(f->dev, STAT_WRITES, 1);
		chr_ext_stat_add(f->dev, STAT_WRITTEN_BYTES, ret);
		atomic64_inc(&f->writes);
		atomic64_add(ret, &f->written_bytes);
	} else {
		chr_ext_count_error(f->dev, ret);
	}
	trace_chr_ext_write(f, len, ret, start);
	return ret;
}

/* Whether splice may wait after @ret. */
static bool splice_waits(const struct file *file, ssize_t ret,
			 unsigned int flags)
{
	return (ret == -EAGAIN || ret == -TURN_TAKEN) &&
	       !(flags & SPLICE_F_NONBLOCK) && !(file->f_flags & O_NONBLOCK);
}

static ssize_t splice_result(ssize_t ret)
{
	return ret == -TURN_TAKEN ? -EAGAIN : ret;
}

/* Wait for what @ret asks for. Return: 0 or -errno. */
static long splice_wait(struct chr_ext_open *f, enum chr_ext_wait_for what,
			ssize_t ret, int seen, unsigned long start)
{
	if (ret == -EAGAIN)
		return chr_ext_wait_once(f, what, seen, start);

	ret = chr_ext_turn_take(f->turn, false);
	if (!ret)
		chr_ext_turn_give(f->turn, f->dev);
	return ret;
}

static bool pipe_has_room(const struct pipe_inode_info *pipe)
{
	return pipe_occupancy(READ_ONCE(pipe->head), READ_ONCE(pipe->tail)) <
	       READ_ONCE(pipe->max_usage);
}

/* Other tasks may have filled or closed the pipe while it was unlocked. */
static long splice_room(struct pipe_inode_info *pipe)
{
	long ret = 0;

	while (!ret) {
		if (!pipe->readers) {
			send_sig(SIGPIPE, current, 0);
			return -EPIPE;
		}
		if (pipe_has_room(pipe))
			return 0;
		pipe_unlock(pipe);
		ret = wait_event_interruptible(pipe->wr_wait,
					       pipe_has_room(pipe) ||
					       !READ_ONCE(pipe->readers));
		pipe_lock(pipe);
	}
	return ret;
}

/* The caller holds the lock of the pipe; sendfile(2) uses an unlocked one. */
ssize_t chr_ext_splice_read(struct file *in, loff_t *ppos,
			    struct pipe_inode_info *pipe, size_t len,
			    unsigned int flags)
{
	struct chr_ext_open *f = in->private_data;
	const unsigned long start = jiffies;
	ssize_t ret;
	int seen;

	for (;;) {
		seen = chr_ext_wakes(f, CHR_EXT_WAIT_IN);
		ret = copy_splice_read(in, ppos, pipe, len, flags);
		if (!splice_waits(in, ret, flags))
			return splice_result(ret);

		pipe_unlock(pipe);
		ret = splice_wait(f, CHR_EXT_WAIT_IN, ret, seen, start);
		pipe_lock(pipe);
		ret = ret ?: splice_room(pipe);
		if (ret)
			return ret;
	}
}

ssize_t chr_ext_splice_write(struct pipe_inode_info *pipe, struct file *out,
			     loff_t *ppos, size_t len, unsigned int flags)
{
	struct chr_ext_open *f = out->private_data;
	const unsigned long start = jiffies;
	ssize_t ret;
	int seen;

	for (;;) {
		seen = chr_ext_wakes(f, CHR_EXT_WAIT_OUT);
		ret = iter_file_splice_write(pipe, out, ppos, len, flags);
		if (!splice_waits(out, ret, flags))
			return splice_result(ret);
		ret = splice_wait(f, CHR_EXT_WAIT_OUT, ret, seen, start);
		if (ret)
			return ret;
	}
}
