/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for a driver, and for a turn. */
#ifndef CHR_EXT_WAIT_H
#define CHR_EXT_WAIT_H

#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/types.h>

#include "ops.h"

struct chr_ext_device;
struct chr_ext_open;
struct chr_ext_ops;

/* What poll may report of a file, and chr_ext_wake() of a device. */
#define CHR_EXT_EVENTS	(EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLERR |	\
			 EPOLLHUP | EPOLLRDNORM | EPOLLRDBAND |		\
			 EPOLLWRNORM | EPOLLWRBAND | EPOLLMSG | EPOLLRDHUP)

/*
 * Wakes a caller that waits for anything but data. No further bit: POLLFREE
 * would make epoll believe that the queue goes away.
 */
#define CHR_EXT_ANY_EVENT	CHR_EXT_EVENTS

/*
 * One op at a time. A caller that must not wait and finds the turn taken gets
 * -EAGAIN and sets @missed; the end of that turn then wakes pollers.
 */
struct chr_ext_turn {
	struct mutex lock;		/* held while an op runs */
	bool missed;
};

/* Calls an op; @arg is the argument of chr_ext_call(). */
typedef long (*chr_ext_call_t)(struct chr_ext_open *f,
			       const struct chr_ext_ops *ops, void *arg);

long chr_ext_turn_take(struct chr_ext_turn *turn, bool nonblock);
void chr_ext_turn_give(struct chr_ext_turn *turn, struct chr_ext_device *dev);
long chr_ext_wait(struct chr_ext_open *f, enum chr_ext_op op, __poll_t events,
		  chr_ext_call_t call, void *arg);
void chr_ext_wake_init(struct chr_ext_device *dev);
void chr_ext_wake_up(struct chr_ext_device *dev, __poll_t events, bool all);

#endif
