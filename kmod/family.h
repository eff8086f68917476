/* SPDX-License-Identifier: GPL-2.0-only */
/* A family: the kfuncs for one kind of hardware, or for one noun. */
#ifndef CHR_EXT_FAMILY_H
#define CHR_EXT_FAMILY_H

#include <linux/types.h>

#include "dev.h"
#include "kfuncs.h"

struct chr_ext_board_part;

/* Files with kfuncs that a family can have. */
#define CHR_EXT_FAMILY_FILES	4

/**
 * struct chr_ext_family - a family of kfuncs
 * @name: its name, as in Kbuild and in /sys/class/chr_ext/families
 * @kfuncs: its kfuncs with their rules, an array for each of its files
 * @slot: index of its state in each device; set by the framework
 * @dev_size: bytes of zeroed state in each device, see chr_ext_family_data()
 * @board: what it contributes to boards, or NULL
 * @init: the module is being loaded; all else of it works
 * @exit: the counterpart of @init; there are no devices any more
 * @dev_init: set up the state of a device, before its probe op
 * @dev_complain: the probe op of a device failed: report what it lacks
 * @dev_event: complete an event before the event op sees it, with what an
 *	interrupt cannot find out
 * @dev_quiesce: silence the hardware: no interrupt and no DMA afterwards. The
 *	ops are over, but for remove, which has run
 * @dev_release: give back what the device claimed; its memory goes next
 *
 * All but @name and @kfuncs are optional. The dev_* functions run in process
 * context and may sleep; @dev_quiesce and @dev_release run also for a device
 * whose probe failed, and all @dev_quiesce run before the first @dev_release.
 */
struct chr_ext_family {
	const char *name;
	const struct chr_ext_kfuncs *kfuncs[CHR_EXT_FAMILY_FILES];
	unsigned int slot;
	size_t dev_size;
	struct chr_ext_board_part *board;

	int (*init)(void);
	void (*exit)(void);

	void (*dev_init)(struct chr_ext_device *dev);
	void (*dev_complain)(struct chr_ext_device *dev);
	void (*dev_event)(struct chr_ext_device *dev,
			  struct chr_ext_event *event);
	void (*dev_quiesce)(struct chr_ext_device *dev);
	void (*dev_release)(struct chr_ext_device *dev);
};

/* Kbuild's list, and its end: NULL. */
extern struct chr_ext_family *const chr_ext_families[];

#define for_each_chr_ext_family(f, at)					\
	for (at = chr_ext_families; (f = *at); at++)

int chr_ext_families_init(void);
void chr_ext_families_exit(void);
int chr_ext_families_dev_init(struct chr_ext_device *dev);
void chr_ext_families_dev_free(struct chr_ext_device *dev);
void chr_ext_families_dev_complain(struct chr_ext_device *dev);
void chr_ext_families_dev_event(struct chr_ext_device *dev,
				struct chr_ext_event *event);
void chr_ext_families_dev_release(struct chr_ext_device *dev);

/* The state of @family in @dev: dev_size bytes, valid as long as the device. */
static inline void *chr_ext_family_data(const struct chr_ext_device *dev,
					const struct chr_ext_family *family)
{
	return dev->family[family->slot];
}

#endif
