// SPDX-License-Identifier: GPL-2.0-only
/* Files, time and signals. */
#define _GNU_SOURCE
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "chrext.h"

bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The contents of a file in sysfs or configfs, "" if none. To be freed. */
char *file_text(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t n = -1;

	if (f) {
		n = getdelim(&text, &size, 0, f);
		fclose(f);
	}
	if (n <= 0) {
		free(text);
		return xprintf("%s", "");
	}
	if (text[n - 1] == '\n')
		text[n - 1] = 0;
	return text;
}

/* The last part of a link's target, or "". */
void link_target(const char *path, char *buf, size_t size)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	target[n < 0 ? 0 : n] = 0;
	snprintf(buf, size, "%s", strrchr(target, '/') ?
				  strrchr(target, '/') + 1 : target);
}

/* The first line of a file. */
bool file_line(const char *dir, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fgets(buf, size, f);
	fclose(f);
	if (ok)
		buf[strcspn(buf, "\n")] = 0;
	return ok;
}

__u64 now_usec(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

/*
 * A descriptor for the signals that end a command. They are blocked from here
 * on, so that none interrupts a sequence of steps.
 */
int signals_take(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}
