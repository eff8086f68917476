// SPDX-License-Identifier: GPL-2.0-only
/* chrext list: drivers and their devices. */
#include <stdio.h>
#include <string.h>

#include "chrext.h"

static json_t *json_device(const struct chrext_device *d)
{
	static const char *const counters[] = { "opens", "reads", "writes" };
	json_t *o = json_checked(json_object());
	size_t i;

	json_put(o, "driver", json_text(chrext_device_get_driver(d)));
	if (!*chrext_device_get_node(d)) {
		json_put(o, "node", json_null());
		json_put(o, "why", json_text(chrext_device_get_why(d)));
		return o;
	}
	json_put(o, "node", json_text(chrext_device_get_node(d)));
	json_put(o, "instance", json_integer(chrext_device_get_instance(d)));
	json_put(o, "files", json_integer(chrext_device_get_files(d)));
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		json_put(o, counters[i], json_integer(
			 chrext_device_find_counter(d, counters[i])));
	json_put(o, "hardware",
		 json_text_or_null(chrext_device_get_hardware(d)));
	json_put(o, "board", json_text_or_null(chrext_device_get_board(d)));
	return o;
}

static void print_json(const struct chrext_devices *devs)
{
	json_t *all = json_checked(json_array());
	const struct chrext_device *d;
	size_t i;

	for (i = 0; (d = chrext_devices_get(devs, i)); i++)
		json_push(all, json_device(d));
	json_print(all);
}

static int widest(const char *s, int width)
{
	int len = strlen(s);

	return len > width ? len : width;
}

static void print_device(const struct chrext_device *d, int driver, int node)
{
	const char *hardware = chrext_device_get_hardware(d);
	const char *board = chrext_device_get_board(d);

	if (!*chrext_device_get_node(d)) {
		printf("%-*s  %-*s  (%s)\n", driver,
		       chrext_device_get_driver(d), node, "-",
		       chrext_device_get_why(d));
		return;
	}
	printf("%-*s  %-*s  %8llu  %5llu  %10llu  %10llu  %10llu%s%s\n", driver,
	       chrext_device_get_driver(d), node, chrext_device_get_node(d),
	       (unsigned long long)chrext_device_get_instance(d),
	       (unsigned long long)chrext_device_get_files(d),
	       (unsigned long long)chrext_device_find_counter(d, "opens"),
	       (unsigned long long)chrext_device_find_counter(d, "reads"),
	       (unsigned long long)chrext_device_find_counter(d, "writes"),
	       *hardware ? "  " : "", *board ? board : hardware);
}

static void print_table(const struct chrext_devices *devs)
{
	int driver = strlen("DRIVER"), node = strlen("NODE");
	const struct chrext_device *d;
	bool hardware = false;
	size_t i;

	for (i = 0; (d = chrext_devices_get(devs, i)); i++) {
		driver = widest(chrext_device_get_driver(d), driver);
		node = widest(chrext_device_get_node(d), node);
		hardware |= *chrext_device_get_hardware(d);
	}
	if (i)
		printf("%-*s  %-*s  %8s  %5s  %10s  %10s  %10s%s\n", driver,
		       "DRIVER", node, "NODE", "INSTANCE", "FILES", "OPENS",
		       "READS", "WRITES", hardware ? "  HARDWARE" : "");
	for (i = 0; (d = chrext_devices_get(devs, i)); i++)
		print_device(d, driver, node);
}

int verb_list(const struct options *opt)
{
	struct chrext_error *err = NULL;
	struct chrext_devices *devs = chrext_devices_list(NULL, &err);
	int ret = EXIT_OK;

	if (!devs) {
		complain_error(err);
		return EXIT_FAILED;
	}
	if (opt->json)
		print_json(devs);
	else
		print_table(devs);
	if (!chrext_devices_count(devs) && !path_exists("/sys/module/chr_ext")) {
		chrext_check(CHREXT_CHECK_MODULE, &err);
		complain_error(err);
		ret = EXIT_FAILED;
	}
	chrext_devices_free(devs);
	return ret;
}
