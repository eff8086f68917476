// SPDX-License-Identifier: GPL-2.0-only
/* chrext apply: make boards equal to the files in boards.d. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

static void did(const struct options *opt, const char *board, const char *what)
{
	printf("board %s: %s%s\n", board, opt->dry_run ? "to be " : "", what);
}

static const struct con *con_find(const struct board *b, const char *id)
{
	const struct con *con;

	for (con = b->cons; con < b->cons + b->nr_cons; con++)
		if (!strcmp(con->id, id))
			return con;
	return NULL;
}

/* In whichever order the flags are. */
static bool line_is(const char *x, const char *y)
{
	char *a = line_print(x), *b = line_print(y);
	bool is = !strcmp(a, b);

	free(a);
	free(b);
	return is;
}

static bool con_is(const struct con *a, const struct con *b)
{
	size_t i;

	if (!b || a->nr_lines != b->nr_lines)
		return false;
	for (i = 0; i < a->nr_lines; i++)
		if (!line_is(a->lines[i], b->lines[i]))
			return false;
	return true;
}

static bool board_is(const struct board *a, const struct board *b)
{
	size_t i;

	if (strcmp(a->compatible, b->compatible) || a->nr_cons != b->nr_cons)
		return false;
	for (i = 0; i < a->nr_cons; i++)
		if (!con_is(&a->cons[i], con_find(b, a->cons[i].id)))
			return false;
	return true;
}

/* What has to be done to make the board @b, or NULL. */
static const char *needed(const struct board *b)
{
	const char *what = "made again";
	struct board old;

	if (!board_exists(b->name))
		return "made";
	board_init(&old, b->name);
	board_read(&old);
	if (*old.device && board_is(b, &old))
		what = NULL;
	board_free(&old);
	return what;
}

static int unmake(const char *name)
{
	int err = board_unmake(name);

	if (err)
		complain("cannot remove board %s: %s%s", name, errno_text(err),
			 err == -EACCES || err == -EPERM ? ": run chrext as root" :
							   "");
	return err;
}

static int board_apply(const struct board *b, const char *dir,
		       const struct options *opt)
{
	const char *what = needed(b);
	int err = 0;

	if (!what && (opt->dry_run || board_is_owned(b->name, dir)))
		return 0;
	if (what && !opt->dry_run) {
		if (board_exists(b->name))
			err = unmake(b->name);
		if (!err)
			err = board_make(b, false);
	}
	if (!err && what)
		did(opt, b->name, what);
	return err || opt->dry_run ? err : board_own(b->name, dir);
}

/* A board whose file is gone. */
static int prune_one(const char *name, const char *dir, const struct options *opt)
{
	bool exists = board_exists(name);
	char *path;
	bool there;

	path = xprintf("%s/%s" BOARD_SUFFIX, dir, name);
	there = path_exists(path);
	free(path);
	if (there || !board_is_owned(name, dir))
		return 0;
	if (exists && !opt->dry_run && unmake(name))
		return -EIO;
	if (exists)
		did(opt, name, "removed");
	if (!opt->dry_run)
		board_disown(name);
	return 0;
}

static int prune(const char *dir, const struct options *opt)
{
	char **names;
	size_t nr, i;
	int err = boards_owned(&names, &nr);

	for (i = 0; i < nr; i++)
		if (prune_one(names[i], dir, opt))
			err = -EIO;
	names_free(names, nr);
	return err;
}

/* Return: 0, or -errno after a complaint. A board that fails does not stop others. */
int boards_apply(const char *conf, const struct options *opt)
{
	char *dir = xprintf("%s/boards.d", conf), **names;
	struct board b;
	size_t nr, i;
	int err;

	err = prune(dir, opt);
	if (conf_names(dir, BOARD_SUFFIX, &names, &nr) || (nr && boards_check())) {
		names_free(names, nr);
		free(dir);
		return -EIO;
	}
	for (i = 0; i < nr; i++) {
		board_init(&b, names[i]);
		if (board_load(&b, dir) || board_apply(&b, dir, opt))
			err = -EIO;
		board_free(&b);
	}
	names_free(names, nr);
	free(dir);
	return err;
}
