// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
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
#include <unistd.h>

#include "lib.h"

struct counter {
	char name[32];
	__u64 value;
};

struct chrext_device {
	char driver[CHR_EXT_NAME_LEN];
	char node[NODE_LEN];	/* "": the driver has none */
	char dev[24];
	char mode[16];
	char hardware[64];	/* what it is bound to; "": it is virtual */
	char board[256];	/* the board that this is; "": none */
	__u64 instance;
	__u64 id;
	__u64 files;
	__u64 waiting;
	struct counter *counters;
	size_t nr_counters;
};

struct chrext_devices {
	struct chrext_device *devs;
	size_t nr;
};

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/* The last part of a link's target, or "". */
static void link_target(const char *path, char *buf, size_t size)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *slash;

	target[n < 0 ? 0 : n] = 0;
	slash = strrchr(target, '/');
	snprintf(buf, size, "%.*s", (int)size - 1, slash ? slash + 1 : target);
}

static __u64 attr_number(const char *node, const char *attr)
{
	char buf[32];

	return file_line(buf, sizeof(buf), CLASS_DIR "/%s/%s", node, attr) ?
	       strtoull(buf, NULL, 0) : 0;
}

/* The driver of the device @node. */
static bool driver_get(const char *node, char *buf, size_t size)
{
	return file_line(buf, size, CLASS_DIR "/%s/driver_name", node);
}

/* The board that is @device on the platform bus. */
static void board_get(struct chrext_device *d)
{
	char name[sizeof(d->hardware)];
	struct dirent *e;
	DIR *dir;

	dir = opendir(BOARDS_DIR);
	while (dir && !*d->board && (e = readdir(dir)))
		if (file_line(name, sizeof(name), BOARDS_DIR "/%s/dev_name",
			      e->d_name) && !strcmp(name, d->hardware))
			snprintf(d->board, sizeof(d->board), "%s", e->d_name);
	if (dir)
		closedir(dir);
}

/* Virtual devices hang from one of the module's own, all others from hardware. */
static void hardware_get(struct chrext_device *d)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), CLASS_DIR "/%s/device", d->node);
	link_target(path, d->hardware, sizeof(d->hardware));
	if (!strncmp(d->hardware, DRIVER_PREFIX, strlen(DRIVER_PREFIX)))
		d->hardware[0] = 0;
	if (*d->hardware)
		board_get(d);
}

static int counter_cmp(const void *x, const void *y)
{
	return strcmp(((const struct counter *)x)->name,
		      ((const struct counter *)y)->name);
}

static int counter_add(struct chrext_device *d, const char *name)
{
	struct counter *c;
	char attr[64];

	if (strlen(name) >= sizeof(c->name))
		return 0;
	c = realloc(d->counters, (d->nr_counters + 1) * sizeof(*c));
	if (!c)
		return -ENOMEM;
	d->counters = c;
	c += d->nr_counters++;
	strcpy(c->name, name);
	snprintf(attr, sizeof(attr), "statistics/%s", c->name);
	c->value = attr_number(d->node, attr);
	return 0;
}

static int counters_get(struct chrext_device *d)
{
	char path[PATH_MAX];
	struct dirent *e;
	int ret = 0;
	DIR *dir;

	snprintf(path, sizeof(path), CLASS_DIR "/%s/statistics", d->node);
	dir = opendir(path);
	while (dir && !ret && (e = readdir(dir)))
		if (!is_dots(e->d_name))
			ret = counter_add(d, e->d_name);
	if (dir)
		closedir(dir);
	if (d->nr_counters)
		qsort(d->counters, d->nr_counters, sizeof(*d->counters),
		      counter_cmp);
	return ret;
}

/* 1: here it is; 0: the device has gone in the meantime; or -errno. */
static int device_get(const char *node, const char *driver,
		      struct chrext_device *d)
{
	char path[PATH_MAX];
	struct stat st;
	int ret;

	memset(d, 0, sizeof(*d));
	if (strlen(node) >= sizeof(d->node) ||
	    !driver_get(node, d->driver, sizeof(d->driver)) ||
	    (driver && strcmp(d->driver, driver)) ||
	    !file_line(d->dev, sizeof(d->dev), CLASS_DIR "/%s/dev", node))
		return 0;
	strcpy(d->node, node);
	snprintf(path, sizeof(path), "/dev/%s", node);
	if (!stat(path, &st))
		snprintf(d->mode, sizeof(d->mode), "%04o", st.st_mode & 07777);
	d->instance = attr_number(node, "instance");
	d->id = attr_number(node, "id");
	d->files = attr_number(node, "files");
	d->waiting = attr_number(node, "waiting");
	hardware_get(d);
	ret = counters_get(d);
	if (ret)
		free(d->counters);
	return ret ? ret : 1;
}

static int device_cmp(const void *x, const void *y)
{
	const struct chrext_device *a = x, *b = y;
	int c = strcmp(a->driver, b->driver);

	if (c)
		return c;
	if (a->instance != b->instance)
		return a->instance < b->instance ? -1 : 1;
	return strcmp(a->node, b->node);
}

/* Takes over what @d has. */
static int device_add(struct chrext_devices *list, const struct chrext_device *d)
{
	struct chrext_device *devs;

	devs = realloc(list->devs, (list->nr + 1) * sizeof(*devs));
	if (!devs) {
		free(d->counters);
		return -ENOMEM;
	}
	list->devs = devs;
	devs[list->nr++] = *d;
	return 0;
}

static int devices_add(struct chrext_devices *list, DIR *dir, const char *driver)
{
	struct chrext_device d;
	struct dirent *e;
	int ret = 0;

	while (ret >= 0 && (e = readdir(dir))) {
		if (is_dots(e->d_name))
			continue;
		ret = device_get(e->d_name, driver, &d);
		if (ret == 1)
			ret = device_add(list, &d);
	}
	return ret;
}

static bool has_device(const struct chrext_devices *list, const char *driver)
{
	size_t i;

	for (i = 0; i < list->nr; i++)
		if (!strcmp(list->devs[i].driver, driver))
			return true;
	return false;
}

/* Drivers with all devices unbound, or without hardware. */
static int drivers_add(struct chrext_devices *list)
{
	struct chrext_device d = { };
	struct dirent *e;
	int ret = 0;
	DIR *dir;

	dir = opendir(DRIVERS_DIR);
	while (dir && !ret && (e = readdir(dir))) {
		if (strncmp(e->d_name, DRIVER_PREFIX, strlen(DRIVER_PREFIX)))
			continue;
		snprintf(d.driver, sizeof(d.driver), "%.31s",
			 e->d_name + strlen(DRIVER_PREFIX));
		if (!has_device(list, d.driver))
			ret = device_add(list, &d);
	}
	if (dir)
		closedir(dir);
	return ret;
}

static int list_fill(struct chrext_devices *list, const char *driver)
{
	DIR *dir = opendir(CLASS_DIR);
	int ret;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	ret = devices_add(list, dir, driver);
	closedir(dir);
	if (!ret && !driver)
		ret = drivers_add(list);
	if (list->nr)
		qsort(list->devs, list->nr, sizeof(*list->devs), device_cmp);
	return ret;
}

struct chrext_devices *chrext_devices_list(const char *driver,
					   struct chrext_error **err)
{
	struct chrext_devices *list = calloc(1, sizeof(*list));
	int ret = list ? list_fill(list, driver) : -ENOMEM;

	if (!ret)
		return list;
	chrext_devices_free(list);
	if (ret == -ENOMEM)
		fail_memory(err);
	else
		fail(err, ret, "cannot read " CLASS_DIR ": %s",
		     errno_text(ret));
	return NULL;
}

void chrext_devices_free(struct chrext_devices *list)
{
	if (!list)
		return;
	while (list->nr)
		free(list->devs[--list->nr].counters);
	free(list->devs);
	free(list);
}

size_t chrext_devices_count(const struct chrext_devices *list)
{
	return list->nr;
}

const struct chrext_device *chrext_devices_get(const struct chrext_devices *list,
					       size_t index)
{
	return index < list->nr ? &list->devs[index] : NULL;
}

const char *chrext_device_get_driver(const struct chrext_device *d)
{
	return d->driver;
}

const char *chrext_device_get_node(const struct chrext_device *d)
{
	return d->node;
}

/* The devices of a virtual driver stay on the bus when they are unbound. */
const char *chrext_device_get_why(const struct chrext_device *d)
{
	char path[PATH_MAX];

	if (*d->node)
		return "";
	snprintf(path, sizeof(path), DEVICES_DIR "/" DRIVER_PREFIX "%s.0",
		 d->driver);
	return path_exists(path) ? "its devices are unbound" :
				   "no hardware is bound to it";
}

const char *chrext_device_get_dev(const struct chrext_device *d)
{
	return d->dev;
}

const char *chrext_device_get_mode(const struct chrext_device *d)
{
	return d->mode;
}

const char *chrext_device_get_hardware(const struct chrext_device *d)
{
	return d->hardware;
}

const char *chrext_device_get_board(const struct chrext_device *d)
{
	return d->board;
}

uint64_t chrext_device_get_instance(const struct chrext_device *d)
{
	return d->instance;
}

uint64_t chrext_device_get_id(const struct chrext_device *d)
{
	return d->id;
}

uint64_t chrext_device_get_files(const struct chrext_device *d)
{
	return d->files;
}

uint64_t chrext_device_get_waiting(const struct chrext_device *d)
{
	return d->waiting;
}

bool chrext_device_get_counter(const struct chrext_device *d, size_t index,
			       const char **name, uint64_t *value)
{
	if (index >= d->nr_counters)
		return false;
	*name = d->counters[index].name;
	*value = d->counters[index].value;
	return true;
}

uint64_t chrext_device_find_counter(const struct chrext_device *d,
				    const char *name)
{
	size_t i;

	for (i = 0; i < d->nr_counters; i++)
		if (!strcmp(d->counters[i].name, name))
			return d->counters[i].value;
	return 0;
}

bool driver_registered(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), DRIVERS_DIR "/" DRIVER_PREFIX "%s", name);
	return path_exists(path);
}

/* The node @node is in /dev, with the number "MAJOR:MINOR" in @dev. */
static bool node_is(const char *node, const char *dev)
{
	unsigned int major, minor;
	char path[PATH_MAX];
	struct stat st;

	snprintf(path, sizeof(path), "/dev/%s", node);
	return sscanf(dev, "%u:%u", &major, &minor) == 2 && !stat(path, &st) &&
	       S_ISCHR(st.st_mode) && st.st_rdev == makedev(major, minor);
}

/* The node is there and leads to the device that the driver serves. */
bool node_usable(const char *driver, const char *node)
{
	char owner[CHR_EXT_NAME_LEN], dev[24];

	return driver_get(node, owner, sizeof(owner)) &&
	       !strcmp(owner, driver) &&
	       file_line(dev, sizeof(dev), CLASS_DIR "/%s/dev", node) &&
	       node_is(node, dev);
}

/* No device of @driver is left, nor a node of @devs. */
static bool devices_gone(const char *driver, const struct chrext_devices *devs)
{
	struct chrext_devices *left = chrext_devices_list(driver, NULL);
	size_t i, nr = left ? left->nr : 1;

	chrext_devices_free(left);
	for (i = 0; !nr && devs && i < devs->nr; i++)
		nr = node_is(devs->devs[i].node, devs->devs[i].dev);
	return !nr;
}

/*
 * The kernel keeps a driver after its devices as long as one of its ops runs, or
 * it waits for the probe of another driver.
 */
int chrext_devices_wait_gone(const char *driver,
			     const struct chrext_devices *devs,
			     unsigned int timeout_ms, struct chrext_error **err)
{
	__u64 start = now_usec(), until = start + timeout_ms * 1000ULL;
	bool gone;

	for (;;) {
		gone = devices_gone(driver, devs);
		if (gone && (!driver_registered(driver) ||
			     now_usec() > start + 1000000))
			break;
		if (!gone && now_usec() > until)
			return fail(err, -ETIMEDOUT, "driver \"%s\" is detached, but its nodes are still there after %u seconds",
				    driver, timeout_ms / 1000);
		wait_a_little();
	}
	return 0;
}
