// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * Pins: what keeps a driver attached after the process that loaded it.
 *
 * A driver is attached and detached without a lock, as its ops may take their
 * time. The lock protects the pins: they are removed only under the lock and
 * while no driver of that name is attached, and made only under the lock for
 * one that is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib.h"

#define PIN_LEN	256	/* PIN_ROOT, an escaped name, "maps" and a map's name */

/* bpffs reserves dots in names: they become %2E, and % becomes %25. */
static void pin_dir(const char *name, char *dir)
{
	char *s = dir + sprintf(dir, PIN_ROOT "/");
	size_t i;

	for (i = 0; name[i] && i < CHR_EXT_NAME_LEN; i++) {
		if (strchr(".%", name[i]))
			s += sprintf(s, "%%%02X", name[i]);
		else
			*s++ = name[i];
	}
	*s = 0;
}

static int dir_lock(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

/* Where the lock cannot be taken, nothing can be pinned either. */
int pins_lock(void)
{
	return dir_lock(BPFFS);
}

void pins_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Make the directories above @path, from PIN_ROOT on. */
static int dirs_make(char *path)
{
	char *slash = path + strlen(PIN_ROOT);
	int ret;

	for (; slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		ret = mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
		*slash = '/';
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Serialises updates of one driver; those of others go on. Returns a descriptor
 * for pins_unlock().
 */
int pin_dir_lock(const char *name)
{
	char path[PIN_LEN];

	pin_dir(name, path);
	strcat(path, "/");
	if (dirs_make(path))
		return -1;
	return dir_lock(path);
}

/* Pin @fd as @what, "link", "map" or "maps/...", of the driver @name. */
int pin_fd(const char *name, const char *what, int fd,
	   struct chrext_error **err)
{
	char path[PIN_LEN];
	int ret;

	pin_dir(name, path);
	snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%s", what);
	ret = dirs_make(path);
	if (!ret && bpf_obj_pin(fd, path))
		ret = -errno;
	if (ret)
		fail(err, ret, "cannot pin driver \"%s\" at %s: %s", name, path,
		     errno_text(ret));
	return ret;
}

/*
 * The kernel cancels the timers in a map that no process and no pin holds, so
 * the maps stay with the driver; and they can be found.
 */
int maps_pin(const struct chrext_object *o, const struct object_driver *d,
	     const char *dir, struct chrext_error **err)
{
	struct bpf_map *map;
	char what[128];
	int ret;

	bpf_object__for_each_map(map, o->obj) {
		if (bpf_map__is_internal(map) ||
		    bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		snprintf(what, sizeof(what), "%s/%s", dir, bpf_map__name(map));
		ret = pin_fd(object_name(o, d - o->drivers), what,
			     bpf_map__fd(map), err);
		if (ret)
			return ret;
	}
	return 0;
}

static FTS *tree_open(char *path)
{
	char *const paths[] = { path, NULL };

	return fts_open(paths, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
}

static void tree_remove(char *path)
{
	FTS *fts = tree_open(path);
	FTSENT *e;

	while (fts && (e = fts_read(fts)))
		if (e->fts_info != FTS_D)
			remove(e->fts_accpath);
	if (fts)
		fts_close(fts);
}

/* Under the lock, and only if no driver of that name is attached. */
void pins_remove(const char *name)
{
	char dir[PIN_LEN];

	pin_dir(name, dir);
	tree_remove(dir);
	rmdir(PIN_ROOT);
}

/* The pins of maps in @from take the place of those in @to; none, if NULL. */
void pins_swap(const char *name, const char *from, const char *to)
{
	char old[PIN_LEN], new[PIN_LEN];

	pin_dir(name, new);
	pin_dir(name, old);
	sprintf(old + strlen(old), "/%s", to);
	tree_remove(old);
	if (!from)
		return;
	sprintf(new + strlen(new), "/%s", from);
	rename(new, old);
}

int chrext_pins_clean(const char *name)
{
	struct chrext_driver drv = { };
	int lock, ret;

	if (chrext_name_problem(name))
		return -EINVAL;
	lock = pins_lock();
	ret = driver_lookup(name, &drv);
	if (!ret)
		pins_remove(name);
	pins_unlock(lock);
	driver_clear(&drv);
	return ret < 0 ? ret : 0;
}

/* The info calls do not distinguish links, maps and programs; the file does. */
static bool fd_is(int fd, const char *what)
{
	char path[64], target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = 0;
	return strstr(target, what);
}

static bool fd_holds(int fd, const struct chrext_driver *drv)
{
	struct bpf_map_info info = { };
	__u32 len = sizeof(info);

	if (drv->link_id)
		return (fd_is(fd, "bpf_link") || fd_is(fd, "bpf-link")) &&
		       link_id_of(fd) == drv->link_id;
	return fd_is(fd, "bpf-map") &&
	       !bpf_map_get_info_by_fd(fd, &info, &len) &&
	       info.id == drv->map_id;
}

static bool file_holds(const char *path, const struct chrext_driver *drv)
{
	int fd = bpf_obj_get(path);
	bool holds;

	if (fd < 0)
		return false;
	holds = fd_holds(fd, drv);
	close(fd);
	return holds;
}

/* Where in bpffs the driver is pinned; NULL: nowhere. To be freed. */
char *driver_pin(const struct chrext_driver *drv)
{
	char root[] = BPFFS, *found = NULL;
	FTS *fts = tree_open(root);
	FTSENT *e;

	while (fts && !found && (e = fts_read(fts)))
		if (e->fts_info == FTS_F && file_holds(e->fts_accpath, drv))
			found = strdup(e->fts_path);
	if (fts)
		fts_close(fts);
	return found;
}
