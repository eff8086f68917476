// SPDX-License-Identifier: GPL-2.0-only
/* chrext replace: another version of a driver, under its open files. */
#include "chrext.h"

int verb_replace(const struct options *opt)
{
	struct chrext_object *o = object_load(opt, CHREXT_CHECK_LOAD |
						   CHREXT_CHECK_PIN);
	struct chrext_error *err = NULL;
	struct watch watch;
	int ret;

	if (!o)
		return EXIT_FAILED;
	watch_begin(&watch, chrext_object_get_driver_name(o, 0));
	ret = chrext_object_replace(o, &err);
	watch_end(&watch);
	if (ret)
		complain_error(err);
	chrext_object_free(o);
	return ret ? EXIT_FAILED : EXIT_OK;
}
