/* SPDX-License-Identifier: GPL-2.0-only */
/* A board: hardware that is described in configfs. */
#ifndef CHR_EXT_BOARD_H
#define CHR_EXT_BOARD_H

#include <linux/configfs.h>
#include <linux/list.h>
#include <linux/mod_devicetable.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/stringhash.h>

#include <chr_ext/abi.h>

#include "dev.h"

/*
 * The name of a board's device on the platform bus, with a hash of its compatible. A
 * driver that is registered locks all devices of the names that it lists, and a
 * probe of another driver can hold such a lock for long.
 */
#define CHR_EXT_BOARD_NAME	"chr_ext_board-"

static inline void chr_ext_board_bus_name(char name[PLATFORM_NAME_SIZE],
					  const char *compatible, size_t len)
{
	snprintf(name, PLATFORM_NAME_SIZE, CHR_EXT_BOARD_NAME "%05x",
		 full_name_hash(NULL, compatible, len) & 0xfffff);
}

/* Platform data of a board's device. */
struct chr_ext_board_data {
	char compatible[CHR_EXT_COMPATIBLE_LEN];
	char name[CHR_EXT_NAME_LEN];
};

/*
 * live_lock is held while the device is registered or unregistered, which can take
 * as long as its probe. Outside of boards.su_mutex, so that other boards do not
 * wait, and of the locks of the driver core.
 */
struct chr_ext_board {
	struct config_group group;
	struct mutex live_lock;		/* pdev going live and back */
	struct mutex lock;		/* all below; inside those of configfs */
	char compatible[CHR_EXT_COMPATIBLE_LEN];
	struct list_head items;		/* of chr_ext_board_item */
	int id;
	bool fixed;			/* live, or about to be: nothing changes */
	struct platform_device *pdev;	/* while live */
	void *state[CHR_EXT_MAX_FAMILIES];	/* likewise; live_lock */
};

/* A directory of a board, embedded in what its family describes there. */
struct chr_ext_board_item {
	struct config_group group;
	struct chr_ext_board *board;	/* holds a reference */
	struct list_head node;		/* in its items */
	struct chr_ext_board_part *part;
};

/**
 * struct chr_ext_board_part - what a family contributes to boards
 * @what: what a directory is, for messages
 * @attrs: files of such a directory
 * @type: its type; set by the framework
 * @alloc: allocate an item, or return NULL
 * @free: the counterpart of @alloc
 * @add: a board is about to be live: provide what its items describe to the device
 *	that will be registered as @dev_id. Returns a pointer for @del, or an error
 *	pointer after it has reported why
 * @del: the counterpart of @add; the device is unregistered
 */
struct chr_ext_board_part {
	const char *what;
	struct configfs_attribute **attrs;
	struct config_item_type type;

	struct chr_ext_board_item *(*alloc)(void);
	void (*free)(struct chr_ext_board_item *item);
	void *(*add)(struct chr_ext_board *b, const char *dev_id);
	void (*del)(void *state);
};

/* The data of a board's device, or NULL for any other device. */
static inline const struct chr_ext_board_data *
chr_ext_board_data(const struct platform_device *pdev)
{
	return strstarts(pdev->name, CHR_EXT_BOARD_NAME) ?
		dev_get_platdata(&pdev->dev) : NULL;
}

/* The name of a device's hardware in messages: the board's, or its own. */
static inline const char *chr_ext_hardware_name(struct device *dev)
{
	const struct chr_ext_board_data *data =
		chr_ext_board_data(to_platform_device(dev));

	return data ? data->name : dev_name(dev);
}

#endif
