// SPDX-License-Identifier: GPL-2.0-only
/* chrext replace: another version of a driver, under its open files. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chrext.h"

static int driver_get(const char *name, struct driver *drv)
{
	char *pin;
	int ret;

	ret = driver_find(name, drv);
	if (ret == 0) {
		complain("no driver named \"%s\" is loaded; 'chrext load' loads one",
			 name);
		return -ENOENT;
	}
	if (ret == -EPERM)
		complain_eperm("replacing a driver");
	else if (ret < 0)
		complain("cannot look for driver \"%s\": %s", name,
			 errno_text(ret));
	if (ret < 0)
		return ret;

	if (!drv->link_id) {
		complain("driver \"%s\" was registered without a link and cannot be replaced; 'chrext unload' and load it",
			 name);
		return -EOPNOTSUPP;
	}
	pin = driver_pin(drv);
	if (!pin) {
		complain("driver \"%s\" is held by a process; only a pinned one can be replaced",
			 name);
		return -EBUSY;
	}
	free(pin);
	return 0;
}

static bool type_has_timer(const struct btf *btf, __u32 id)
{
	const struct btf_type *t;
	const struct btf_member *m;
	const char *name;
	int i;

	t = btf__type_by_id(btf, btf__resolve_type(btf, id));
	if (!t || !btf_is_struct(t))
		return false;
	name = btf__name_by_offset(btf, t->name_off);
	if (!strcmp(name, "bpf_timer") || !strcmp(name, "bpf_wq"))
		return true;
	m = btf_members(t);
	for (i = 0; i < btf_vlen(t); i++)
		if (type_has_timer(btf, m[i].type))
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
	found = btf && type_has_timer(btf, info.btf_value_type_id);
	btf__free(btf);
	memcpy(name, info.name, BPF_OBJ_NAME_LEN);
	return found;
}

/* A map that a program of the driver uses has timers or work, and is @name. */
static bool driver_has_timer(const struct driver *drv, char *name)
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

static bool has_update(const struct object *o, const struct object_driver *d)
{
	const __u64 *op = object_member(o, d, "update", sizeof(*op));

	return op && *op;
}

static void complain_refused(const char *name, int err, struct kmsg *kmsg)
{
	char text[1024];

	if (kmsg_refusal(kmsg, name, text, sizeof(text)))
		complain("driver \"%s\" stays as it was: %s", name, text);
	else if (err == -EPERM)
		complain_eperm("replacing a driver");
	else
		complain("driver \"%s\" stays as it was: %s", name,
			 errno_text(err));
}

static int link_update(const struct driver *drv, const struct object_driver *d)
{
	int fd = bpf_link_get_fd_by_id(drv->link_id), err;

	if (fd < 0)
		return -errno;
	err = bpf_link_update(fd, bpf_map__fd(d->map), NULL) ? -errno : 0;
	close(fd);
	return err;
}

/* Under the lock. */
static int swap(const struct object *o, const struct driver *drv)
{
	const struct object_driver *d = &o->drivers[0];
	struct kmsg kmsg;
	int err;

	kmsg_open(&kmsg);
	err = driver_prepare(o, d);
	if (!err)
		err = link_update(drv, d);
	if (err)
		complain_refused(drv->name, err, &kmsg);
	kmsg_close(&kmsg);
	return err;
}

static int replace(const struct object *o)
{
	const struct object_driver *d = &o->drivers[0];
	const char *name = object_name(o, d);
	char map[BPF_OBJ_NAME_LEN];
	struct driver drv;
	bool stops = false;
	int lock, err;

	lock = pins_lock();
	err = driver_get(name, &drv);
	if (!err) {
		stops = !has_update(o, d) && driver_has_timer(&drv, map);
		pins_swap(name, NULL, "maps_new");
		err = maps_pin(o, d, "maps_new");
		if (!err)
			err = swap(o, &drv);
		if (!err)
			pins_swap(name, "maps_new", "maps");
		else
			pins_swap(name, NULL, "maps_new");
	}
	if (!err && stops)
		complain("warning: the timers of driver \"%s\" (map %s) stop with its old version, and the new one has no update op to start them again",
			 name, map);
	driver_free(&drv);
	pins_unlock(lock);
	return err;
}

static int replace_object(struct object *o, const struct options *opt)
{
	int err;

	if (o->nr_drivers > 1) {
		complain("%s holds %zu drivers; one is replaced at a time",
			 o->path, o->nr_drivers);
		return -EINVAL;
	}
	err = object_configure(o, opt);
	if (!err)
		err = machine_check(opt);
	if (!err)
		err = object_load(o);
	if (!err)
		err = replace(o);
	return err;
}

int verb_replace(const struct options *opt)
{
	struct object o;
	int err;

	if (!sets_well_formed(opt))
		return EXIT_USAGE;
	err = object_open(&o, opt->arg, opt->verbose);
	if (err)
		return EXIT_FAILED;
	err = replace_object(&o, opt);
	object_close(&o);
	return err ? EXIT_FAILED : EXIT_OK;
}
