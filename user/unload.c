// SPDX-License-Identifier: GPL-2.0-only
/* chrext unload: detach a driver, whichever process loaded it. */
#include <errno.h>

#include "chrext.h"

static int unload(struct chrext_driver *drv, struct chrext_error **err)
{
	const char *name = chrext_driver_get_name(drv);
	struct chrext_devices *devs = chrext_devices_list(name, NULL);
	struct watch watch;
	int ret;

	watch_begin(&watch, name);
	ret = chrext_driver_detach(drv, err);
	watch_end(&watch);
	if (!ret)
		ret = chrext_devices_wait_gone(name, devs, WAIT_SECONDS * 1000,
					       err);
	chrext_devices_free(devs);
	return ret;
}

/* Detach a driver and wait for it. Return: 0 or -errno, after a complaint. */
int driver_unload(const char *name)
{
	struct chrext_error *err = NULL;
	struct chrext_driver *drv = chrext_driver_find(name, &err);
	int ret = -ENOENT;

	if (drv)
		ret = unload(drv, &err);
	else if (err->code == -ENOENT)
		chrext_pins_clean(name);	/* left over from a killed loader */
	chrext_driver_free(drv);
	if (ret)
		complain_error(err);
	return ret;
}

int verb_unload(const struct options *opt)
{
	return driver_unload(opt->arg) ? EXIT_FAILED : EXIT_OK;
}
