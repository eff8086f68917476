// SPDX-License-Identifier: GPL-2.0-only
/* chrext enable and disable: what is loaded at boot. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chrext.h"

extern char **environ;

/* With --dir, the files are not those that systemd's units read. */
static bool has_systemd(const struct options *opt)
{
	return !opt->dir && path_exists("/run/systemd/system");
}

/* Return: 0, or -errno after a complaint. */
static int systemctl(const char *verb, const char *name)
{
	char *unit = xprintf("chr-ext@%s.service", name);
	char *argv[] = { "systemctl", "--quiet", (char *)verb, unit, NULL };
	int err, status = 0;
	pid_t pid;

	fflush(stdout);
	err = -posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (!err && waitpid(pid, &status, 0) < 0)
		err = -errno;
	if (err)
		complain("cannot run systemctl: %s", errno_text(err));
	else if (status)
		complain("'systemctl %s %s' failed; see 'systemctl status %s'", verb,
			 unit, unit);
	free(unit);
	return err ? err : status ? -EIO : 0;
}

/* The absolute path of a file that need not exist: versions may stand for it. */
static char *absolute(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? xprintf("%.*s", (int)(slash - path + 1), path) :
			    xprintf("%s", ".");
	char *real = realpath(dir, NULL), *all;

	all = xprintf("%s/%s", real && strcmp(real, "/") ? real : "",
		      slash ? slash + 1 : path);
	free(real);
	free(dir);
	return all;
}

/* Of its driver or, if there are several, of the file up to the first dot. */
static char *name_of(const struct chrext_object *o, const char *path)
{
	const char *s = strrchr(path, '/') + 1;

	if (chrext_object_num_drivers(o) == 1)
		return xprintf("%s", chrext_object_get_driver_name(o, 0));
	return xprintf("%.*s", (int)strcspn(s, "."), s);
}

static bool has_driver(const struct chrext_object *o, const char *name)
{
	size_t i;

	for (i = 0; i < chrext_object_num_drivers(o); i++)
		if (!strcmp(chrext_object_get_driver_name(o, i), name))
			return true;
	return false;
}

/* Return: true after a complaint, if the file @name has a driver of @o. */
static bool is_owner(const struct options *opt, const char *name,
		     const struct chrext_object *o)
{
	struct chrext_object *other = NULL;
	const char *driver = NULL;
	struct options options;
	struct conf c;
	char *path;
	size_t i;

	complain_mute(true);
	if (!conf_load(&c, opt->dir, name)) {
		options = conf_options(&c, opt);
		other = object_get(&options);
	}
	complain_mute(false);
	for (i = 0; other && i < chrext_object_num_drivers(other) && !driver; i++)
		if (has_driver(o, chrext_object_get_driver_name(other, i)))
			driver = chrext_object_get_driver_name(other, i);
	if (driver) {
		path = conf_path(opt->dir, name);
		complain("the driver \"%s\" is enabled already, by %s", driver,
			 path);
		free(path);
	}
	chrext_object_free(other);
	conf_free(&c);
	return driver;
}

static bool has_owner(const struct options *opt, const char *name,
		      const struct chrext_object *o)
{
	char *drivers = conf_drivers(opt->dir), **names;
	size_t nr, i;
	bool has = conf_names(drivers, ".conf", &names, &nr);

	for (i = 0; i < nr && !has; i++)
		has = strcmp(names[i], name) && is_owner(opt, names[i], o);
	names_free(names, nr);
	free(drivers);
	return has;
}

static bool one_line(const char *text)
{
	if (!strchr(text, '\n'))
		return true;
	complain("a newline cannot be stored: \"%s\"", text);
	return false;
}

static int conf_make(struct conf *c, const struct chrext_object *o,
		     const struct options *opt)
{
	size_t i, nr = opt->nr_set + !!opt->name;
	const char *problem;
	bool good;

	*c = (struct conf) { .object = absolute(opt->arg) };
	c->name = name_of(o, c->object);
	c->set = xalloc(NULL, (nr + 1) * sizeof(*c->set));
	for (; c->nr_set < opt->nr_set; c->nr_set++)
		c->set[c->nr_set] = xprintf("%s", opt->set[c->nr_set]);
	if (opt->name)
		c->set[c->nr_set++] = xprintf("name=%s", opt->name);
	problem = chrext_name_problem(c->name);
	if (problem) {
		complain("\"%s\" cannot be a name: %s", c->name, problem);
		return -EINVAL;
	}
	good = one_line(c->object);
	for (i = 0; i < nr && good; i++)
		good = one_line(c->set[i]);
	return good && !has_owner(opt, c->name, o) ? 0 : -EINVAL;
}

static int start_now(const struct options *opt, const char *name)
{
	struct options start = { .arg = name, .dir = opt->dir,
				 .verbose = opt->verbose };

	if (has_systemd(opt))
		return systemctl("reload-or-restart", name);
	return verb_start(&start) == EXIT_OK ? 0 : -EIO;
}

int verb_enable(const struct options *opt)
{
	struct chrext_object *o = object_get(opt);
	struct conf c;
	int err;

	if (!o)
		return EXIT_FAILED;
	err = conf_make(&c, o, opt);
	chrext_object_free(o);
	if (!err)
		err = conf_store(&c, opt->dir);
	if (!err && has_systemd(opt))
		err = systemctl("enable", c.name);
	if (!err && opt->now)
		err = start_now(opt, c.name);
	conf_free(&c);
	return err ? EXIT_FAILED : EXIT_OK;
}

static int stop_now(const struct options *opt)
{
	struct options stop = { .arg = opt->arg, .verbose = opt->verbose };

	if (has_systemd(opt))
		return systemctl("stop", opt->arg);
	return verb_stop(&stop) == EXIT_OK ? 0 : -EIO;
}

int verb_disable(const struct options *opt)
{
	const char *problem = chrext_name_problem(opt->arg);
	char *path = conf_path(opt->dir, opt->arg);
	int err = 0;

	if (problem) {
		complain("bad name \"%s\": %s", opt->arg, problem);
		err = -EINVAL;
	} else if (!path_exists(path)) {
		complain("\"%s\" is not enabled: there is no %s", opt->arg, path);
		err = -ENOENT;
	}
	if (!err && opt->now)
		err = stop_now(opt);
	if (!err && has_systemd(opt))
		err = systemctl("disable", opt->arg);
	if (!err && unlink(path)) {
		err = -errno;
		complain("cannot remove %s: %s%s", path, errno_text(err),
			 err == -EACCES ? ": run chrext as root" : "");
	}
	free(path);
	return err ? EXIT_FAILED : EXIT_OK;
}
