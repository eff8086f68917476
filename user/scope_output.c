// SPDX-License-Identifier: GPL-2.0-only
/* Writes files that replace what was there only when they are complete. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scope.h"

static int complain_write(const struct output *o)
{
	complain("cannot write %s: %s", o->path, strerror(errno));
	return -1;
}

/* Give the file @fd the mode of a new one, or the mode and owner of @old. */
static int mode_set(int fd, const struct stat *old)
{
	mode_t mask;

	if (old) {
		/* Without the privilege the file is the caller's. */
		if (fchown(fd, old->st_uid, old->st_gid) && errno != EPERM)
			return -1;
		return fchmod(fd, old->st_mode & 0777);
	}
	mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask);
}

static int temp_open(struct output *o, const struct stat *old)
{
	int fd;

	if (old && faccessat(AT_FDCWD, o->target, W_OK, AT_EACCESS))
		return -1;
	o->temp = xprintf("%s.XXXXXX", o->target);
	fd = mkostemp(o->temp, O_CLOEXEC);
	if (fd < 0) {
		free(o->temp);
		o->temp = NULL;
		return -1;
	}
	o->file = fdopen(fd, "w");
	return mode_set(fd, old);
}

/**
 * output_open() - begin to write a file
 * @o: zeroed
 * @path: the file; NULL: none is wanted, and o->file stays NULL
 *
 * A regular file is written under another name in the same directory, anything
 * else (a pipe, /dev/stdout) in place.
 *
 * Return: 0, or -1 after a complaint.
 */
int output_open(struct output *o, const char *path)
{
	struct stat st;
	bool exists;
	int err = 0;

	o->path = path;
	if (!path)
		return 0;
	exists = !stat(path, &st);
	if (exists && !S_ISREG(st.st_mode)) {
		o->file = fopen(path, "we");
	} else {
		/* A symbolic link stays one. */
		o->target = exists ? realpath(path, NULL) : NULL;
		if (!o->target)
			o->target = xprintf("%s", path);
		err = temp_open(o, exists ? &st : NULL);
	}
	return err || !o->file ? complain_write(o) : 0;
}

/**
 * output_close() - end what output_open() began
 * @o: the file
 * @keep: put it in place; false: leave what was there
 *
 * Return: 0, or -1 after a complaint.
 */
int output_close(struct output *o, bool keep)
{
	bool bad = o->file && (ferror(o->file) | fclose(o->file));

	if (!bad && keep && o->temp)
		bad = rename(o->temp, o->target);
	if (bad)
		complain_write(o);
	if (o->temp && (bad || !keep))
		unlink(o->temp);
	free(o->temp);
	free(o->target);
	return bad ? -1 : 0;
}
