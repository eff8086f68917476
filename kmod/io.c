// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads and writes: the framework copies between the caller and a buffer of
 * the kernel's, outside the guard; the op sees the buffer.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "io.h"
#include "trace.h"

/**
 * chr_ext_buf_get() - a buffer for a transfer
 * @f: the open file
 * @size: bytes that it has to have at least
 *
 * The file's spare one if it is there and large enough. Two threads on one
 * file get one each.
 *
 * Return: the buffer, for chr_ext_buf_put(), or NULL without memory.
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
	return xfer_called(xfer, ret);
}

static bool nonblock(const struct chr_ext_xfer *xfer)
{
	return xfer->pub.flags & CHR_EXT_IO_NONBLOCK;
}

/*
 * One piece of a read. Only the first waits: what has been read is the
 * caller's. Return: bytes that reached the caller, or -errno.
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

/* One piece of a write. Return: bytes that the driver took, or -errno. */
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
	/* Half a message is none. */
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

typedef long (*once_t)(struct chr_ext_open *f, struct chr_ext_xfer *xfer,
		       struct iov_iter *iter);

/* May a stream's next call follow, after one that went well? */
static bool xfer_goes_on(const struct chr_ext_xfer *xfer,
			 const struct kiocb *iocb, const struct iov_iter *iter)
{
	size_t left = iov_iter_count(iter);

	/* The VFS checked where the request ends, but a driver may move it. */
	return left && !xfer->fault && !signal_pending(current) &&
	       iocb->ki_pos <= LLONG_MAX - left;
}

/*
 * A message is one call. A stream goes on until the request is done, the
 * driver has no more, or there is a signal.
 */
static ssize_t xfer_run(struct chr_ext_open *f, struct chr_ext_xfer *xfer,
			struct kiocb *iocb, struct iov_iter *iter, once_t once)
{
	const u32 flags = f->dev->drv->conf.flags;
	long ret;

	for (;;) {
		xfer->pub.flags = io_flags(iocb);
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
	return xfer->pub.done ?: ret;
}

/* Gives the transfer a buffer, on the stack if it is small, and runs it. */
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
 * chr_ext_count_error() - count a call that went wrong
 * @dev: the device
 * @ret: what the caller gets
 *
 * -EAGAIN and -ENOTTY are answers, a signal is the caller's, and a revoked
 * device does nothing wrong.
 */
void chr_ext_count_error(struct chr_ext_device *dev, long ret)
{
	if (ret != -EAGAIN && ret != -ENOTTY && ret != -ERESTARTSYS &&
	    ret != -ENODEV)
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
	return ret;
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
