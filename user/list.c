// SPDX-License-Identifier: GPL-2.0-only
/* chrext list: drivers and their devices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

/* Why a driver has no node. */
static const char *nodeless(const struct device *d)
{
	return driver_is_virtual(d->driver) ? "its devices are unbound" :
					      "no hardware is bound to it";
}

static void print_json(const struct device *devs, size_t nr)
{
	const struct device *d;

	json_begin(NULL, '[');
	for (d = devs; d < devs + nr; d++) {
		json_begin(NULL, '{');
		json_string("driver", d->driver);
		if (*d->node) {
			json_string("node", d->node);
			json_number("instance", d->instance);
			json_number("files", d->files);
			json_number("opens", d->counters[COUNT_OPENS]);
			json_number("reads", d->counters[COUNT_READS]);
			json_number("writes", d->counters[COUNT_WRITES]);
			json_hardware(d);
		} else {
			json_null("node");
			json_string("why", nodeless(d));
		}
		json_end('}');
	}
	json_end(']');
}

static int widest(const char *s, int width)
{
	int len = strlen(s);

	return len > width ? len : width;
}

static void print_table(const struct device *devs, size_t nr)
{
	int driver = strlen("DRIVER"), node = strlen("NODE");
	const struct device *d;
	bool hardware = false;

	if (!nr)
		return;
	for (d = devs; d < devs + nr; d++) {
		driver = widest(d->driver, driver);
		node = widest(d->node, node);
		hardware |= *d->hardware;
	}
	printf("%-*s  %-*s  %8s  %5s  %10s  %10s  %10s%s\n", driver, "DRIVER",
	       node, "NODE", "INSTANCE", "FILES", "OPENS", "READS", "WRITES",
	       hardware ? "  HARDWARE" : "");
	for (d = devs; d < devs + nr; d++) {
		if (!*d->node) {
			printf("%-*s  %-*s  (%s)\n", driver, d->driver, node,
			       "-", nodeless(d));
			continue;
		}
		printf("%-*s  %-*s  %8llu  %5llu  %10llu  %10llu  %10llu%s%s\n",
		       driver, d->driver, node, d->node,
		       (unsigned long long)d->instance,
		       (unsigned long long)d->files,
		       (unsigned long long)d->counters[COUNT_OPENS],
		       (unsigned long long)d->counters[COUNT_READS],
		       (unsigned long long)d->counters[COUNT_WRITES],
		       *d->hardware ? "  " : "",
		       *d->board ? d->board : d->hardware);
	}
}

int verb_list(const struct options *opt)
{
	struct device *devs;
	size_t nr;
	int err;

	err = devices_get(NULL, &devs, &nr);
	if (err) {
		complain("cannot read " CLASS_DIR ": %s", errno_text(err));
		return EXIT_FAILED;
	}
	if (opt->json)
		print_json(devs, nr);
	else
		print_table(devs, nr);
	free(devs);
	if (nr || module_loaded())
		return EXIT_OK;
	complain("the chr_ext module is not loaded: run 'modprobe chr_ext'");
	return EXIT_FAILED;
}
