// SPDX-License-Identifier: GPL-2.0-only
/* Reads, creates and removes boards, which are directories in configfs. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chrext.h"

void board_init(struct board *b, const char *name)
{
	memset(b, 0, sizeof(*b));
	b->name = xprintf("%s", name);
	b->compatible = xprintf("%s", "");
	b->device = xprintf("%s", "");
}

void board_free(struct board *b)
{
	size_t i;

	for (i = 0; i < b->nr_cons; i++) {
		while (b->cons[i].nr_lines)
			free(b->cons[i].lines[--b->cons[i].nr_lines]);
		free(b->cons[i].lines);
		free(b->cons[i].id);
	}
	free(b->cons);
	free(b->device);
	free(b->compatible);
	free(b->name);
}

void boards_free(struct board *boards, size_t nr)
{
	while (nr)
		board_free(&boards[--nr]);
	free(boards);
}

/* Find a con_id of a board, or add it. */
static struct con *board_con(struct board *b, const char *id)
{
	struct con *con;

	for (con = b->cons; con < b->cons + b->nr_cons; con++)
		if (!strcmp(con->id, id))
			return con;
	b->cons = xalloc(b->cons, (b->nr_cons + 1) * sizeof(*b->cons));
	con = &b->cons[b->nr_cons++];
	*con = (struct con) { .id = xprintf("%s", id) };
	return con;
}

static void con_add(struct con *con, char *text)
{
	con->lines = xalloc(con->lines,
			    (con->nr_lines + 1) * sizeof(*con->lines));
	con->lines[con->nr_lines++] = text;
}

/* The kernel's rule for names in configfs. */
const char *board_problem(const char *name)
{
	const char *p;

	if (!*name)
		return "it is empty";
	if (strlen(name) >= CHR_EXT_NAME_LEN)
		return "it is longer than 31 characters";
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return "that is a directory";
	for (p = name; *p; p++)
		if (*p <= ' ' || *p > '~' || strchr("/!\\", *p))
			return "only printable ASCII characters other than blank, '/', '!' and '\\' are allowed";
	return NULL;
}

const char *con_problem(const char *id)
{
	return *id == '#' ? "it begins with '#'" : board_problem(id);
}

/* The kernel's rule for compatible strings. */
static const char *compatible_problem(const char *s)
{
	if (!*s)
		return "it is empty";
	if (strlen(s) >= CHR_EXT_COMPATIBLE_LEN)
		return "it is longer than 127 characters";
	for (; *s; s++)
		if (!isascii(*s) || !isgraph(*s))
			return "only printable ASCII characters other than blank are allowed";
	return NULL;
}

static int compatible_parse(struct board *b, const char *arg, const char *where)
{
	const char *value = strchr(arg, '=') + 1;
	const char *problem = *b->compatible ? "there is one already" :
					       compatible_problem(value);

	if (problem) {
		complain("%s: bad compatible \"%s\": %s", where, value, problem);
		return -EINVAL;
	}
	free(b->compatible);
	b->compatible = xprintf("%s", value);
	return 0;
}

static int con_parse(struct board *b, const char *arg, const char *where)
{
	const char *s = strchr(arg, '='), *problem;
	char *id = xprintf("%.*s", (int)(s - arg), arg), *text;
	struct con *con;

	problem = con_problem(id);
	if (problem) {
		complain("%s: bad con_id \"%s\": %s", where, id, problem);
		free(id);
		return -EINVAL;
	}
	con = board_con(b, id);
	free(id);
	do {
		s++;
		text = line_take(&s, where);
		if (!text)
			return -EINVAL;
		con_add(con, text);
	} while (*s);
	return 0;
}

/* What a board is described by. The first kind whose start fits takes it. */
static const struct {
	const char *start;
	int (*parse)(struct board *b, const char *arg, const char *where);
} kinds[] = {
	{ "compatible=", compatible_parse },
	{ "", con_parse },
};

/**
 * board_parse() - add to a board what one argument or line of a file describes
 * @b: the board
 * @arg: "CON_ID=LINE[,LINE]..." or, in files, "compatible=STRING"
 * @where: begins complaints
 *
 * Return: 0, or -EINVAL after a complaint.
 */
int board_parse(struct board *b, const char *arg, const char *where)
{
	size_t i = 0;

	if (!strchr(arg, '=')) {
		complain("%s: expected CON_ID=LINE[,LINE]...", where);
		return -EINVAL;
	}
	while (strncmp(arg, kinds[i].start, strlen(kinds[i].start)))
		i++;
	return kinds[i].parse(b, arg, where);
}

/* Check what all verbs for boards need. */
int boards_check(void)
{
	struct chrext_error *err = NULL;
	int ret = chrext_check(CHREXT_CHECK_BOARDS, &err);

	if (ret)
		complain_error(err);
	return ret;
}

bool board_exists(const char *name)
{
	char *path = xprintf(BOARDS_DIR "/%s", name);
	bool exists = *name && !strchr(name, '/') && strcmp(name, ".") &&
		      strcmp(name, "..") && path_exists(path);

	free(path);
	return exists;
}

static char *board_text(const char *board, const char *attr)
{
	char *path = xprintf(BOARDS_DIR "/%s/%s", board, attr);
	char *text = file_text(path);

	free(path);
	return text;
}

static int con_cmp(const void *x, const void *y)
{
	const struct con *a = x, *b = y;

	return strcmp(a->id, b->id);
}

static void con_read(struct board *b, const char *id)
{
	char *attr = xprintf("%s/lines", id);
	char *text = board_text(b->name, attr), *line, *rest;
	struct con *con = board_con(b, id);

	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		con_add(con, xprintf("%s", line));
	free(text);
	free(attr);
}

/* Fill in a board of which only the name is set. */
void board_read(struct board *b)
{
	char *path = xprintf(BOARDS_DIR "/%s", b->name);
	DIR *dir = opendir(path);
	struct dirent *e;

	free(path);
	free(b->compatible);
	free(b->device);
	b->compatible = board_text(b->name, "compatible");
	b->device = board_text(b->name, "dev_name");
	while (dir && (e = readdir(dir)))
		if (e->d_type == DT_DIR && strcmp(e->d_name, ".") &&
		    strcmp(e->d_name, ".."))
			con_read(b, e->d_name);
	if (dir)
		closedir(dir);
	if (b->nr_cons)
		qsort(b->cons, b->nr_cons, sizeof(*b->cons), con_cmp);
}

static int board_cmp(const void *x, const void *y)
{
	const struct board *a = x, *b = y;

	return strcmp(a->name, b->name);
}

/* All boards, sorted. For boards_free(). */
int boards_get(struct board **boards, size_t *nr)
{
	DIR *dir = opendir(BOARDS_DIR);
	struct dirent *e;

	*boards = NULL;
	*nr = 0;
	if (!dir)
		return -errno;
	while ((e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		*boards = xalloc(*boards, (*nr + 1) * sizeof(**boards));
		board_init(&(*boards)[*nr], e->d_name);
		board_read(&(*boards)[(*nr)++]);
	}
	closedir(dir);
	if (*nr)
		qsort(*boards, *nr, sizeof(**boards), board_cmp);
	return 0;
}

/* A board that is being created, and the kernel's log since the start. */
struct maker {
	const struct board *b;
	struct chrext_refusals *log;
	bool note_unbound;	/* complain if no driver binds */
};

static int complain_step(struct maker *m, const char *what, int err)
{
	struct chrext_refusal refused;

	if (chrext_refusals_next(m->log, m->b->name, &refused))
		complain("board %s: %s", m->b->name, refused.text);
	else if (err == -EACCES || err == -EPERM)
		complain("board %s: cannot create %s: %s: run chrext as root",
			 m->b->name, what, errno_text(err));
	else
		complain("board %s: cannot create %s: %s; see dmesg",
			 m->b->name, what, errno_text(err));
	return err;
}

static int make_dir(struct maker *m, const char *id)
{
	char *path = xprintf(BOARDS_DIR "/%s/%s", m->b->name, id);
	int err = mkdir(path, 0755) ? -errno : 0;

	if (err == -EEXIST)
		complain("board %s: bad con_id \"%s\": boards have an attribute of this name",
			 m->b->name, id);
	else if (err)
		complain_step(m, path, err);
	free(path);
	return err;
}

/* In one write(2): the kernel parses each one by itself. */
static int set_attr(struct maker *m, const char *attr, const char *text)
{
	char *path = xprintf(BOARDS_DIR "/%s/%s", m->b->name, attr);
	char *line = xprintf("%s\n", text);
	ssize_t len = strlen(line), n = -1;
	int err = 0, fd;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		n = write(fd, line, len);
	if (n != len)
		err = n < 0 ? -errno : -E2BIG;
	if (err)
		complain_step(m, path, err);
	if (fd >= 0)
		close(fd);
	free(line);
	free(path);
	return err;
}

static int make_con(struct maker *m, const struct con *con)
{
	char *attr = xprintf("%s/lines", con->id);
	int err = make_dir(m, con->id);
	size_t i;

	for (i = 0; i < con->nr_lines && !err; i++)
		err = set_attr(m, attr, con->lines[i]);
	free(attr);
	return err;
}

static int board_fill(struct maker *m)
{
	int err = set_attr(m, "compatible", m->b->compatible);
	size_t i;

	for (i = 0; i < m->b->nr_cons && !err; i++)
		err = make_con(m, &m->b->cons[i]);
	return err ? err : set_attr(m, "live", "1");
}

/* Remove as much as possible. Return: 0 or the first error. */
int board_unmake(const char *name)
{
	char *path = xprintf(BOARDS_DIR "/%s/live", name);
	int err = 0, fd = open(path, O_WRONLY | O_CLOEXEC);
	struct board b;
	size_t i;

	if (fd < 0 || write(fd, "0\n", 2) < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	free(path);
	board_init(&b, name);
	board_read(&b);
	for (i = 0; i <= b.nr_cons; i++) {
		path = xprintf(BOARDS_DIR "/%s/%s", name,
			       i < b.nr_cons ? b.cons[i].id : "");
		if (rmdir(path) && !err)
			err = -errno;
		free(path);
	}
	board_free(&b);
	return err;
}

static bool board_bound(const char *name)
{
	char *device = board_text(name, "dev_name");
	char *path = xprintf(DEVICES_DIR "/%s/driver", device);
	bool bound = path_exists(path);

	free(path);
	free(device);
	return bound;
}

/* Report a driver that refused the board or, with note_unbound, that none bound. */
static void note_drivers(struct maker *m)
{
	struct chrext_refusal refused;

	if (chrext_refusals_next(m->log, NULL, &refused))
		complain("board %s was created, but %s did not bind to it: %s",
			 m->b->name, refused.name, refused.text);
	else if (m->note_unbound && !board_bound(m->b->name))
		complain("board %s was created, but no driver for \"%s\" is bound to it yet",
			 m->b->name, m->b->compatible);
}

static int make(struct maker *m)
{
	char *path = xprintf(BOARDS_DIR "/%s", m->b->name);
	int err = mkdir(path, 0755) ? -errno : 0;

	if (err == -EEXIST)
		complain("board %s exists already; 'chrext board rm %s' first",
			 m->b->name, m->b->name);
	else if (err)
		complain_step(m, path, err);
	free(path);
	if (err)
		return err;
	err = board_fill(m);
	if (err)
		board_unmake(m->b->name);
	else
		note_drivers(m);
	return err;
}

/* Create the whole board or nothing, even if signals arrive. */
int board_make(const struct board *b, bool note_unbound)
{
	struct maker m = { .b = b, .note_unbound = note_unbound };
	sigset_t set, old;
	int err;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	m.log = chrext_refusals_open();
	err = make(&m);
	chrext_refusals_free(m.log);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return err;
}

int verb_board_add(const struct options *opt)
{
	const char *problem = board_problem(opt->arg);
	struct board b;
	int ret = EXIT_OK;
	size_t i;

	if (problem) {
		complain("bad board name \"%s\": %s", opt->arg, problem);
		return EXIT_USAGE;
	}
	board_init(&b, opt->arg);
	free(b.compatible);
	b.compatible = xprintf("%s", opt->args[1]);
	for (i = 2; i < opt->nr_args && ret == EXIT_OK; i++)
		if (board_parse(&b, opt->args[i], opt->args[i]))
			ret = EXIT_USAGE;
	if (ret == EXIT_OK && (boards_check() || board_make(&b, true)))
		ret = EXIT_FAILED;
	board_free(&b);
	return ret;
}

int verb_board_rm(const struct options *opt)
{
	int err;

	if (boards_check())
		return EXIT_FAILED;
	if (!board_exists(opt->arg)) {
		complain("there is no board %s", opt->arg);
		return EXIT_FAILED;
	}
	err = board_unmake(opt->arg);
	if (!err) {
		board_disown(opt->arg);
		return EXIT_OK;
	}
	complain("cannot remove board %s: %s%s", opt->arg, errno_text(err),
		 err == -EACCES || err == -EPERM ? ": run chrext as root" : "");
	return EXIT_FAILED;
}
