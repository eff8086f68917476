/* SPDX-License-Identifier: GPL-2.0-only */
/* The members of struct chr_ext_ops. */
#ifndef CHR_EXT_OPS_H
#define CHR_EXT_OPS_H

#include <linux/types.h>

#include <chr_ext/abi.h>

/*
 * The ops that are served: OP(member, shape of its arguments, group).
 *
 * The shape is a stub in ops.c. The group says which kfuncs its program may
 * call, see kfuncs.h. An op that is not in this table is refused by the kernel
 * when its program is loaded.
 */
#define CHR_EXT_OPS(OP)				\
	OP(probe,	dev,		DEV)	\
	OP(remove,	dev_void,	DEV)	\
	OP(update,	dev_void,	DEV)	\
	OP(open,	file,		OPEN)	\
	OP(close,	file_void,	CLOSE)	\
	OP(read,	io,		READ)	\
	OP(write,	io,		WRITE)	\
	OP(poll,	poll,		ASK)	\
	OP(ioctl,	ioctl,		IOCTL)	\
	OP(llseek,	llseek,		ASK)	\
	OP(mmap,	mmap,		ASK)	\
	OP(fsync,	file,		SYNC)	\
	OP(flush,	file,		SYNC)	\
	OP(event,	event,		EVENT)

/* The flags that are served. */
#define CHR_EXT_FLAGS	(CHR_EXT_SEEKABLE | CHR_EXT_NULL_SEEK |		\
			 CHR_EXT_STREAM | CHR_EXT_SINK |		\
			 CHR_EXT_SERIAL_DEV | CHR_EXT_SERIAL_FILE)

int chr_ext_ops_register(void);
const char *chr_ext_ops_differ(const struct chr_ext_ops *conf,
			       const struct chr_ext_ops *ops);
void chr_ext_ops_adopt(struct chr_ext_ops *conf, const struct chr_ext_ops *ops);

#endif
