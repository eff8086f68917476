/* SPDX-License-Identifier: GPL-2.0-only */
/* An attached struct chr_ext_ops. */
#ifndef CHR_EXT_DRIVER_H
#define CHR_EXT_DRIVER_H

#include <linux/bitops.h>
#include <linux/completion.h>
#include <linux/idr.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/refcount.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <chr_ext/abi.h>

#include "compat.h"
#include "log.h"

/* Mistakes that are logged once for each driver: bits in chr_ext_driver.noted. */
enum chr_ext_note {
	CHR_EXT_NOTE_WRITE_0,
	CHR_EXT_NOTE_DEV_SIZE,
	CHR_EXT_NOTE_FILE_SIZE,
	CHR_EXT_NOTE_MEM_SIZE,
};

/*
 * ref is held by the registration and by each chr_ext_device.
 */
struct chr_ext_driver {
	struct kref ref;
	struct list_head node;		/* in the list of driver.c */
	struct platform_driver pdrv;
	struct chr_ext_log *log;
	unsigned long noted;		/* bits of enum chr_ext_note */

	/*
	 * Readers are the calls of ops. A revoke sets chr_ext_device.dead, then
	 * drains these readers; an update drains them too.
	 */
	struct srcu_struct srcu;

	/* Valid until an update or unreg returns: only inside a guard. */
	const struct chr_ext_ops *ops;

	/*
	 * The data members, which outlive the ops: an open file can be older
	 * than the detach. An update changes those that are not fixed, see
	 * chr_ext_ops_adopt(). Its ops are never called.
	 */
	struct chr_ext_ops conf;
	char core_name[CHR_EXT_NAME_LEN + 8];	/* in the driver core */

	struct of_device_id *matches;	/* compatible as a table, or NULL */
	struct platform_device_id *boards;	/* likewise, the names of boards */
	struct ida indices;		/* of the devices that are bound */

	/* Protects going, probing, devices and chr_ext_device.ready. */
	struct mutex lock;
	bool going;			/* set once, by unreg */
	unsigned int probing;		/* probes that are running */
	wait_queue_head_t idle;		/* for the end of probes */
	struct list_head devices;	/* from before probe until they are gone */

	/*
	 * Runs events, and the ends of devices. Each driver has its own: programs
	 * that sleep or loop must not keep those of others from running. No
	 * real-time threads: an interrupt storm must not starve other tasks.
	 */
	struct workqueue_struct *wq;

	/*
	 * Held by what calls ops outside of files: a probe, a removal, an update,
	 * and the registration. Without users the ops are never called again.
	 */
	refcount_t users;
	struct completion unused;

	struct work_struct start;	/* registers a driver with hardware */
	struct work_struct stop;
	struct work_struct swap;	/* the rest of an update */
	struct completion quiet;	/* of stop: no op is called again */
	struct completion stopped;
	struct completion swapped;
	const struct chr_ext_ops *held;	/* by stop, or NULL */
	const struct chr_ext_ops *old;	/* held by swap, or NULL */
	bool registered;		/* with the driver core */
	bool swapping;			/* under lock */

	struct delayed_work watch;	/* these three: see drain.c */
	unsigned int watchers;
	bool late;

	struct platform_device **pdevs;	/* the virtual devices, or NULL */
	struct platform_device *adding;	/* the virtual device being added */
	unsigned long adding_limit;	/* jiffies until its probe may sleep */
	int probe_err;			/* of that one */
};

#define chr_ext_note_once(drv, note, fmt, ...)				\
do {									\
	struct chr_ext_driver *__drv = (drv);				\
									\
	if (!test_and_set_bit(note, &__drv->noted))			\
		chr_ext_log_note(__drv->log, CHR_EXT_WARNING, fmt,	\
				 ##__VA_ARGS__);			\
} while (0)

struct chr_ext_driver *chr_ext_driver_get(struct chr_ext_driver *drv);
void chr_ext_driver_put(struct chr_ext_driver *drv);
int chr_ext_driver_init(void);
void chr_ext_driver_exit(void);
const struct of_device_id *
chr_ext_driver_match(const struct chr_ext_driver *drv,
		     const struct platform_device *pdev);
int chr_ext_driver_reg(const struct chr_ext_ops *ops);
void chr_ext_driver_unreg(const struct chr_ext_ops *ops);
int chr_ext_driver_update(const struct chr_ext_ops *ops,
			  const struct chr_ext_ops *old);

#endif
