// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drivers that are loaded at boot: DIR/drivers.d/NAME.conf. The key of a line is
 * "object", once, or a variable, as for --set.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

#define SUFFIX	".conf"

char *conf_drivers(const char *dir)
{
	return xprintf("%s/drivers.d", dir ? dir : CONF_DIR);
}

char *conf_path(const char *dir, const char *name)
{
	return xprintf("%s/drivers.d/%s" SUFFIX, dir ? dir : CONF_DIR, name);
}

void conf_free(struct conf *c)
{
	names_free(c->set, c->nr_set);
	free(c->object);
	free(c->name);
	*c = (struct conf) { };
}

static int object_line(struct conf *c, const char *path, const char *where)
{
	if (c->object) {
		complain("%s: there is an object already", where);
		return -EINVAL;
	}
	if (*path != '/') {
		complain("%s: bad object \"%s\": expected an absolute path",
			 where, path);
		return -EINVAL;
	}
	c->object = xprintf("%s", path);
	return 0;
}

static int read_line(void *arg, const char *text, const char *where)
{
	static const char object[] = "object=";
	struct conf *c = arg;

	if (!strchr(text, '=') || *text == '=') {
		complain("%s: expected object=FILE or VAR=VALUE", where);
		return -EINVAL;
	}
	if (!strncmp(text, object, strlen(object)))
		return object_line(c, text + strlen(object), where);
	c->set = xalloc(c->set, (c->nr_set + 1) * sizeof(*c->set));
	c->set[c->nr_set++] = xprintf("%s", text);
	return 0;
}

/* Return: 0, or -errno after a complaint; conf_free() either way. */
int conf_load(struct conf *c, const char *dir, const char *name)
{
	const char *problem = chrext_name_problem(name);
	char *path = conf_path(dir, name);
	unsigned int nr = 0;
	int err = -EINVAL;

	*c = (struct conf) { .name = xprintf("%s", name) };
	if (problem)
		complain("%s: bad name \"%s\": %s", path, name, problem);
	else
		err = conf_read(path, read_line, c, &nr);
	if (!err && !c->object) {
		complain("%s:%u: the file ends without an object", path, nr);
		err = -EINVAL;
	}
	free(path);
	return err;
}

static void fill(const void *arg, FILE *f)
{
	const struct conf *c = arg;
	size_t i;

	fprintf(f, "# A driver of chr_ext, see chrext(8).\nobject=%s\n",
		c->object);
	for (i = 0; i < c->nr_set; i++)
		fprintf(f, "%s\n", c->set[i]);
}

/* Return: 0, or -errno after a complaint. */
int conf_store(const struct conf *c, const char *dir)
{
	char *drivers = conf_drivers(dir);
	char *file = xprintf("%s" SUFFIX, c->name);
	int err = conf_write(drivers, file, fill, c);

	free(file);
	free(drivers);
	return err;
}

/* For object_get() and object_load(); the values are those of @c. */
struct options conf_options(const struct conf *c, const struct options *opt)
{
	return (struct options) {
		.arg = c->object,
		.set = (const char **)c->set,
		.nr_set = c->nr_set,
		.verbose = opt->verbose,
	};
}
