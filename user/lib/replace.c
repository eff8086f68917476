// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* Replace a driver by another version, under its open files. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib.h"

static int driver_check(const char *name, const struct chrext_driver *drv,
			int found, struct chrext_error **err)
{
	char *pin;

	if (!found)
		return fail(err, -ENOENT, "no driver named \"%s\" is loaded; 'chrext load' loads one",
			    name);
	if (found == -EPERM)
		return fail_eperm(err, "replacing a driver");
	if (found < 0)
		return fail(err, found, "cannot look for driver \"%s\": %s",
			    name, errno_text(found));
	if (!drv->link_id)
		return fail(err, -EOPNOTSUPP, "driver \"%s\" was registered without a link and cannot be replaced; 'chrext unload' and load it",
			    name);
	pin = driver_pin(drv);
	if (!pin)
		return fail(err, -EBUSY, "driver \"%s\" is held by a process; only a pinned one can be replaced",
			    name);
	free(pin);
	return 0;
}

static bool type_has_timer(const struct btf *btf, __u32 id, int depth)
{
	const struct btf_type *t;
	struct member m;
	const char *name;
	__s32 real = btf__resolve_type(btf, id);
	__u32 i;

	t = type_get(btf, real < 0 ? 0 : real);
	if (!btf_is_struct(t) || depth > 8)
		return false;
	name = type_name(btf, t);
	if (!strcmp(name, "bpf_timer") || !strcmp(name, "bpf_wq"))
		return true;
	for (i = 0; member_get(btf, t, i, &m); i++)
		if (type_has_timer(btf, m.type, depth + 1))
			return true;
	return false;
}

static bool map_has_timer(__u32 id, char *name)
{
	struct bpf_map_info info = { };
	__u32 len = sizeof(info);
	struct btf *btf = NULL;
	bool found;
	int fd;

	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return false;
	if (!bpf_map_get_info_by_fd(fd, &info, &len) && info.btf_id)
		btf = btf__load_from_kernel_by_id(info.btf_id);
	close(fd);
	found = btf && type_has_timer(btf, info.btf_value_type_id, 0);
	btf__free(btf);
	memcpy(name, info.name, BPF_OBJ_NAME_LEN);
	return found;
}

/* A map of one of the driver's programs has timers or work: @name. */
static bool driver_has_timer(const struct chrext_driver *drv, char *name)
{
	struct bpf_prog_info info;
	__u32 ids[64], len, i;		/* of so many a program can use */
	size_t p;
	int fd;

	for (p = 0; p < drv->nr_progs; p++) {
		fd = bpf_prog_get_fd_by_id(drv->progs[p].id);
		if (fd < 0)
			continue;
		info = (struct bpf_prog_info) {
			.map_ids = (uintptr_t)ids,
			.nr_map_ids = ARRAY_SIZE(ids),
		};
		len = sizeof(info);
		if (bpf_prog_get_info_by_fd(fd, &info, &len))
			info.nr_map_ids = 0;
		close(fd);
		for (i = 0; i < info.nr_map_ids && i < ARRAY_SIZE(ids); i++)
			if (map_has_timer(ids[i], name))
				return true;
	}
	return false;
}

static bool has_update(const struct chrext_object *o,
		       const struct object_driver *d)
{
	struct member m;

	return member_find(o->btf, d->type, "update", strlen("update"), &m) &&
	       object_program(o, d, &m);
}

static int fail_refused(const char *name, int code,
			struct chrext_refusals *refusals,
			struct chrext_error **err)
{
	struct chrext_refusal refused;

	if (chrext_refusals_next(refusals, name, &refused))
		return fail(err, code, "driver \"%s\" stays as it was: %s",
			    name, refused.text);
	if (code == -EPERM)
		return fail_eperm(err, "replacing a driver");
	return fail(err, code, "driver \"%s\" stays as it was: %s", name,
		    errno_text(code));
}

static int link_update(const struct chrext_driver *drv,
		       const struct object_driver *d)
{
	int fd = bpf_link_get_fd_by_id(drv->link_id), ret;

	if (fd < 0)
		return -errno;
	ret = bpf_link_update(fd, bpf_map__fd(d->map), NULL) ? -errno : 0;
	close(fd);
	return ret;
}

static int swap(const struct chrext_object *o, const struct chrext_driver *drv,
		struct chrext_error **err)
{
	struct chrext_refusals *refusals = chrext_refusals_open();
	const struct object_driver *d = &o->drivers[0];
	int ret;

	ret = driver_prepare(o, d);
	if (!ret)
		ret = link_update(drv, d);
	if (ret)
		fail_refused(drv->name, ret, refusals, err);
	chrext_refusals_free(refusals);
	return ret;
}

/* With the driver's pins locked. */
static int replace(const struct chrext_object *o,
		   const struct chrext_driver *drv, struct chrext_error **err)
{
	const struct object_driver *d = &o->drivers[0];
	char map[BPF_OBJ_NAME_LEN];
	struct capture c;
	bool stops;
	int ret;

	capture_begin(&c, o);
	stops = !has_update(o, d) && driver_has_timer(drv, map);
	pins_swap(drv->name, NULL, "maps_new");
	ret = maps_pin(o, d, "maps_new", err);
	if (!ret)
		ret = swap(o, drv, err);
	pins_swap(drv->name, ret ? NULL : "maps_new", ret ? "maps_new" : "maps");
	capture_end(&c);
	capture_free(&c);
	if (!ret && stops)
		note(o, "warning: the timers of driver \"%s\" (map %s) stop with its old version, and the new one has no update op to start them again",
		     drv->name, map);
	return ret;
}

int chrext_object_replace(struct chrext_object *o, struct chrext_error **err)
{
	const char *name = object_name(o, 0);
	struct chrext_driver drv;
	int ret, lock;

	if (o->nr_drivers > 1)
		return fail(err, -EINVAL, "%s holds %zu drivers; one is replaced at a time",
			    o->path, o->nr_drivers);
	if (!o->loaded)
		return fail(err, -EINVAL, "%s is not loaded", o->path);
	ret = driver_lookup(name, &drv);
	ret = driver_check(name, &drv, ret, err);
	if (!ret) {
		lock = pin_dir_lock(name);
		ret = replace(o, &drv, err);
		pins_unlock(lock);
	}
	driver_clear(&drv);
	return ret;
}
