/* SPDX-License-Identifier: GPL-2.0-only */
/* An open file, and the calls of ops on its behalf. */
#ifndef CHR_EXT_FILE_H
#define CHR_EXT_FILE_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/types.h>

#include <chr_ext/abi.h>

#include "dev.h"
#include "wait.h"

/* A transfer buffer that an open file keeps for its next transfer. */
struct chr_ext_buf {
	u32 size;
	u8 data[] __aligned(8);
};

/*
 * Belongs to the struct file; holds a reference to the device.
 */
struct chr_ext_open {
	struct chr_ext_file pub;
	struct chr_ext_device *dev;
	struct file *file;
	struct list_head node;		/* in dev->files */
	bool closed;			/* the close op has run */
	struct chr_ext_turn *turn;	/* around each op, or NULL */
	struct chr_ext_turn own_turn;	/* with CHR_EXT_SERIAL_FILE */
	struct chr_ext_buf *spare;	/* taken and given back by xchg() */
	atomic64_t reads, writes;
	atomic64_t read_bytes, written_bytes;
	u8 data[] __aligned(8);		/* pub.size bytes, for programs */
};

static inline struct chr_ext_open *to_open(struct chr_ext_file *file)
{
	return container_of(file, struct chr_ext_open, pub);
}

extern const struct file_operations chr_ext_fops;
void chr_ext_file_close_all(struct chr_ext_device *dev);
u64 chr_ext_cgroup_id(void);
long chr_ext_check_return(struct chr_ext_device *dev, const char *op, long ret,
			  u64 max);

/*
 * Whether there is an op, without waiting for a turn: 1, 0 or -ENODEV. An update can
 * change that at any time.
 */
#define chr_ext_has_op(f, op)						\
	chr_ext_has_op_at(f, CHR_EXT_OP_##op, offsetof(struct chr_ext_ops, op))

int chr_ext_has_op_at(struct chr_ext_open *f, enum chr_ext_op op, size_t offset);

/* mem.c */
int chr_ext_mmap(CHR_EXT_MMAP_ARGS);

/* One call of an op of a file, in its turn. */
static __always_inline long chr_ext_call_once(struct chr_ext_open *f,
					      enum chr_ext_op op, bool nonblock,
					      chr_ext_call_t call, void *arg)
{
	struct chr_ext_turn *turn = f->turn;
	const struct chr_ext_ops *ops;
	long ret;
	int idx;

	if (unlikely(turn)) {
		ret = chr_ext_turn_take(turn, nonblock);
		if (ret)
			return ret;
	}

	ret = -ENODEV;
	ops = chr_ext_enter(f->dev, op, &idx);
	if (likely(ops)) {
		ret = call(f, ops, arg);
		chr_ext_leave(f->dev, op, idx);
	}

	if (unlikely(turn))
		chr_ext_turn_give(turn, f->dev);
	return ret;
}

/* The wake-ups that a call which begins now will not have missed. */
static __always_inline int chr_ext_wakes(const struct chr_ext_open *f,
					 enum chr_ext_wait_for what)
{
	/* Pairs with chr_ext_wake_up(). */
	return atomic_read_acquire(&f->dev->wakes[what]);
}

/*
 * A call of an op that may return -EAGAIN; unless @nonblock, the caller then
 * sleeps until the driver reports what it waits for, and the op is called
 * again.
 */
static __always_inline long chr_ext_call(struct chr_ext_open *f,
					 enum chr_ext_op op,
					 enum chr_ext_wait_for what,
					 bool nonblock, chr_ext_call_t call,
					 void *arg)
{
	int seen = chr_ext_wakes(f, what);
	long ret = chr_ext_call_once(f, op, nonblock, call, arg);

	if (likely(ret != -EAGAIN) || nonblock)
		return ret;
	return chr_ext_wait(f, op, what, seen, call, arg);
}

#endif
