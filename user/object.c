// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file that a verb is given, with --set and --name applied.
 *
 * There can be several versions of one driver: where DIR/NAME.bpf.o is not there,
 * DIR/0010-NAME.bpf.o and the like stand for it, and the one with the highest
 * number that fits this machine is taken.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

static struct chrext_object *open_file(const struct options *opt, const char *path,
				       struct chrext_error **err)
{
	struct chrext_object *o = chrext_object_open(path, err);
	int ret = 0;
	size_t i;

	if (!o)
		return NULL;
	chrext_object_set_notify(o, complain_note, NULL, opt->verbose);
	for (i = 0; i < opt->nr_set && !ret; i++)
		ret = chrext_object_set(o, opt->set[i], err);
	if (!ret && opt->name)
		ret = chrext_object_set_name(o, opt->name, err);
	if (!ret)
		return o;
	chrext_object_free(o);
	return NULL;
}

/* Open a file; with @load, let the kernel verify it. */
static struct chrext_object *take(const struct options *opt, const char *path,
				  bool load, struct chrext_error **err)
{
	struct chrext_object *o = open_file(opt, path, err);

	if (!o || !load || !chrext_object_load(o, err))
		return o;
	chrext_object_free(o);
	return NULL;
}

/* The digits before "-NAME", or 0. */
static size_t version_len(const char *file, const char *name)
{
	size_t len = strspn(file, "0123456789");

	return file[len] == '-' && !strcmp(file + len + 1, name) ? len : 0;
}

/* Highest first. */
static int version_cmp(const void *a, const void *b)
{
	const char *x = *(char **)a, *y = *(char **)b;

	return -strverscmp(strrchr(x, '/') + 1, strrchr(y, '/') + 1);
}

/* Paths of the versions of a file, the highest first. */
static void versions_find(const char *path, char ***paths, size_t *nr)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *dir = slash ? xprintf("%.*s", (int)(slash - path + 1), path) :
			    xprintf("%s", "./");
	DIR *d = opendir(dir);
	struct dirent *e;

	*paths = NULL;
	*nr = 0;
	while (d && (e = readdir(d))) {
		if (!version_len(e->d_name, name))
			continue;
		*paths = xalloc(*paths, (*nr + 1) * sizeof(**paths));
		(*paths)[(*nr)++] = xprintf("%s%s", dir, e->d_name);
	}
	if (d)
		closedir(d);
	if (*nr)
		qsort(*paths, *nr, sizeof(**paths), version_cmp);
	free(dir);
}

/* The first that fits, or NULL with the reason why the highest does not. */
static struct chrext_object *pick(const struct options *opt, char **paths,
				  size_t nr, bool load,
				  struct chrext_error **err)
{
	/* Without the module, nothing would fit. */
	bool check = !chrext_check(CHREXT_CHECK_MODULE, NULL);
	struct chrext_object *o = NULL;
	struct chrext_error *why;
	size_t i;

	for (i = 0; i < nr && !o; i++) {
		why = NULL;
		o = take(opt, paths[i], false, &why);
		if (o && ((check && chrext_object_check(o, &why)) ||
			  (load && chrext_object_load(o, &why)))) {
			chrext_object_free(o);
			o = NULL;
		}
		if (o && opt->verbose)
			complain("took %s, the highest version that fits",
				 paths[i]);
		else if (!o && opt->verbose)
			complain("skipped %s: %s", paths[i], why->text);
		if (!o && !*err)
			*err = why;
		else
			chrext_error_free(why);
	}
	if (o) {
		chrext_error_free(*err);
		*err = NULL;
	}
	return o;
}

static struct chrext_object *find(const struct options *opt, bool load,
				  struct chrext_error **err)
{
	struct chrext_object *o;
	char **paths = NULL;
	size_t nr = 0;

	if (!path_exists(opt->arg))
		versions_find(opt->arg, &paths, &nr);
	o = nr ? pick(opt, paths, nr, load, err) : take(opt, opt->arg, load, err);
	names_free(paths, nr);
	return o;
}

/* Open the file. Return: NULL after a complaint. */
struct chrext_object *object_get(const struct options *opt)
{
	struct chrext_error *err = NULL;
	struct chrext_object *o = find(opt, false, &err);

	if (!o)
		complain_error(err);
	return o;
}

/**
 * object_load() - open the file and load it, as far as the verifier
 * @opt: has the file
 * @checks: CHREXT_CHECK_*, what the machine needs
 *
 * Return: NULL after a complaint.
 */
struct chrext_object *object_load(const struct options *opt, unsigned int checks)
{
	struct chrext_error *err = NULL;
	struct chrext_object *o;
	int ret = chrext_check(checks, &err);

	if (!ret) {
		o = find(opt, true, &err);
	} else {
		/* What is wrong with the file comes first. */
		o = object_get(opt);
		if (!o) {
			chrext_error_free(err);
			return NULL;
		}
		chrext_object_free(o);
		o = NULL;
	}
	if (!o)
		complain_error(err);
	return o;
}
