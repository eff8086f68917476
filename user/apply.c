// SPDX-License-Identifier: GPL-2.0-only
/*
 * chrext apply, start and stop: make what runs equal to the files of enabled
 * drivers. Boards are in apply_board.c.
 *
 * A driver is what its file has if the maps in the kernel are those that were
 * loaded from the same object with the same values. Drivers that were loaded by
 * other means, and have no file, are left alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

/* A file, and what runs because of it. */
struct unit {
	struct conf conf;
	struct options opt;	/* of its object */
	struct chrext_object *o;	/* NULL: the file or the object is broken */
	uint64_t digest;	/* of the object and its values */
};

struct apply {
	const struct options *opt;
	char *dir;		/* absolute */
	const char *only;	/* the file to work on, or NULL for all */
	struct unit *units;
	size_t nr_units;
	bool failed;
};

static void did(const struct apply *a, const char *driver, const char *what)
{
	printf("driver %s: %s%s\n", driver, a->opt->dry_run ? "to be " : "", what);
}

/* FNV-1a, as for the object. */
static uint64_t digest_get(const struct unit *u)
{
	uint64_t digest = chrext_object_get_digest(u->o);
	const char *s;
	size_t i;

	for (i = 0; i < u->conf.nr_set; i++) {
		s = u->conf.set[i];
		do {
			digest = (digest ^ (unsigned char)*s) * 0x100000001b3;
		} while (*s++);
	}
	return digest;
}

static size_t unit_drivers(const struct unit *u)
{
	return u->o ? chrext_object_num_drivers(u->o) : 0;
}

static const char *unit_driver(const struct unit *u, size_t i)
{
	return chrext_object_get_driver_name(u->o, i);
}

/* The file other than @not that has a driver, or NULL. */
static struct unit *unit_of(const struct apply *a, const char *driver,
			    const struct unit *not)
{
	struct unit *u;
	size_t i;

	for (u = a->units; u < a->units + a->nr_units; u++)
		for (i = 0; u != not && i < unit_drivers(u); i++)
			if (!strcmp(unit_driver(u, i), driver))
				return u;
	return NULL;
}

/* The map of a driver that is loaded, or 0. */
static uint32_t map_of(const char *driver)
{
	struct chrext_driver *drv = chrext_driver_find(driver, NULL);
	uint32_t id = drv ? chrext_driver_get_map_id(drv) : 0;

	chrext_driver_free(drv);
	return id;
}

static bool is_equal(const struct unit *u, const struct run_state *s)
{
	size_t i, nr = unit_drivers(u);

	if (!*s->dir || s->digest != u->digest || s->nr_drivers != nr)
		return false;
	for (i = 0; i < nr; i++)
		if (strcmp(s->drivers[i].name, unit_driver(u, i)) ||
		    s->drivers[i].map_id != map_of(s->drivers[i].name))
			return false;
	return true;
}

static bool is_running(const struct unit *u)
{
	size_t i;

	for (i = 0; i < unit_drivers(u); i++)
		if (map_of(unit_driver(u, i)))
			return true;
	return false;
}

/* Unload what runs because of a file, or has the name of a driver in it. */
static int make_room(const struct apply *a, const struct unit *u,
		     const struct run_state *s)
{
	const char *name;
	int err = 0;
	size_t i;

	for (i = 0; i < s->nr_drivers && !err; i++) {
		name = s->drivers[i].name;
		if (map_of(name) == s->drivers[i].map_id && !unit_of(a, name, u))
			err = driver_unload(name);
	}
	for (i = 0; i < unit_drivers(u) && !err; i++)
		if (map_of(unit_driver(u, i)))
			err = driver_unload(unit_driver(u, i));
	return err;
}

/* Only one driver can be replaced, and only by one of its name. */
static bool try_replace(const struct unit *u, const struct run_state *s,
			struct chrext_object *o)
{
	struct chrext_error *err = NULL;
	struct watch watch;
	int ret;

	if (unit_drivers(u) != 1 ||
	    (s->nr_drivers && (s->nr_drivers != 1 ||
			       strcmp(s->drivers[0].name, unit_driver(u, 0)))))
		return false;
	watch_begin(&watch, unit_driver(u, 0));
	ret = chrext_object_replace(o, &err);
	watch_end(&watch);
	if (ret && u->opt.verbose)
		complain("%s", err->text);
	chrext_error_free(err);
	return !ret;
}

/* Return: what was done, or NULL after a complaint. */
static const char *bring_up(const struct apply *a, struct unit *u,
			    struct run_state *s, struct chrext_object *o)
{
	struct chrext_error *err = NULL;
	bool running = is_running(u);

	if (a->opt->dry_run)
		return running ? "replaced" : "loaded";
	if (running && try_replace(u, s, o))
		return "replaced";
	if (make_room(a, u, s))
		return NULL;
	state_reset(s, "", 0);
	if (object_bring_up(o, &u->opt, -1, &err) == EXIT_OK)
		return running ? "unloaded and loaded again" : "loaded";
	if (err)
		complain_error(err);
	return NULL;
}

/* Record what runs now. Return: 0, or -errno after a complaint. */
static int record(const struct apply *a, const struct unit *u, struct run_state *s)
{
	size_t i;

	state_reset(s, a->dir, u->digest);
	for (i = 0; i < unit_drivers(u); i++)
		state_add(s, unit_driver(u, i), map_of(unit_driver(u, i)));
	return state_store(s, u->conf.name);
}

/* The verifier comes first: a driver that is rejected leaves the old one alone. */
static int unit_change(const struct apply *a, struct unit *u, struct run_state *s)
{
	struct chrext_object *o;
	const char *what;
	size_t i;
	int err = 0;

	o = object_load(&u->opt, CHREXT_CHECK_LOAD |
				 (a->opt->dry_run ? 0 : CHREXT_CHECK_PIN));
	if (!o)
		return -EINVAL;
	what = bring_up(a, u, s, o);
	chrext_object_free(o);
	for (i = 0; what && i < unit_drivers(u); i++)
		did(a, unit_driver(u, i), what);
	if (a->opt->dry_run)
		return 0;
	err = what ? record(a, u, s) : state_store(s, u->conf.name);
	return what ? err : -EIO;
}

static int unit_apply(const struct apply *a, struct unit *u)
{
	struct run_state s;
	int err = 0;

	state_open(&s, u->conf.name, !a->opt->dry_run);
	if (!is_equal(u, &s))
		err = unit_change(a, u, &s);
	else if (strcmp(s.dir, a->dir) && !a->opt->dry_run)
		err = record(a, u, &s);
	state_close(&s);
	return err;
}

static void unit_free(struct unit *u)
{
	chrext_object_free(u->o);
	conf_free(&u->conf);
}

static void unit_open(struct apply *a, const char *name)
{
	struct unit *u;

	a->units = xalloc(a->units, (a->nr_units + 1) * sizeof(*a->units));
	u = &a->units[a->nr_units++];
	*u = (struct unit) { };
	/* What is wrong with other files is not of interest. */
	complain_mute(a->only && strcmp(a->only, name));
	if (!conf_load(&u->conf, a->dir, name)) {
		u->opt = conf_options(&u->conf, a->opt);
		u->o = object_get(&u->opt);
	}
	complain_mute(false);
	if (u->o)
		u->digest = digest_get(u);
	else if (!a->only || !strcmp(a->only, name))
		a->failed = true;
}

static void units_open(struct apply *a)
{
	char *drivers = conf_drivers(a->dir), **names;
	size_t nr, i;

	if (conf_names(drivers, ".conf", &names, &nr))
		a->failed = true;
	for (i = 0; i < nr; i++)
		unit_open(a, names[i]);
	names_free(names, nr);
	free(drivers);
}

/* Another file has a driver of this one: neither is touched. */
static bool is_doubled(const struct apply *a, const struct unit *u)
{
	const struct unit *other;
	size_t i;

	for (i = 0; i < unit_drivers(u); i++) {
		other = unit_of(a, unit_driver(u, i), u);
		if (!other)
			continue;
		complain("%s/drivers.d/%s.conf: the driver \"%s\" is in %s.conf too",
			 a->dir, u->conf.name, unit_driver(u, i),
			 other->conf.name);
		return true;
	}
	return false;
}

/* What ran because of a file that is gone. */
static void prune_one(struct apply *a, const char *name)
{
	const char *driver;
	struct run_state s;
	int err = 0;
	size_t i;

	state_open(&s, name, !a->opt->dry_run);
	for (i = 0; i < s.nr_drivers && !strcmp(s.dir, a->dir); i++) {
		driver = s.drivers[i].name;
		if (map_of(driver) != s.drivers[i].map_id ||
		    unit_of(a, driver, NULL))
			continue;
		if (!a->opt->dry_run && driver_unload(driver)) {
			err = -EIO;
			continue;
		}
		did(a, driver, "unloaded");
	}
	if (!a->opt->dry_run && !err && !strcmp(s.dir, a->dir)) {
		state_reset(&s, "", 0);
		err = state_store(&s, name);
	}
	state_close(&s);
	a->failed |= err;
}

static void prune(struct apply *a)
{
	char **names, *path;
	size_t nr, i;

	if (state_names(&names, &nr))
		a->failed = true;
	for (i = 0; i < nr; i++) {
		path = conf_path(a->dir, names[i]);
		if (!path_exists(path))
			prune_one(a, names[i]);
		free(path);
	}
	names_free(names, nr);
}

static void apply_free(struct apply *a)
{
	while (a->nr_units)
		unit_free(&a->units[--a->nr_units]);
	free(a->units);
	free(a->dir);
}

/* Return: false after a complaint. */
static bool apply_begin(struct apply *a, const struct options *opt,
			const char *dir)
{
	char *real = realpath(dir ? dir : CONF_DIR, NULL);

	*a = (struct apply) { .opt = opt };
	if (!real && dir) {
		complain("cannot read %s: %s", dir, strerror(errno));
		return false;
	}
	a->dir = xprintf("%s", real ? real : CONF_DIR);
	free(real);
	return true;
}

int verb_apply(const struct options *opt)
{
	struct apply a;
	size_t i;

	if (!apply_begin(&a, opt, opt->arg))
		return EXIT_FAILED;
	units_open(&a);
	prune(&a);
	if (boards_apply(a.dir, opt))
		a.failed = true;
	for (i = 0; i < a.nr_units; i++)
		if (a.units[i].o && (is_doubled(&a, &a.units[i]) ||
				     unit_apply(&a, &a.units[i])))
			a.failed = true;
	apply_free(&a);
	return a.failed ? EXIT_FAILED : EXIT_OK;
}

/* Return: false after a complaint. */
static bool is_name(const char *name)
{
	const char *problem = chrext_name_problem(name);

	if (problem)
		complain("bad name \"%s\": %s", name, problem);
	return !problem;
}

int verb_start(const struct options *opt)
{
	char *path = conf_path(opt->dir, opt->arg);
	struct apply a = { };
	size_t i;

	if (!is_name(opt->arg) || !apply_begin(&a, opt, opt->dir)) {
		a.failed = true;
	} else if (!path_exists(path)) {
		complain("\"%s\" is not enabled: there is no %s", opt->arg, path);
		a.failed = true;
	} else {
		a.only = opt->arg;
		units_open(&a);
	}
	for (i = 0; i < a.nr_units; i++)
		if (!strcmp(a.units[i].conf.name, opt->arg) && a.units[i].o &&
		    (is_doubled(&a, &a.units[i]) || unit_apply(&a, &a.units[i])))
			a.failed = true;
	free(path);
	apply_free(&a);
	return a.failed ? EXIT_FAILED : EXIT_OK;
}

/* Needs no file: that may be gone. */
int verb_stop(const struct options *opt)
{
	struct run_state s;
	int err = 0;
	size_t i;

	if (!is_name(opt->arg))
		return EXIT_FAILED;
	state_open(&s, opt->arg, true);
	for (i = 0; i < s.nr_drivers; i++)
		if (map_of(s.drivers[i].name) && driver_unload(s.drivers[i].name))
			err = -EIO;
	if (!err && *s.dir) {
		state_reset(&s, "", 0);
		err = state_store(&s, opt->arg);
	}
	state_close(&s);
	return err ? EXIT_FAILED : EXIT_OK;
}
