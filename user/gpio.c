// SPDX-License-Identifier: GPL-2.0-only
/* The GPIO chips of the machine, and who uses their lines. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "chrext.h"

/* Chips give no more of a label or name than fits. */
static bool same(const char *name, const char *given)
{
	return !strncmp(name, given, GPIO_MAX_NAME_SIZE - 1);
}

static bool chip_line(int fd, unsigned int offset,
		      struct gpio_v2_line_info *info)
{
	memset(info, 0, sizeof(*info));
	info->offset = offset;
	return !ioctl(fd, GPIO_V2_GET_LINEINFO_IOCTL, info);
}

static bool chip_find(int fd, const struct line *l,
		      struct gpio_v2_line_info *info)
{
	struct gpiochip_info chip = { };
	unsigned int i;

	if (ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &chip))
		return false;
	if (!l->by_name)
		return same(chip.label, l->target) &&
		       chip_line(fd, l->offset, info);
	for (i = 0; i < chip.lines; i++)
		if (chip_line(fd, i, info) && same(info->name, l->target))
			return true;
	return false;
}

/* 1: it is there; 0: it is not; or -errno when we may not know. */
int gpio_find(const struct line *l, struct gpio_v2_line_info *info)
{
	char path[PATH_MAX];
	struct dirent *e;
	int fd, ret = 0;
	DIR *dir;

	dir = opendir("/dev");
	if (!dir)
		return -errno;
	while (ret != 1 && (e = readdir(dir))) {
		if (strncmp(e->d_name, "gpiochip", strlen("gpiochip")))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", e->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			ret = errno == ENOENT ? ret : -errno;
			continue;
		}
		if (chip_find(fd, l, info))
			ret = 1;
		close(fd);
	}
	closedir(dir);
	return ret;
}
