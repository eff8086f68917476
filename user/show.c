// SPDX-License-Identifier: GPL-2.0-only
/* chrext show: all that is known of one driver. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

struct shown {
	const char *name;
	struct chrext_driver *drv;	/* NULL: not known without privileges */
	struct chrext_devices *devs;
};

static const char *held(const struct shown *s)
{
	if (!s->drv)
		return "unknown";
	if (chrext_driver_get_pin(s->drv))
		return "pin";
	return chrext_driver_get_link_id(s->drv) ? "link" : "registration";
}

static json_t *json_counters(const struct chrext_device *d)
{
	json_t *counters = json_checked(json_object());
	const char *name;
	uint64_t value;
	size_t i;

	for (i = 0; chrext_device_get_counter(d, i, &name, &value); i++)
		json_put(counters, name, json_integer(value));
	return counters;
}

static json_t *json_device(const struct chrext_device *d)
{
	json_t *o = json_checked(json_object());

	json_put(o, "node", json_text(chrext_device_get_node(d)));
	json_put(o, "instance", json_integer(chrext_device_get_instance(d)));
	json_put(o, "id", json_integer(chrext_device_get_id(d)));
	json_put(o, "dev", json_text(chrext_device_get_dev(d)));
	json_put(o, "mode", json_text(chrext_device_get_mode(d)));
	json_put(o, "files", json_integer(chrext_device_get_files(d)));
	json_put(o, "waiting", json_integer(chrext_device_get_waiting(d)));
	json_put(o, "hardware",
		 json_text_or_null(chrext_device_get_hardware(d)));
	json_put(o, "board", json_text_or_null(chrext_device_get_board(d)));
	json_put(o, "statistics", json_counters(d));
	return o;
}

static json_t *json_programs(const struct chrext_driver *drv)
{
	json_t *all = json_checked(json_array()), *o;
	const char *op, *name;
	uint32_t id;
	size_t i;

	for (i = 0; (id = chrext_driver_get_program(drv, i, &op, &name)); i++) {
		o = json_checked(json_object());
		json_put(o, "op", json_text(op));
		json_put(o, "id", json_integer(id));
		json_put(o, "name", json_text(name));
		json_push(all, o);
	}
	return all;
}

static void json_held(json_t *o, const struct chrext_driver *drv)
{
	const char *pin = chrext_driver_get_pin(drv);
	uint32_t link = chrext_driver_get_link_id(drv);

	json_put(o, "pinned", pin ? json_text(pin) : json_null());
	json_put(o, "link_id", link ? json_integer(link) : json_null());
	json_put(o, "map_id", json_integer(chrext_driver_get_map_id(drv)));
	json_put(o, "compatible", json_text(chrext_driver_get_compatible(drv)));
	json_put(o, "programs", json_programs(drv));
}

static void show_json(const struct shown *s)
{
	json_t *o = json_checked(json_object());
	json_t *devs = json_checked(json_array());
	const struct chrext_device *d;
	size_t i;

	json_put(o, "driver", json_text(s->name));
	json_put(o, "state", json_text("attached"));
	json_put(o, "held", json_text(held(s)));
	if (s->drv)
		json_held(o, s->drv);
	for (i = 0; (d = chrext_devices_get(s->devs, i)); i++)
		json_push(devs, json_device(d));
	json_put(o, "devices", devs);
	json_print(o);
}

static void text_held(const struct shown *s)
{
	const char *pin = chrext_driver_get_pin(s->drv);
	const char *compatible = chrext_driver_get_compatible(s->drv);
	uint32_t link = chrext_driver_get_link_id(s->drv), id;
	const char *op, *name;
	size_t i;

	if (pin)
		printf("held by   %s\n", pin);
	else if (link)
		puts("held by   a process, by its link");
	else
		puts("held by   the kernel, registered without a link");
	if (link)
		printf("link      %u\n", link);
	printf("map       %u\n", chrext_driver_get_map_id(s->drv));
	if (*compatible)
		printf("hardware  %s%s\n", compatible,
		       chrext_devices_count(s->devs) ? "" : " (none is bound)");
	for (i = 0; (id = chrext_driver_get_program(s->drv, i, &op, &name)); i++)
		printf("%-8s  %-8s  %u  %s\n", i ? "" : "programs", op, id,
		       name);
}

static void text_number(const char *what, uint64_t n)
{
	printf("  %-13s  %llu\n", what, (unsigned long long)n);
}

static void text_string(const char *what, const char *text)
{
	if (*text)
		printf("  %-13s  %s\n", what, text);
}

static void text_device(const struct chrext_device *d)
{
	const char *name;
	uint64_t value;
	size_t i;

	printf("\n/dev/%s\n", chrext_device_get_node(d));
	text_number("instance", chrext_device_get_instance(d));
	text_number("id", chrext_device_get_id(d));
	text_string("dev", chrext_device_get_dev(d));
	text_string("mode", chrext_device_get_mode(d));
	text_string("hardware", chrext_device_get_hardware(d));
	text_string("board", chrext_device_get_board(d));
	text_number("files", chrext_device_get_files(d));
	text_number("waiting", chrext_device_get_waiting(d));
	for (i = 0; chrext_device_get_counter(d, i, &name, &value); i++)
		text_number(name, value);
}

static void show_text(const struct shown *s)
{
	const struct chrext_device *d;
	size_t i;

	printf("driver    %s\n", s->name);
	if (s->drv)
		text_held(s);
	else
		puts("held by   not known without CAP_SYS_ADMIN");
	for (i = 0; (d = chrext_devices_get(s->devs, i)); i++)
		text_device(d);
}

/* Not attached: the log may still have the reason. */
static int show_gone(const struct options *opt)
{
	static const char detached[] = "detached: ";
	struct chrext_record rec;
	json_t *o;

	if (!chrext_log_find(opt->arg, "-", detached, 0, &rec)) {
		complain("no driver named \"%s\" is loaded, or was recently",
			 opt->arg);
		return EXIT_FAILED;
	}
	if (!opt->json) {
		printf("driver    %s\n%s\n", opt->arg, rec.text);
		return EXIT_OK;
	}
	o = json_checked(json_object());
	json_put(o, "driver", json_text(opt->arg));
	json_put(o, "state", json_text("detached"));
	json_put(o, "reason", json_text(rec.text + strlen(detached)));
	json_put(o, "usec", json_integer(rec.usec));
	json_print(o);
	return EXIT_OK;
}

/* Return: whether the driver is attached, as far as sysfs shows it. */
static bool is_registered(const char *name)
{
	char *path = xprintf("/sys/bus/platform/drivers/" DRIVER_PREFIX "%s",
			     name);
	bool is = !chrext_name_problem(name) && path_exists(path);

	free(path);
	return is;
}

int verb_show(const struct options *opt)
{
	struct chrext_error *err = NULL;
	struct shown s = { .name = opt->arg };

	s.drv = chrext_driver_find(opt->arg, &err);
	if (!s.drv && err->code != -ENOENT && err->code != -EPERM) {
		complain_error(err);
		return EXIT_FAILED;
	}
	if (!s.drv) {
		chrext_error_free(err);
		if (!is_registered(opt->arg))
			return show_gone(opt);
	}
	s.devs = chrext_devices_list(opt->arg, &err);
	if (!s.devs)
		complain_error(err);
	else if (opt->json)
		show_json(&s);
	else
		show_text(&s);
	chrext_driver_free(s.drv);
	if (!s.devs)
		return EXIT_FAILED;
	chrext_devices_free(s.devs);
	return EXIT_OK;
}
