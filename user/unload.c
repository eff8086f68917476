// SPDX-License-Identifier: GPL-2.0-only
/* chrext unload: detaches a driver, whoever loaded it. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "chrext.h"

static int wait_gone(const char *name, const struct device *devs, size_t nr)
{
	__u64 until = now_usec() + WAIT_SECONDS * 1000000ULL;

	while (!nodes_gone(name, devs, nr)) {
		if (now_usec() > until) {
			complain("driver \"%s\" is detached, but its nodes are still there after %d seconds",
				 name, WAIT_SECONDS);
			return -ETIMEDOUT;
		}
		wait_a_little();
	}
	return 0;
}

static int detach_and_unpin(const struct driver *drv)
{
	char *pin = driver_pin(drv);
	int err;

	err = driver_detach(drv);
	if (err) {
		complain("cannot detach driver \"%s\": %s", drv->name,
			 errno_text(err));
	} else {
		if (pin)
			unlink(pin);
		pins_remove(drv->name);
	}
	free(pin);
	return err;
}

/* Under the lock, except for the waiting. */
static int unload(const struct driver *drv, int lock)
{
	struct device *devs;
	size_t nr;
	int err;

	devices_get(drv->name, &devs, &nr);
	err = detach_and_unpin(drv);
	pins_unlock(lock);
	if (!err)
		err = wait_gone(drv->name, devs, nr);
	free(devs);
	return err;
}

int verb_unload(const struct options *opt)
{
	struct driver drv;
	int lock, ret;

	lock = pins_lock();
	ret = driver_find(opt->arg, &drv);
	if (ret == 1) {
		ret = unload(&drv, lock);
		driver_free(&drv);
		return ret ? EXIT_FAILED : EXIT_OK;
	}
	if (ret == 0 && !name_problem(opt->arg))
		pins_remove(opt->arg);
	pins_unlock(lock);
	driver_free(&drv);

	if (ret == 0)
		complain("no driver named \"%s\" is loaded", opt->arg);
	else if (ret == -EPERM)
		complain_eperm("unloading a driver");
	else
		complain("cannot look for driver \"%s\": %s", opt->arg,
			 errno_text(ret));
	return EXIT_FAILED;
}
