// SPDX-License-Identifier: GPL-2.0-only
/* The devices of drivers, as sysfs shows them, and their nodes in /dev. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "chrext.h"

const char *const counter_names[NR_COUNTERS] = {
	[COUNT_OPENS]		= "opens",
	[COUNT_READS]		= "reads",
	[COUNT_WRITES]		= "writes",
	[COUNT_IOCTLS]		= "ioctls",
	[COUNT_READ_BYTES]	= "read_bytes",
	[COUNT_WRITTEN_BYTES]	= "written_bytes",
	[COUNT_ERRORS]		= "errors",
	[COUNT_BAD_RETURNS]	= "bad_returns",
	[COUNT_EVENTS]		= "events",
	[COUNT_LOST_EVENTS]	= "lost_events",
};

/* What a file of sysfs or configfs says, "" if nothing. To be freed. */
char *file_text(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t n = -1;

	if (f) {
		n = getdelim(&text, &size, 0, f);
		fclose(f);
	}
	if (n <= 0) {
		free(text);
		return xprintf("%s", "");
	}
	if (text[n - 1] == '\n')
		text[n - 1] = 0;
	return text;
}

/* The last part of where a link leads, or "". */
void link_target(const char *path, char *buf, size_t size)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	target[n < 0 ? 0 : n] = 0;
	snprintf(buf, size, "%s", strrchr(target, '/') ?
				  strrchr(target, '/') + 1 : target);
}

/* What the first line of a file says. */
bool file_line(const char *dir, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(buf, size, f);
	fclose(f);
	if (ok)
		buf[strcspn(buf, "\n")] = 0;
	return ok;
}

static bool attr_get(const char *node, const char *attr, char *buf, size_t size)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), CLASS_DIR "/%s", node);
	return file_line(dir, attr, buf, size);
}

static __u64 attr_number(const char *node, const char *attr)
{
	char buf[32];

	return attr_get(node, attr, buf, sizeof(buf)) ?
	       strtoull(buf, NULL, 0) : 0;
}

/* Virtual devices hang from one of ours, all others from hardware. */
static void hardware_get(struct device *d)
{
	char *path = xprintf(CLASS_DIR "/%s/device", d->node);

	link_target(path, d->hardware, sizeof(d->hardware));
	free(path);
	if (!strncmp(d->hardware, DRIVER_PREFIX, strlen(DRIVER_PREFIX)))
		d->hardware[0] = 0;
	if (*d->hardware)
		board_of(d->hardware, d->board, sizeof(d->board));
}

/* False when the device has gone in the meantime. */
static bool device_get(const char *node, struct device *d)
{
	char attr[64], path[PATH_MAX];
	struct stat st;
	size_t i;

	memset(d, 0, sizeof(*d));
	if (strlen(node) >= sizeof(d->node) ||
	    !attr_get(node, "driver", d->driver, sizeof(d->driver)) ||
	    !attr_get(node, "dev", d->dev, sizeof(d->dev)))
		return false;
	strcpy(d->node, node);
	snprintf(path, sizeof(path), "/dev/%s", node);
	if (!stat(path, &st))
		snprintf(d->mode, sizeof(d->mode), "%04o", st.st_mode & 07777);
	d->instance = attr_number(node, "instance");
	d->id = attr_number(node, "id");
	d->files = attr_number(node, "files");
	d->waiting = attr_number(node, "waiting");
	hardware_get(d);
	for (i = 0; i < NR_COUNTERS; i++) {
		snprintf(attr, sizeof(attr), "statistics/%s", counter_names[i]);
		d->counters[i] = attr_number(node, attr);
	}
	return true;
}

static int device_cmp(const void *x, const void *y)
{
	const struct device *a = x, *b = y;
	int c = strcmp(a->driver, b->driver);

	if (c)
		return c;
	if (a->instance != b->instance)
		return a->instance < b->instance ? -1 : 1;
	return strcmp(a->node, b->node);
}

static struct device *device_add(struct device **devs, size_t *nr,
				 const struct device *d)
{
	*devs = xalloc(*devs, (*nr + 1) * sizeof(**devs));
	(*devs)[*nr] = *d;
	return &(*devs)[(*nr)++];
}

static bool has_device(const char *driver, const struct device *devs, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(devs[i].driver, driver))
			return true;
	return false;
}

/* Drivers whose devices are unbound, or that have not met their hardware. */
static void drivers_without_devices(struct device **devs, size_t *nr)
{
	struct device d = { };
	struct dirent *e;
	DIR *dir;

	dir = opendir(DRIVERS_DIR);
	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (strncmp(e->d_name, DRIVER_PREFIX, strlen(DRIVER_PREFIX)))
			continue;
		snprintf(d.driver, sizeof(d.driver), "%.31s",
			 e->d_name + strlen(DRIVER_PREFIX));
		if (!has_device(d.driver, *devs, *nr))
			device_add(devs, nr, &d);
	}
	closedir(dir);
}

/*
 * The devices of @driver, or all devices and a device without node for each
 * driver that has none, sorted. To be freed.
 */
int devices_get(const char *driver, struct device **devs, size_t *nr)
{
	struct dirent *e;
	struct device d;
	DIR *dir;

	*devs = NULL;
	*nr = 0;
	dir = opendir(CLASS_DIR);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.' &&
		    (!e->d_name[1] || !strcmp(e->d_name, "..")))
			continue;
		if (device_get(e->d_name, &d) &&
		    (!driver || !strcmp(d.driver, driver)))
			device_add(devs, nr, &d);
	}
	closedir(dir);
	if (!driver)
		drivers_without_devices(devs, nr);
	if (*nr)
		qsort(*devs, *nr, sizeof(**devs), device_cmp);
	return 0;
}

bool driver_registered(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), DRIVERS_DIR "/" DRIVER_PREFIX "%s", name);
	return path_exists(path);
}

/* Its devices stay on the bus when they are unbound. */
bool driver_is_virtual(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), DEVICES_DIR "/" DRIVER_PREFIX "%s.0", name);
	return path_exists(path);
}

/* The node is there and leads to the device that the driver serves. */
bool node_usable(const char *driver, const char *node)
{
	char owner[CHR_EXT_NAME_LEN], dev[24], path[PATH_MAX];
	unsigned int major, minor;
	struct stat st;

	if (!attr_get(node, "driver", owner, sizeof(owner)) ||
	    strcmp(owner, driver) ||
	    !attr_get(node, "dev", dev, sizeof(dev)) ||
	    sscanf(dev, "%u:%u", &major, &minor) != 2)
		return false;
	snprintf(path, sizeof(path), "/dev/%s", node);
	return stat(path, &st) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(major, minor);
}

static bool node_gone(const struct device *d)
{
	char path[PATH_MAX];
	unsigned int major, minor;
	struct stat st;

	snprintf(path, sizeof(path), "/dev/%s", d->node);
	if (sscanf(d->dev, "%u:%u", &major, &minor) != 2 || stat(path, &st))
		return true;
	return !S_ISCHR(st.st_mode) || st.st_rdev != makedev(major, minor);
}

/* Nothing is left of @driver, which had @devs. */
bool nodes_gone(const char *driver, const struct device *devs, size_t nr)
{
	struct device *left;
	size_t i, nr_left;

	if (driver_registered(driver))
		return false;
	if (devices_get(driver, &left, &nr_left))
		return false;
	free(left);
	if (nr_left)
		return false;
	for (i = 0; i < nr; i++)
		if (!node_gone(&devs[i]))
			return false;
	return true;
}

void wait_a_little(void)
{
	const struct timespec ts = { .tv_nsec = 5 * 1000 * 1000 };

	nanosleep(&ts, NULL);
}
