// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctl. The number of a command is a hint: its size is that of the window, and
 * its direction decides whether the argument is copied before the op runs,
 * outside the guard, or when the op asks for it. An argument that cannot be
 * read is an error only once the op has asked, so that a command of any
 * direction can pass a value, or NULL. Only bytes that the op wrote go back.
 *
 * For structures with pointers, and for arguments without a size, the op copies
 * from and to the caller's memory by kfuncs that do not fault. They record the
 * first missing range; outside the guard it is faulted in, however long that
 * takes, and the op is called again.
 */
#include <linux/bitmap.h>
#include <linux/compat.h>
#include <linux/ioctl.h>
#include <linux/limits.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "file.h"
#include "io.h"

#define MAX_TRIES	16	/* for the same range in a row */

/**
 * chr_ext_user_missing() - record memory of the caller that was not there
 * @xfer: the ioctl
 * @at: address
 * @len: bytes
 * @write: it was to be written
 *
 * Return: -EFAULT
 */
int chr_ext_user_missing(struct chr_ext_xfer *xfer, unsigned long at, u32 len,
			 bool write)
{
	if (!xfer->want_len) {
		xfer->want = at;
		xfer->want_len = len;
		xfer->want_write = write;
	}
	return -EFAULT;
}

/**
 * chr_ext_arg_fill() - copy the argument up to some offset into the window
 * @xfer: the ioctl
 * @end: offset in bytes, at most the size of the window
 *
 * Bytes that the op has written stay.
 *
 * Return: true, or false if the caller's memory is not there.
 * Context: inside the guard; does not sleep.
 */
bool chr_ext_arg_fill(struct chr_ext_xfer *xfer, u32 end)
{
	struct chr_ext_arg *arg = xfer->arg;
	u32 i, from = xfer->clean;

	if (end <= from)
		return true;
	if (copy_from_user_nofault(arg->orig + from, arg->at + from,
				   end - from)) {
		arg->missing = true;
		chr_ext_user_missing(xfer, (unsigned long)arg->at + from,
				     end - from, false);
		return false;
	}

	for (i = from; i < end; i++)
		if (!test_bit(i, arg->written))
			xfer->buf[i] = arg->orig[i];
	xfer->clean = end;
	return true;
}

/* Begin anew; the whole argument is copied if the op is likely to want it. */
static void arg_begin(struct chr_ext_xfer *xfer, u32 dir)
{
	struct chr_ext_arg *arg = xfer->arg;
	u32 len = xfer->pub.len;

	/* The op does not find its window as it left it. */
	xfer->pub.flags &= ~CHR_EXT_IO_AGAIN;
	bitmap_zero(arg->written, len);
	arg->shown = false;
	xfer->clean = 0;
	if (dir & _IOC_WRITE) {
		xfer->clean = len - copy_from_user(arg->orig, arg->at, len);
		memcpy(xfer->buf, arg->orig, xfer->clean);
	}
}

/*
 * Without _IOC_READ a window may lie over memory that the caller cannot write,
 * and may serve the op as scratch memory. A copy into it is explicit.
 */
static int arg_end(struct chr_ext_xfer *xfer, u32 dir)
{
	struct chr_ext_arg *arg = xfer->arg;
	unsigned int from, to;
	u32 i;

	if (arg->shown && dir & _IOC_READ)
		for (i = 0; i < xfer->clean; i++)
			if (xfer->buf[i] != arg->orig[i])
				__set_bit(i, arg->written);

	if (bitmap_empty(arg->written, xfer->pub.len))
		return 0;
	/* No byte may wrap around the address space. */
	if (!access_ok(arg->at, xfer->pub.len))
		return -EFAULT;
	for_each_set_bitrange(from, to, arg->written, xfer->pub.len)
		if (copy_to_user(arg->at + from, xfer->buf + from, to - from))
			return -EFAULT;
	return 0;
}

static long call_ioctl(struct chr_ext_open *f, const struct chr_ext_ops *ops,
		       void *data)
{
	struct chr_ext_xfer *xfer = data;
	long ret;

	if (!ops->ioctl)
		return -ENOTTY;

	xfer->want_len = 0;
	xfer->arg->missing = false;
	ret = ops->ioctl(&f->pub, xfer->pub.cmd, &xfer->pub);
	ret = chr_ext_check_return(f->dev, "ioctl", ret, INT_MAX);
	/* An op that ran without its argument has no result. */
	if (xfer->arg->missing)
		return -EFAULT;
	if (ret == -EAGAIN)
		xfer->pub.flags |= CHR_EXT_IO_AGAIN;
	return ret;
}

static bool fetch_pages(const struct chr_ext_xfer *xfer)
{
	void __user *at = (void __user *)xfer->want;

	if (xfer->want_write)
		return !fault_in_safe_writeable(at, xfer->want_len);
	return !fault_in_readable(at, xfer->want_len);
}

/*
 * Pages that one call asked for can be gone at the next, so there are some
 * tries; pages that can be faulted in need not be those that can be copied.
 * Each try begins with a fresh argument. A call after a wake-up is none of
 * these: the op finds its window as it left it.
 */
static long ioctl_run(struct chr_ext_open *f, struct chr_ext_xfer *xfer,
		      u32 dir)
{
	const bool nonblock = xfer->pub.flags & CHR_EXT_IO_NONBLOCK;
	unsigned long last = 0;
	int tries = 0;
	long ret;

	for (;;) {
		arg_begin(xfer, dir);
		ret = chr_ext_call(f, CHR_EXT_OP_ioctl, CHR_EXT_WAIT_ANY,
				   nonblock, call_ioctl, xfer);
		if (ret != -EFAULT || !xfer->want_len)
			break;
		if (xfer->want != last)
			tries = 0;
		last = xfer->want;
		if (++tries > MAX_TRIES || !fetch_pages(xfer))
			return -EFAULT;
		if (signal_pending(current))
			return -ERESTARTNOINTR;
		cond_resched();
	}
	return ret < 0 ? ret : (arg_end(xfer, dir) ?: ret);
}

/* Set up the buffers, on the stack if they are small. */
static long ioctl_buffers(struct chr_ext_open *f, struct chr_ext_xfer *xfer,
			  u32 dir)
{
	u32 part = ALIGN(xfer->pub.len, sizeof(unsigned long));
	u8 small[2 * CHR_EXT_SMALL_IO] __aligned(8);
	DECLARE_BITMAP(small_written, CHR_EXT_SMALL_IO);
	struct chr_ext_buf *buf;
	long ret;

	if (xfer->pub.len <= CHR_EXT_SMALL_IO) {
		xfer->buf = small;
		xfer->arg->orig = small + CHR_EXT_SMALL_IO;
		xfer->arg->written = small_written;
		return ioctl_run(f, xfer, dir);
	}

	/* Bitmap functions access whole longs. */
	buf = chr_ext_buf_get(f, 2 * part +
				 BITS_TO_LONGS(part) * sizeof(long));
	if (!buf)
		return -ENOMEM;
	xfer->buf = buf->data;
	xfer->arg->orig = buf->data + part;
	xfer->arg->written = (unsigned long *)(buf->data + 2 * part);
	ret = ioctl_run(f, xfer, dir);
	chr_ext_buf_put(f, buf);
	return ret;
}

/*
 * A command as the generic layout of <linux/ioctl.h> has it, whatever the CPU's
 * is: a program is built once for all of them.
 */
static u32 generic_cmd(unsigned int cmd, u32 dir)
{
	return (dir & _IOC_READ ? 2U << 30 : 0) |
	       (dir & _IOC_WRITE ? 1U << 30 : 0) |
	       _IOC_SIZE(cmd) << 16 | _IOC_TYPE(cmd) << 8 | _IOC_NR(cmd);
}

static long do_ioctl(struct file *file, unsigned int cmd, unsigned long value,
		     void __user *at, u32 flags)
{
	struct chr_ext_open *f = file->private_data;
	u32 dir = _IOC_DIR(cmd) & (_IOC_READ | _IOC_WRITE);
	struct chr_ext_arg arg = { .at = at };
	struct chr_ext_xfer xfer = {
		.pub.file = &f->pub,
		.pub.cmd = generic_cmd(cmd, dir),
		.pub.arg = value,
		.pub.len = dir ? _IOC_SIZE(cmd) : 0,
		.pub.flags = flags,
		.arg = &arg,
	};
	long ret;

	/* Fail with -ENOTTY before looking at the argument. */
	ret = chr_ext_has_op(f, ioctl);
	if (ret <= 0)
		return ret ?: -ENOTTY;

	if (file->f_flags & O_NONBLOCK)
		xfer.pub.flags |= CHR_EXT_IO_NONBLOCK;
	xfer.size = xfer.pub.len;
	ret = ioctl_buffers(f, &xfer, dir);

	if (ret >= 0)
		chr_ext_stat_add(f->dev, STAT_IOCTLS, 1);
	else if (ret != -ERESTARTNOINTR)
		chr_ext_count_error(f->dev, ret);
	return ret;
}

long chr_ext_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return do_ioctl(file, cmd, arg, (void __user *)arg, 0);
}

#ifdef CONFIG_COMPAT
/* Only the driver knows what the number means; no pointer is longer. */
long chr_ext_compat_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	return do_ioctl(file, cmd, (u32)arg, compat_ptr(arg), CHR_EXT_IO_COMPAT);
}
#endif
