// SPDX-License-Identifier: GPL-2.0-only
/* chrext show: all that is known of one driver. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

struct shown {
	const char *name;
	struct driver drv;
	bool known;		/* drv is filled */
	char *pin;
	struct device *devs;
	size_t nr_devs;
};

static const char *held(const struct shown *s)
{
	if (!s->known)
		return "unknown";
	if (s->pin)
		return "pin";
	return s->drv.link_id ? "link" : "registration";
}

static void json_device(const struct device *d)
{
	size_t i;

	json_begin(NULL, '{');
	json_string("node", d->node);
	json_number("instance", d->instance);
	json_number("id", d->id);
	json_string("dev", d->dev);
	json_string("mode", d->mode);
	json_number("files", d->files);
	json_number("waiting", d->waiting);
	json_hardware(d);
	json_begin("statistics", '{');
	for (i = 0; i < NR_COUNTERS; i++)
		json_number(counter_names[i], d->counters[i]);
	json_end('}');
	json_end('}');
}

static void json_held(const struct shown *s)
{
	size_t i;

	if (s->pin)
		json_string("pinned", s->pin);
	else
		json_null("pinned");
	if (s->drv.link_id)
		json_number("link_id", s->drv.link_id);
	else
		json_null("link_id");
	json_number("map_id", s->drv.map_id);
	json_string("compatible", s->drv.compatible);
	json_begin("programs", '[');
	for (i = 0; i < s->drv.nr_progs; i++) {
		json_begin(NULL, '{');
		json_string("op", s->drv.progs[i].op);
		json_number("id", s->drv.progs[i].id);
		json_string("name", s->drv.progs[i].name);
		json_end('}');
	}
	json_end(']');
}

static void show_json(const struct shown *s)
{
	size_t i;

	json_begin(NULL, '{');
	json_string("driver", s->name);
	json_string("state", "attached");
	json_string("held", held(s));
	if (s->known)
		json_held(s);
	json_begin("devices", '[');
	for (i = 0; i < s->nr_devs; i++)
		json_device(&s->devs[i]);
	json_end(']');
	json_end('}');
}

static void text_held(const struct shown *s)
{
	size_t i;

	if (s->pin)
		printf("held by   %s\n", s->pin);
	else if (s->drv.link_id)
		puts("held by   a process, by its link");
	else
		puts("held by   the kernel, registered without a link");
	if (s->drv.link_id)
		printf("link      %u\n", s->drv.link_id);
	printf("map       %u\n", s->drv.map_id);
	if (*s->drv.compatible)
		printf("hardware  %s%s\n", s->drv.compatible,
		       s->nr_devs ? "" : " (none is bound)");
	for (i = 0; i < s->drv.nr_progs; i++)
		printf("%-8s  %-8s  %u  %s\n", i ? "" : "programs",
		       s->drv.progs[i].op, s->drv.progs[i].id,
		       s->drv.progs[i].name);
}

static void text_device(const struct device *d)
{
	size_t i;

	printf("\n/dev/%s\n", d->node);
	printf("  %-13s  %llu\n", "instance", (unsigned long long)d->instance);
	printf("  %-13s  %llu\n", "id", (unsigned long long)d->id);
	printf("  %-13s  %s\n", "dev", d->dev);
	printf("  %-13s  %s\n", "mode", d->mode);
	if (*d->hardware)
		printf("  %-13s  %s\n", "hardware", d->hardware);
	if (*d->board)
		printf("  %-13s  %s\n", "board", d->board);
	printf("  %-13s  %llu\n", "files", (unsigned long long)d->files);
	printf("  %-13s  %llu\n", "waiting", (unsigned long long)d->waiting);
	for (i = 0; i < NR_COUNTERS; i++)
		printf("  %-13s  %llu\n", counter_names[i],
		       (unsigned long long)d->counters[i]);
}

static void show_text(const struct shown *s)
{
	size_t i;

	printf("driver    %s\n", s->name);
	if (s->known)
		text_held(s);
	else
		puts("held by   not known without CAP_SYS_ADMIN");
	for (i = 0; i < s->nr_devs; i++)
		text_device(&s->devs[i]);
}

/* Not attached: was it lately, and why not now? */
static int show_gone(const struct options *opt)
{
	static const char detached[] = "detached: ";
	struct record rec;

	if (name_problem(opt->arg) ||
	    !log_find(opt->arg, "-", detached, 0, &rec)) {
		complain("no driver named \"%s\" is loaded, or was lately",
			 opt->arg);
		return EXIT_FAILED;
	}
	if (!opt->json) {
		printf("driver    %s\n%s\n", opt->arg, rec.text);
		return EXIT_OK;
	}
	json_begin(NULL, '{');
	json_string("driver", opt->arg);
	json_string("state", "detached");
	json_string("reason", rec.text + strlen(detached));
	json_number("usec", rec.usec);
	json_end('}');
	return EXIT_OK;
}

static int show_attached(struct shown *s, const struct options *opt)
{
	int err;

	err = devices_get(s->name, &s->devs, &s->nr_devs);
	if (err) {
		complain("cannot read " CLASS_DIR ": %s", errno_text(err));
		return EXIT_FAILED;
	}
	if (s->known)
		s->pin = driver_pin(&s->drv);
	if (opt->json)
		show_json(s);
	else
		show_text(s);
	free(s->pin);
	free(s->devs);
	return EXIT_OK;
}

int verb_show(const struct options *opt)
{
	struct shown s = { .name = opt->arg };
	int ret;

	ret = driver_find(opt->arg, &s.drv);
	s.known = ret == 1;
	if (s.known || (ret == -EPERM && !name_problem(opt->arg) &&
			driver_registered(opt->arg))) {
		ret = show_attached(&s, opt);
	} else if (ret == 0 || ret == -EPERM) {
		ret = show_gone(opt);
	} else {
		complain("cannot look for driver \"%s\": %s", opt->arg,
			 errno_text(ret));
		ret = EXIT_FAILED;
	}
	driver_free(&s.drv);
	return ret;
}
