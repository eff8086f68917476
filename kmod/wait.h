/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for a driver, and for a turn. */
#ifndef CHR_EXT_WAIT_H
#define CHR_EXT_WAIT_H

#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "ops.h"

struct chr_ext_device;
struct chr_ext_open;
struct chr_ext_ops;

/* What poll may report of a file, and chr_ext_wake() of a device. */
#define CHR_EXT_EVENTS	(EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR |	\
			 EPOLLHUP | EPOLLRDNORM | EPOLLRDBAND |		\
			 EPOLLWRNORM | EPOLLWRBAND | EPOLLMSG | EPOLLRDHUP)

/* What the caller of an op waits for after -EAGAIN. */
enum chr_ext_wait_for {
	CHR_EXT_WAIT_IN,	/* data to read */
	CHR_EXT_WAIT_OUT,	/* room to write */
	CHR_EXT_WAIT_ANY,	/* any event: open, ioctl, fsync */
	CHR_EXT_WAIT_KINDS,
};

/*
 * One op at a time. A caller that must not wait and finds the turn taken gets
 * -EAGAIN and sets @missed; the end of that turn then wakes pollers.
 */
struct chr_ext_turn {
	struct mutex lock;		/* held while an op runs */
	struct task_struct *holder;	/* of lock; only compared */
	bool missed;
};

/* Calls an op; @arg is the argument of chr_ext_call(). */
typedef long (*chr_ext_call_t)(struct chr_ext_open *f,
			       const struct chr_ext_ops *ops, void *arg);

long chr_ext_turn_take(struct chr_ext_turn *turn, bool nonblock);
void chr_ext_turn_insist(struct chr_ext_turn *turn, struct chr_ext_device *dev);
bool chr_ext_turn_is_late(struct chr_ext_device *dev);
void chr_ext_turn_give(struct chr_ext_turn *turn, struct chr_ext_device *dev);
long chr_ext_wait(struct chr_ext_open *f, enum chr_ext_op op,
		  enum chr_ext_wait_for what, int seen, chr_ext_call_t call,
		  void *arg);
long chr_ext_wait_once(struct chr_ext_open *f, enum chr_ext_wait_for what,
		       int seen, unsigned long start);
void chr_ext_wake_init(struct chr_ext_device *dev);
void chr_ext_wake_up(struct chr_ext_device *dev, __poll_t events, bool all);
void chr_ext_wake_again(struct chr_ext_device *dev);

#endif
