/* SPDX-License-Identifier: GPL-2.0-only */
/* The members of struct chr_ext_ops. */
#ifndef CHR_EXT_OPS_H
#define CHR_EXT_OPS_H

#include <linux/types.h>

#include <chr_ext/abi.h>

/*
 * The ops that are served: OP(member, shape, group, order).
 *
 * The shape is that of its arguments, a stub in ops.c. The group decides which
 * kfuncs its program may call, see kfuncs.h. The order, for the manual, is when
 * the op runs:
 *
 *   FIRST	before any op that serves a file, concurrently with event
 *   LAST	when every other op of the device is over
 *   EVENTS	one at a time for a device, concurrently with its other ops
 *   TURN	one at a time with CHR_EXT_SERIAL_DEV or _FILE, else concurrently
 *   ANY	concurrently with any other op
 *
 * An op that is not in this table is refused by the kernel when its program is
 * loaded.
 */
#define CHR_EXT_OPS(OP)					\
	OP(probe,	dev,		DEV,	FIRST)	\
	OP(remove,	dev_void,	DEV,	LAST)	\
	OP(update,	dev_void,	DEV,	ANY)	\
	OP(open,	file_flags,	OPEN,	TURN)	\
	OP(close,	file_void,	CLOSE,	TURN)	\
	OP(read,	io,		READ,	TURN)	\
	OP(write,	io,		WRITE,	TURN)	\
	OP(poll,	poll,		QUERY,	TURN)	\
	OP(ioctl,	ioctl,		IOCTL,	TURN)	\
	OP(llseek,	llseek,		QUERY,	TURN)	\
	OP(mmap,	mmap,		QUERY,	TURN)	\
	OP(fsync,	file_flags,	SYNC,	TURN)	\
	OP(flush,	file,		SYNC,	TURN)	\
	OP(event,	event,		EVENT,	EVENTS)

#define OP(member, ...)	CHR_EXT_OP_##member,
enum chr_ext_op {
	CHR_EXT_OPS(OP)
	CHR_EXT_NR_OPS,
};
#undef OP

/*
 * A bit of chr_ext_ops.internal: read or write is a sleepable program. Only the map
 * knows its programs, while it is filled; nothing reports when a map that was filled
 * is freed, so the note has to be in the map's value.
 */
#define CHR_EXT_RW_SLEEPS	(1U << 0)

int chr_ext_ops_register(void);
const char *chr_ext_ops_differ(const struct chr_ext_ops *conf,
			       const struct chr_ext_ops *ops);
void chr_ext_ops_adopt(struct chr_ext_ops *conf, const struct chr_ext_ops *ops);

#endif
