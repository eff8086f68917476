// SPDX-License-Identifier: GPL-2.0-only
/* Finds GPIO lines through libgpiod. */
#include <errno.h>
#include <gpiod.h>
#include <linux/gpio.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

/* The offset of a line in a chip, or -1. Chips cut labels and names short. */
static int chip_offset(struct gpiod_chip *chip, const struct line *l)
{
	struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
	char target[GPIO_MAX_NAME_SIZE];
	int offset = -1;

	if (!info)
		return -1;
	snprintf(target, sizeof(target), "%s", l->target);
	if (l->by_name)
		offset = gpiod_chip_get_line_offset_from_name(chip, target);
	else if (l->offset < gpiod_chip_info_get_num_lines(info) &&
		 !strcmp(gpiod_chip_info_get_label(info), target))
		offset = l->offset;
	gpiod_chip_info_free(info);
	return offset;
}

/* Return: as gpio_find(). */
static int path_find(const char *path, const struct line *l,
		     struct gpiod_line_info **info)
{
	struct gpiod_chip *chip = gpiod_chip_open(path);
	int offset;

	if (!chip)
		return errno == ENOENT ? 0 : -errno;
	offset = chip_offset(chip, l);
	*info = offset < 0 ? NULL : gpiod_chip_get_line_info(chip, offset);
	gpiod_chip_close(chip);
	return *info ? 1 : 0;
}

/**
 * gpio_find() - look for a line in all chips of the machine
 * @l: the line
 * @info: set to what is known of it, for gpiod_line_info_free()
 *
 * Return: 1 with @info; 0 if no chip has the line; -errno if none of those that
 * can be opened has it.
 */
int gpio_find(const struct line *l, struct gpiod_line_info **info)
{
	struct dirent *e;
	int ret = 0, err;
	char *path;
	DIR *dir;

	dir = opendir("/dev");
	if (!dir)
		return -errno;
	while (ret != 1 && (e = readdir(dir))) {
		path = xprintf("/dev/%s", e->d_name);
		err = gpiod_is_gpiochip_device(path) ?
		      path_find(path, l, info) : 0;
		ret = err ? err : ret;
		free(path);
	}
	closedir(dir);
	return ret;
}
