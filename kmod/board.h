/* SPDX-License-Identifier: GPL-2.0-only */
/* A board: hardware that is described in configfs. */
#ifndef CHR_EXT_BOARD_H
#define CHR_EXT_BOARD_H

#include <linux/platform_device.h>
#include <linux/string.h>

#include <chr_ext/abi.h>

/* Name of the boards' devices on the platform bus. */
#define CHR_EXT_BOARD_NAME	"chr_ext_board"

/* Platform data of a board's device. */
struct chr_ext_board_data {
	char compatible[CHR_EXT_COMPATIBLE_LEN];
	char name[CHR_EXT_NAME_LEN];
};

/* The data of a board's device, or NULL for any other device. */
static inline const struct chr_ext_board_data *
chr_ext_board_data(const struct platform_device *pdev)
{
	return strcmp(pdev->name, CHR_EXT_BOARD_NAME) ?
		NULL : dev_get_platdata(&pdev->dev);
}

/* The name of a device's hardware in messages: the board's, or its own. */
static inline const char *chr_ext_hardware_name(struct device *dev)
{
	const struct chr_ext_board_data *data =
		chr_ext_board_data(to_platform_device(dev));

	return data ? data->name : dev_name(dev);
}

#endif
