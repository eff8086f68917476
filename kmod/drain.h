/* SPDX-License-Identifier: GPL-2.0-only */
/* What waits for programs to end, and how long they may sleep. */
#ifndef CHR_EXT_DRAIN_H
#define CHR_EXT_DRAIN_H

#include <linux/list.h>

struct chr_ext_device;
struct chr_ext_driver;

enum chr_ext_drain_kind {
	CHR_EXT_DRAIN_OPS,	/* waits for the ops of a driver */
	CHR_EXT_DRAIN_PINS,	/* waits for programs of any driver */
	CHR_EXT_DRAIN_OWN,	/* waits for ops that have a limit of their own */
};

struct chr_ext_drain {
	struct list_head node;
	struct chr_ext_driver *drv;	/* whose ops to name, or NULL */
	enum chr_ext_drain_kind kind;
	unsigned long limit;		/* in jiffies */
};

void chr_ext_watch_init(struct chr_ext_driver *drv);
void chr_ext_drain_begin(struct chr_ext_drain *drain,
			 enum chr_ext_drain_kind kind,
			 struct chr_ext_driver *drv, unsigned int ms);
void chr_ext_drain_end(struct chr_ext_drain *drain);
long chr_ext_time_left(struct chr_ext_device *d);

#endif
