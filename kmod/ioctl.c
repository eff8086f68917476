// SPDX-License-Identifier: GPL-2.0-only
/*
 * ioctl: the framework copies the argument whose size and direction the command
 * tells, outside the guard, as it does for read and write.
 *
 * For structures that hold pointers of their own, the op reads and writes the
 * caller's memory by kfuncs that do not fault. Where a page is missing they
 * note it; once the guard is left the page is fetched, however long its owner
 * takes, and the op is called again.
 */
#include <linux/ioctl.h>
#include <linux/limits.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "io.h"

#define MAX_TRIES	16	/* for the same page in a row */

static long call_ioctl(struct chr_ext_open *f, const struct chr_ext_ops *ops,
		       void *arg)
{
	struct chr_ext_xfer *xfer = arg;
	long ret;

	if (!ops->ioctl)
		return -ENOTTY;
	xfer->want_len = 0;
	if (!(_IOC_DIR(xfer->pub.cmd) & _IOC_WRITE))
		xfer->clean = 0;
	ret = ops->ioctl(&f->pub, xfer->pub.cmd, &xfer->pub);
	if (ret == -EAGAIN)
		xfer->pub.flags |= CHR_EXT_IO_AGAIN;
	return chr_ext_check_return(f->dev, "ioctl", ret, INT_MAX);
}

/* Who has no such op says so before the argument is looked at. */
static int has_op(struct chr_ext_open *f)
{
	const struct chr_ext_ops *ops;
	int ret, idx;

	ops = chr_ext_enter(f->dev, CHR_EXT_OP_ioctl, &idx);
	if (!ops)
		return -ENODEV;
	ret = ops->ioctl ? 0 : -ENOTTY;
	chr_ext_leave(f->dev, CHR_EXT_OP_ioctl, idx);
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
 * The pages that one call asked for can be gone at the next, so it is tried
 * some times; that they can be fetched does not say that they can be copied.
 * The argument is fetched anew for each. Not so when the op has nothing and is
 * called again after a wake-up: it finds its window as it left it.
 */
static long ioctl_run(struct chr_ext_open *f, struct chr_ext_xfer *xfer,
		      u32 dir, void __user *arg)
{
	const bool nonblock = xfer->pub.flags & CHR_EXT_IO_NONBLOCK;
	unsigned long last = 0;
	int tries = 0;
	long ret;

	for (;;) {
		if (dir & _IOC_WRITE) {
			if (copy_from_user(xfer->buf, arg, xfer->pub.len))
				return -EFAULT;
			xfer->clean = xfer->pub.len;
		}

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

	if (ret >= 0 && dir & _IOC_READ) {
		chr_ext_io_clean(xfer, xfer->pub.len);
		if (copy_to_user(arg, xfer->buf, xfer->pub.len))
			return -EFAULT;
	}
	return ret;
}

static long do_ioctl(struct file *file, unsigned int cmd, unsigned long arg,
		     u32 flags)
{
	struct chr_ext_open *f = file->private_data;
	u32 dir = _IOC_DIR(cmd) & (_IOC_READ | _IOC_WRITE);
	u8 small[CHR_EXT_SMALL_IO] __aligned(8);
	struct chr_ext_xfer xfer = {
		.pub.file = &f->pub,
		.pub.cmd = cmd,
		.pub.arg = arg,
		.pub.len = dir ? _IOC_SIZE(cmd) : 0,
		.pub.flags = flags,
		.buf = small,
		.size = sizeof(small),
	};
	struct chr_ext_buf *buf = NULL;
	long ret;

	ret = has_op(f);
	if (ret)
		return ret;

	if (file->f_flags & O_NONBLOCK)
		xfer.pub.flags |= CHR_EXT_IO_NONBLOCK;
	if (xfer.pub.len > sizeof(small)) {
		buf = chr_ext_buf_get(f, xfer.pub.len);
		if (!buf)
			return -ENOMEM;
		xfer.buf = buf->data;
		xfer.size = xfer.pub.len;
	}

	ret = ioctl_run(f, &xfer, dir, (void __user *)arg);
	if (buf)
		chr_ext_buf_put(f, buf);

	if (ret >= 0)
		chr_ext_stat_add(f->dev, STAT_IOCTLS, 1);
	else if (ret != -ERESTARTNOINTR)
		chr_ext_count_error(f->dev, ret);
	return ret;
}

long chr_ext_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return do_ioctl(file, cmd, arg, 0);
}

long chr_ext_compat_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	/* What the number means only the driver knows; no pointer is longer. */
	return do_ioctl(file, cmd, (u32)arg, CHR_EXT_IO_COMPAT);
}
