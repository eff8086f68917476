/* SPDX-License-Identifier: GPL-2.0-only */
/* A transfer in flight: one call of read, write or ioctl. */
#ifndef CHR_EXT_IO_H
#define CHR_EXT_IO_H

#include <linux/fs.h>
#include <linux/types.h>

#include <chr_ext/abi.h>

#include "file.h"

/* Transfers up to this size use a buffer on the stack. */
#define CHR_EXT_SMALL_IO	256

/*
 * On the caller's stack.
 *
 * [0, clean) of a read's buffer is initialised; what lies behind it is zeroed
 * before anyone can see it.
 */
struct chr_ext_xfer {
	struct chr_ext_io pub;
	s64 pos;			/* pub.pos before the op sets another */
	u8 *buf;
	u32 size;			/* of buf */
	u32 clean;
	bool fault;			/* the caller's memory ended early */
	bool called;			/* the op has run */

	/* ioctl: the part of the caller's memory that the op ran into */
	unsigned long want;
	u32 want_len;
	bool want_write;
};

static inline struct chr_ext_xfer *to_xfer(struct chr_ext_io *io)
{
	return container_of(io, struct chr_ext_xfer, pub);
}

ssize_t chr_ext_read_iter(struct kiocb *iocb, struct iov_iter *to);
ssize_t chr_ext_write_iter(struct kiocb *iocb, struct iov_iter *from);
void chr_ext_count_error(struct chr_ext_device *dev, long ret);
void chr_ext_io_clean(struct chr_ext_xfer *xfer, u32 end);

struct chr_ext_buf *chr_ext_buf_get(struct chr_ext_open *f, u32 size);
void chr_ext_buf_put(struct chr_ext_open *f, struct chr_ext_buf *buf);

/* ioctl.c */
long chr_ext_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
long chr_ext_compat_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg);

#endif
