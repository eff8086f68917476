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
 * The argument of an ioctl, behind the window. Only bytes that the op wrote go
 * back to the caller: those with their bit set, and those of a window handed out
 * that differ from what the caller has there.
 */
struct chr_ext_arg {
	void __user *at;
	u8 *orig;			/* [0, clean) as the caller has it */
	unsigned long *written;		/* a bit for each byte of the window */
	bool shown;			/* a window was handed out */
	bool missing;			/* bytes could not be read in the guard */
};

/*
 * On the caller's stack.
 *
 * [0, clean) of the buffer is initialised: zeroed for read, copied from the
 * caller for write and ioctl. The rest is initialised before a program or the
 * caller can see it.
 */
struct chr_ext_xfer {
	struct chr_ext_io pub;
	s64 pos;			/* pub.pos before the op sets another */
	u8 *buf;
	u32 size;			/* of buf */
	u32 clean;
	struct chr_ext_arg *arg;	/* of ioctl, else NULL */
	bool fault;			/* the caller's memory ended early */
	bool called;			/* the op has run */

	/* ioctl: the first range of the caller's memory that was not there */
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

ssize_t chr_ext_splice_read(struct file *in, loff_t *ppos,
			    struct pipe_inode_info *pipe, size_t len,
			    unsigned int flags);
ssize_t chr_ext_splice_write(struct pipe_inode_info *pipe, struct file *out,
			     loff_t *ppos, size_t len, unsigned int flags);

/* ioctl.c */
bool chr_ext_arg_fill(struct chr_ext_xfer *xfer, u32 end);
int chr_ext_user_missing(struct chr_ext_xfer *xfer, unsigned long at, u32 len,
			 bool write);
long chr_ext_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
long chr_ext_compat_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg);

#endif
