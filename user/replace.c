// SPDX-License-Identifier: GPL-2.0-only
/* chrext replace: another version of a driver, under its open files. */
#include <errno.h>
#include <stdlib.h>
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

static void complain_refused(const char *name, int err, int kmsg)
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
	int kmsg = kmsg_open();
	int err;

	err = driver_prepare(o, d);
	if (!err)
		err = link_update(drv, d);
	if (err)
		complain_refused(drv->name, err, kmsg);
	if (kmsg >= 0)
		close(kmsg);
	return err;
}

static int replace(const struct object *o)
{
	const struct object_driver *d = &o->drivers[0];
	const char *name = object_name(o, d);
	struct driver drv;
	int lock, err;

	lock = pins_lock();
	err = driver_get(name, &drv);
	if (!err) {
		pins_swap(name, NULL, "maps_new");
		err = maps_pin(o, d, "maps_new");
		if (!err)
			err = swap(o, &drv);
		if (!err)
			pins_swap(name, "maps_new", "maps");
		else
			pins_swap(name, NULL, "maps_new");
	}
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
