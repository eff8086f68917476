// SPDX-License-Identifier: GPL-2.0-only
/*
 * chrext board save and restore: boards in files, DIR/NAME.board. A line is
 * KEY=VALUE, where KEY is "compatible", once, or a con_id. Empty lines and lines
 * that start with # are ignored.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <gpiod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chrext.h"

#define SUFFIX	".board"

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

static void write_board(const struct board *b, FILE *f)
{
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

static int make_dirs(const char *path)
{
	char *dir = xprintf("%s", path), *slash = dir;
	int err = 0;

	do {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = 0;
		if (mkdir(dir, 0755) && errno != EEXIST)
			err = -errno;
		if (slash)
			*slash = '/';
	} while (slash && !err);
	free(dir);
	return err;
}

/* Replace the file as a whole. */
static int store(const struct board *b, const char *dir)
{
	char *path = xprintf("%s/%s" SUFFIX, dir, b->name);
	char *new = xprintf("%s.new", path);
	int err = make_dirs(dir);
	FILE *f;

	f = err ? NULL : fopen(new, "we");
	if (f) {
		write_board(b, f);
		if (fflush(f) || fsync(fileno(f)))
			err = -errno;
		if (fclose(f) && !err)
			err = -errno;
		if (!err && rename(new, path))
			err = -errno;
		if (err)
			unlink(new);
	} else if (!err) {
		err = -errno;
	}
	if (err)
		complain("cannot write %s: %s%s", path, errno_text(err),
			 err == -EROFS ? "; use --dir DIR" : "");
	free(new);
	free(path);
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
		err = store(&b, opt->dir);
	board_free(&b);
	return err ? EXIT_FAILED : EXIT_OK;
}

static int read_line(struct board *b, const char *text, size_t len,
		     const char *where)
{
	if (strlen(text) != len) {
		complain("%s: it contains a NUL", where);
		return -EINVAL;
	}
	if (!len || *text == '#')
		return 0;
	return board_parse(b, text, where);
}

static int read_lines(struct board *b, FILE *f, const char *path)
{
	char *text = NULL, *where;
	unsigned int nr = 0;
	size_t size = 0;
	ssize_t len;
	int err = 0;

	while (!err && (len = getline(&text, &size, f)) >= 0) {
		if (len && text[len - 1] == '\n')
			text[--len] = 0;
		where = xprintf("%s:%u", path, ++nr);
		err = read_line(b, text, len, where);
		free(where);
	}
	free(text);
	if (!err && ferror(f)) {
		complain("cannot read %s: %s", path, strerror(errno));
		err = -EIO;
	}
	if (!err && (!*b->compatible || !b->nr_cons)) {
		complain("%s:%u: the file ends without %s", path, nr,
			 *b->compatible ? "lines" : "a compatible");
		err = -EINVAL;
	}
	return err;
}

/* Fill in a board of which only the name is set. */
static int load(struct board *b, const char *dir)
{
	char *path = xprintf("%s/%s" SUFFIX, dir, b->name);
	const char *problem = board_problem(b->name);
	FILE *f = NULL;
	int err = -EINVAL;

	if (problem)
		complain("bad board name \"%s\": %s", b->name, problem);
	else
		f = fopen(path, "re");
	if (f) {
		err = read_lines(b, f, path);
		fclose(f);
	} else if (!problem) {
		complain("cannot read %s: %s", path, strerror(errno));
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
static int make_all(struct board *boards, size_t nr, unsigned int seconds)
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
			if (board_make(&boards[i], false))
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

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(char **)a, *(char **)b);
}

/* List the names of all boards in a directory. */
static int stored(const char *path, char ***names, size_t *nr)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	size_t len;

	if (!dir && errno == ENOENT)
		return 0;
	if (!dir) {
		complain("cannot read %s: %s", path, strerror(errno));
		return -EIO;
	}
	while ((e = readdir(dir))) {
		len = strlen(e->d_name);
		if (len < strlen(SUFFIX) ||
		    strcmp(e->d_name + len - strlen(SUFFIX), SUFFIX))
			continue;
		*names = xalloc(*names, (*nr + 1) * sizeof(**names));
		(*names)[(*nr)++] = xprintf("%.*s",
					    (int)(len - strlen(SUFFIX)),
					    e->d_name);
	}
	closedir(dir);
	if (*nr)
		qsort(*names, *nr, sizeof(**names), name_cmp);
	return 0;
}

/* A board that fails does not stop the others. */
static int restore(char **names, size_t nr, const struct options *opt)
{
	struct board *boards = xalloc(NULL, (nr + 1) * sizeof(*boards));
	size_t i, n = 0;
	int err = 0;

	for (i = 0; i < nr; i++) {
		board_init(&boards[n], names[i]);
		if (load(&boards[n], opt->dir)) {
			err = -EINVAL;
		} else if (!there_already(&boards[n], &err)) {
			n++;
			continue;
		}
		board_free(&boards[n]);
	}
	if (make_all(boards, n, opt->wait))
		err = -EIO;
	boards_free(boards, n);
	return err;
}

int verb_board_restore(const struct options *opt)
{
	char **names = NULL;
	size_t nr = 0;
	int err;

	if (opt->nr_args) {
		err = boards_check();
		if (!err)
			err = restore(opt->args, opt->nr_args, opt);
		return err ? EXIT_FAILED : EXIT_OK;
	}
	err = stored(opt->dir, &names, &nr);
	if (!err && nr)
		err = boards_check();
	if (!err)
		err = restore(names, nr, opt);
	while (nr)
		free(names[--nr]);
	free(names);
	return err ? EXIT_FAILED : EXIT_OK;
}
