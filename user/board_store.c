// SPDX-License-Identifier: GPL-2.0-only
/*
 * chrext board save and restore: boards in files, DIR/NAME.board. The key of a line
 * is "compatible", once, or a con_id.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <gpiod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chrext.h"

#define SUFFIX	BOARD_SUFFIX

static const char *boards_dir(const struct options *opt)
{
	return opt->dir ? opt->dir : BOARDS_STORE;
}

static bool problem_of(const char *name, const char *what, const char *problem)
{
	if (problem)
		complain("board %s: cannot store \"%s\": %s", name, what,
			 problem);
	return problem;
}

/* A board made by hand in configfs can have what a file cannot express. */
static bool storable(const struct board *b)
{
	struct line l;
	bool bad = problem_of(b->name, b->name, board_problem(b->name));
	size_t i, j;

	for (i = 0; i < b->nr_cons && !bad; i++) {
		bad = problem_of(b->name, b->cons[i].id,
				 con_problem(b->cons[i].id));
		for (j = 0; j < b->cons[i].nr_lines && !bad; j++) {
			line_split(&l, b->cons[i].lines[j]);
			bad = problem_of(b->name, l.target,
					 line_problem(l.target));
			free(l.target);
		}
	}
	return !bad;
}

static void write_board(const void *arg, FILE *f)
{
	const struct board *b = arg;
	char *text;
	size_t i, j;

	fprintf(f, "# A board of chr_ext, see chrext(8).\ncompatible=%s\n",
		b->compatible);
	for (i = 0; i < b->nr_cons; i++) {
		for (j = 0; j < b->cons[i].nr_lines; j++) {
			text = line_print(b->cons[i].lines[j]);
			fprintf(f, "%s=%s\n", b->cons[i].id, text);
			free(text);
		}
	}
}

static int store(const struct board *b, const char *dir)
{
	char *file = xprintf("%s" SUFFIX, b->name);
	int err = conf_write(dir, file, write_board, b);

	free(file);
	return err;
}

int verb_board_save(const struct options *opt)
{
	struct board b;
	int err = -EINVAL;

	if (boards_check())
		return EXIT_FAILED;
	if (!board_exists(opt->arg)) {
		complain("there is no board %s", opt->arg);
		return EXIT_FAILED;
	}
	board_init(&b, opt->arg);
	board_read(&b);
	if (!*b.device)
		complain("board %s is not live; only live boards are stored",
			 b.name);
	else if (storable(&b))
		err = store(&b, boards_dir(opt));
	board_free(&b);
	return err ? EXIT_FAILED : EXIT_OK;
}

static int read_line(void *arg, const char *text, const char *where)
{
	return board_parse(arg, text, where);
}

/* Fill in a board of which only the name is set. */
int board_load(struct board *b, const char *dir)
{
	char *path = xprintf("%s/%s" SUFFIX, dir, b->name);
	const char *problem = board_problem(b->name);
	unsigned int nr = 0;
	int err = -EINVAL;

	if (problem)
		complain("bad board name \"%s\": %s", b->name, problem);
	else
		err = conf_read(path, read_line, b, &nr);
	if (!err && (!*b->compatible || !b->nr_cons)) {
		complain("%s:%u: the file ends without %s", path, nr,
			 *b->compatible ? "lines" : "a compatible");
		err = -EINVAL;
	}
	free(path);
	return err;
}

/* True if the board exists; *err is set if it is not live. */
static bool there_already(const struct board *b, int *err)
{
	struct board old;

	if (!board_exists(b->name))
		return false;
	board_init(&old, b->name);
	board_read(&old);
	if (!*old.device) {
		complain("board %s exists, but is not live; 'chrext board rm %s' first",
			 b->name, b->name);
		*err = -EBUSY;
	}
	board_free(&old);
	return true;
}

static bool line_there(const char *text)
{
	struct gpiod_line_info *info = NULL;
	struct line l;
	bool there;

	line_split(&l, text);
	there = gpio_find(&l, &info);
	gpiod_line_info_free(info);
	free(l.target);
	return there;
}

static bool lines_there(const struct board *b)
{
	size_t i, j;

	for (i = 0; i < b->nr_cons; i++)
		for (j = 0; j < b->cons[i].nr_lines; j++)
			if (!line_there(b->cons[i].lines[j]))
				return false;
	return true;
}

/*
 * Boards whose lines are missing wait for them. At the end of the time they are
 * created all the same: the kernel reports what is missing.
 */
static int make_all(struct board *boards, size_t nr, const char *dir,
		    unsigned int seconds)
{
	__u64 until = now_usec() + seconds * 1000000ULL;
	size_t i, left = nr;
	int err = 0;
	bool late;

	while (left) {
		late = now_usec() >= until;
		for (i = 0; i < nr; i++) {
			if (!boards[i].name ||
			    (!late && !lines_there(&boards[i])))
				continue;
			if (board_make(&boards[i], false) ||
			    board_own(boards[i].name, dir))
				err = -EIO;
			board_free(&boards[i]);
			memset(&boards[i], 0, sizeof(boards[i]));
			left--;
		}
		if (left)
			usleep(100000);
	}
	return err;
}

/* A board that fails does not stop the others. */
static int restore(char **names, size_t nr, const char *dir,
		   const struct options *opt)
{
	struct board *boards = xalloc(NULL, (nr + 1) * sizeof(*boards));
	size_t i, n = 0;
	int err = 0;

	for (i = 0; i < nr; i++) {
		board_init(&boards[n], names[i]);
		if (board_load(&boards[n], dir)) {
			err = -EINVAL;
		} else if (!there_already(&boards[n], &err)) {
			n++;
			continue;
		}
		board_free(&boards[n]);
	}
	if (make_all(boards, n, dir, opt->wait))
		err = -EIO;
	boards_free(boards, n);
	return err;
}

int verb_board_restore(const struct options *opt)
{
	const char *dir = boards_dir(opt);
	char **names = NULL;
	size_t nr = 0;
	int err;

	if (opt->nr_args) {
		err = boards_check();
		if (!err)
			err = restore(opt->args, opt->nr_args, dir, opt);
		return err ? EXIT_FAILED : EXIT_OK;
	}
	err = conf_names(dir, SUFFIX, &names, &nr);
	if (!err && nr)
		err = boards_check();
	if (!err)
		err = restore(names, nr, dir, opt);
	names_free(names, nr);
	return err ? EXIT_FAILED : EXIT_OK;
}
