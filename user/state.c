// SPDX-License-Identifier: GPL-2.0-only
/*
 * What runs because of a file: RUN_DIR/drivers/NAME and RUN_DIR/boards/NAME. They
 * are gone after a reboot, as are drivers and boards.
 *
 * Of a driver this has the ids of its maps, which are not used again: one that was
 * loaded or replaced by other means is thereby another one. A file stays, empty,
 * when its driver goes, so that it can serve as a lock.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chrext.h"

#define DRIVERS_RUN	RUN_DIR "/drivers"
#define BOARDS_RUN	RUN_DIR "/boards"

static int read_line(void *arg, const char *text, const char *where)
{
	struct run_state *s = arg;
	unsigned long id;
	char *end;

	(void)where;
	if (!strncmp(text, "dir=", 4)) {
		free(s->dir);
		s->dir = xprintf("%s", text + 4);
	} else if (!strncmp(text, "digest=", 7)) {
		s->digest = strtoull(text + 7, NULL, 16);
	} else if (!strncmp(text, "map=", 4)) {
		id = strtoul(text + 4, &end, 10);
		if (*end == ' ')
			state_add(s, end + 1, id);
	}
	return 0;
}

int state_names(char ***names, size_t *nr)
{
	return conf_names(DRIVERS_RUN, "", names, nr);
}

int boards_owned(char ***names, size_t *nr)
{
	return conf_names(BOARDS_RUN, "", names, nr);
}

/*
 * Two processes do not work on one driver at a time. Nothing can be locked, or
 * owned, where RUN_DIR cannot be written.
 */
static int state_lock(const char *path)
{
	int fd;

	mkdir(RUN_DIR, 0755);
	mkdir(DRIVERS_RUN, 0755);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

/* Read the state of the file @name; there may be none. For state_close(). */
void state_open(struct run_state *s, const char *name, bool lock)
{
	char *path = xprintf(DRIVERS_RUN "/%s", name);

	*s = (struct run_state) { .dir = xprintf("%s", ""), .lock = -1 };
	if (lock)
		s->lock = state_lock(path);
	if (path_exists(path))
		conf_read(path, read_line, s, NULL);
	free(path);
}

void state_reset(struct run_state *s, const char *dir, uint64_t digest)
{
	while (s->nr_drivers)
		free(s->drivers[--s->nr_drivers].name);
	free(s->drivers);
	free(s->dir);
	s->drivers = NULL;
	s->dir = xprintf("%s", dir);
	s->digest = digest;
}

void state_close(struct run_state *s)
{
	state_reset(s, "", 0);
	free(s->dir);
	if (s->lock >= 0)
		close(s->lock);
}

void state_add(struct run_state *s, const char *driver, uint32_t map_id)
{
	s->drivers = xalloc(s->drivers, (s->nr_drivers + 1) * sizeof(*s->drivers));
	s->drivers[s->nr_drivers++] = (struct owned) {
		.name = xprintf("%s", driver),
		.map_id = map_id,
	};
}

static void fill(const struct run_state *s, FILE *f)
{
	size_t i;

	if (!*s->dir)
		return;
	fprintf(f, "dir=%s\ndigest=%llx\n", s->dir,
		(unsigned long long)s->digest);
	for (i = 0; i < s->nr_drivers; i++)
		fprintf(f, "map=%u %s\n", s->drivers[i].map_id,
			s->drivers[i].name);
}

/* In place, as the file is locked. Return: 0, or -errno after a complaint. */
int state_store(const struct run_state *s, const char *name)
{
	char *path = xprintf(DRIVERS_RUN "/%s", name);
	FILE *f = fopen(path, "we");
	int err = f ? 0 : -errno;

	if (f) {
		fill(s, f);
		if (fflush(f))
			err = -errno;
		if (fclose(f) && !err)
			err = -errno;
	}
	if (err)
		complain("cannot write %s: %s", path, errno_text(err));
	free(path);
	return err;
}

static void fill_board(const void *arg, FILE *f)
{
	fprintf(f, "dir=%s\n", (const char *)arg);
}

/* A directory as another process would name it. */
static char *dir_real(const char *dir)
{
	char *path = realpath(dir, NULL), *copy = xprintf("%s", path ? path : dir);

	free(path);
	return copy;
}

/* The board was made because of a file in @dir. */
int board_own(const char *name, const char *dir)
{
	char *real = dir_real(dir);
	int err = conf_write(BOARDS_RUN, name, fill_board, real);

	free(real);
	return err;
}

bool board_is_owned(const char *name, const char *dir)
{
	char *path = xprintf(BOARDS_RUN "/%s", name), *real = dir_real(dir);
	struct run_state s = { .dir = xprintf("%s", ""), .lock = -1 };
	bool owned;

	if (path_exists(path))
		conf_read(path, read_line, &s, NULL);
	owned = !strcmp(s.dir, real);
	state_close(&s);
	free(real);
	free(path);
	return owned;
}

void board_disown(const char *name)
{
	char *path = xprintf(BOARDS_RUN "/%s", name);

	unlink(path);
	free(path);
}
