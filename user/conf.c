// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of lines KEY=VALUE: boards, drivers, and what runs because of them. Empty
 * lines and lines that start with # are ignored.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chrext.h"

/* A regular file: a pipe would be waited for. */
static FILE *file_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	FILE *f = NULL;

	if (fd >= 0 && !fstat(fd, &st) && !S_ISREG(st.st_mode)) {
		complain("cannot read %s: it is not a regular file", path);
		close(fd);
		return NULL;
	}
	if (fd >= 0)
		f = fdopen(fd, "r");
	if (!f)
		complain("cannot read %s: %s", path, strerror(errno));
	return f;
}

static int read_lines(FILE *f, const char *path,
		      int (*line)(void *arg, const char *text, const char *where),
		      void *arg, unsigned int *nr)
{
	char *text = NULL, *where;
	size_t size = 0;
	ssize_t len;
	int err = 0;

	while (!err && (len = getline(&text, &size, f)) >= 0) {
		++*nr;
		if (len && text[len - 1] == '\n')
			text[--len] = 0;
		where = xprintf("%s:%u", path, *nr);
		if (strlen(text) != (size_t)len) {
			complain("%s: it contains a NUL", where);
			err = -EINVAL;
		} else if (len && *text != '#') {
			err = line(arg, text, where);
		}
		free(where);
	}
	free(text);
	if (!err && ferror(f)) {
		complain("cannot read %s: %s", path, strerror(errno));
		err = -EIO;
	}
	return err;
}

/**
 * conf_read() - read a file of lines
 * @path: the file
 * @line: called for each line that is not empty or a comment; returns 0, or -errno
 *	after a complaint that begins with @where
 * @arg: passed to @line
 * @lines: where the number of lines goes, or NULL
 *
 * Return: 0, or -errno after a complaint.
 */
int conf_read(const char *path,
	      int (*line)(void *arg, const char *text, const char *where),
	      void *arg, unsigned int *lines)
{
	FILE *f = file_open(path);
	unsigned int nr = 0;
	int err;

	if (!f)
		return -EIO;
	err = read_lines(f, path, line, arg, &nr);
	fclose(f);
	if (lines)
		*lines = nr;
	return err;
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

/* Replace DIR/FILE as a whole. Return: 0, or -errno after a complaint. */
int conf_write(const char *dir, const char *file,
	       void (*fill)(const void *arg, FILE *f), const void *arg)
{
	char *path = xprintf("%s/%s", dir, file);
	char *new = xprintf("%s.new", path);
	int err = make_dirs(dir);
	FILE *f;

	f = err ? NULL : fopen(new, "we");
	if (f) {
		fill(arg, f);
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
			 err == -EROFS ? "; use --dir DIR" :
			 err == -EACCES ? ": run chrext as root" : "");
	free(new);
	free(path);
	return err;
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(char **)a, *(char **)b);
}

/* The names of all files NAME@suffix of a directory, sorted; none without it. */
int conf_names(const char *path, const char *suffix, char ***names, size_t *nr)
{
	DIR *dir = opendir(path);
	size_t len, end = strlen(suffix);
	struct dirent *e;

	*names = NULL;
	*nr = 0;
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir) {
		complain("cannot read %s: %s", path, strerror(errno));
		return -EIO;
	}
	while ((e = readdir(dir))) {
		len = strlen(e->d_name);
		if (len < end || strcmp(e->d_name + len - end, suffix) ||
		    !strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		*names = xalloc(*names, (*nr + 1) * sizeof(**names));
		(*names)[(*nr)++] = xprintf("%.*s", (int)(len - end), e->d_name);
	}
	closedir(dir);
	if (*nr)
		qsort(*names, *nr, sizeof(**names), name_cmp);
	return 0;
}

void names_free(char **names, size_t nr)
{
	while (nr)
		free(names[--nr]);
	free(names);
}
