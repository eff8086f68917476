// SPDX-License-Identifier: GPL-2.0-only
/* The log of a driver, record by record, and the module's lines in dmesg. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chrext.h"

/* Opened at the oldest record. Returns a descriptor that never waits. */
int log_open(const char *name, bool complaining)
{
	char path[PATH_MAX];
	int fd, err;

	snprintf(path, sizeof(path), LOG_DIR "/%s", name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	err = -errno;
	if (!complaining)
		return err;
	if (err == -EACCES || err == -EPERM)
		complain("cannot read the log %s: %s: run chrext as root", path,
			 strerror(-err));
	else if (!debugfs_mounted())
		complain("debugfs is not mounted at " DEBUGFS ", the logs are there: run 'mount -t debugfs debugfs " DEBUGFS "'");
	else if (err == -ENOENT && !module_loaded())
		complain("the chr_ext module is not loaded: run 'modprobe chr_ext'");
	else if (err == -ENOENT)
		complain("no driver named \"%s\" is loaded, or was lately", name);
	else
		complain("cannot open the log %s: %s", path, strerror(-err));
	return err;
}

static bool record_parse(char *line, struct record *rec)
{
	unsigned long long seq, usec;
	char *text;
	int n = 0;

	line[strcspn(line, "\n")] = 0;
	text = strchr(line, ';');
	if (!text)
		return false;
	*text++ = 0;
	if (sscanf(line, "%u,%llu,%llu,%47s%n", &rec->level, &seq, &usec,
		   rec->device, &n) != 4 || line[n])
		return false;
	rec->seq = seq;
	rec->usec = usec;
	snprintf(rec->text, sizeof(rec->text), "%s", text);
	return true;
}

/* Returns 1 with a record, 0 at the end of a log that is gone, or -errno. */
int log_read(int fd, struct record *rec)
{
	char line[1200];
	ssize_t n;

	n = read(fd, line, sizeof(line) - 1);
	if (n <= 0)
		return n ? -errno : 0;
	line[n] = 0;
	return record_parse(line, rec) ? 1 : -EBADMSG;
}

/*
 * The newest record of a device, or of the framework ("-"), with this beginning
 * and not older than @since.
 */
bool log_find(const char *name, const char *device, const char *prefix,
	      __u64 since, struct record *rec)
{
	struct record r;
	bool found = false;
	int fd;

	fd = log_open(name, false);
	if (fd < 0)
		return false;
	while (log_read(fd, &r) == 1) {
		if (strcmp(r.device, device) || r.usec < since ||
		    strncmp(r.text, prefix, strlen(prefix)))
			continue;
		*rec = r;
		found = true;
	}
	close(fd);
	return found;
}

/* From now on: what is there already is skipped. */
void kmsg_open(struct kmsg *k)
{
	k->since = now_usec();
	k->fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (k->fd >= 0)
		lseek(k->fd, 0, SEEK_END);
}

void kmsg_close(struct kmsg *k)
{
	if (k->fd >= 0)
		close(k->fd);
}

/* The kernel writes \xNN for backslashes and what is not ASCII. */
static void unescape(char *s)
{
	unsigned int c;
	char *to;

	for (to = s; *s; s++) {
		if (s[0] == '\\' && s[1] == 'x' &&
		    sscanf(s + 2, "%2x", &c) == 1 && c > ' ') {
			*to++ = c;
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = 0;
}

/* The rest of the next of the module's lines, behind "6,1,2,-;chr_ext: ". */
static const char *kmsg_next(int fd, char *line, size_t size)
{
	static const char prefix[] = ";chr_ext: ";
	const char *s;
	ssize_t n;

	while ((n = read(fd, line, size - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		if (n < 0)	/* records were overwritten, read on */
			continue;
		line[n] = 0;
		line[strcspn(line, "\n")] = 0;
		unescape(line);
		s = strstr(line, prefix);
		if (s)
			return s + strlen(prefix);
	}
	return NULL;
}

/* "NAME: refused: TEXT"; "?" stands for an impossible name. */
static const char *refusal(const char *s, const char *name)
{
	static const char refused[] = ": refused: ";

	if (!strncmp(s, name, strlen(name)))
		s += strlen(name);
	else if (*s == '?')
		s++;
	return strncmp(s, refused, strlen(refused)) ? NULL :
	       s + strlen(refused);
}

/* Of a probe the kernel knows the error, and the driver may have said more. */
static void tell(const struct kmsg *k, const char *name, const char *why,
		 char *text, size_t size)
{
	struct record rec;
	char device[sizeof(rec.device)], wild[128];

	if (sscanf(why, "probe of %47s failed", device) != 1) {
		snprintf(text, size, "%s", why);
		return;
	}
	/* What the framework made -EIO. */
	snprintf(wild, sizeof(wild), "%s: probe returned ", device);
	if (log_find(name, "-", wild, k->since, &rec))
		snprintf(text, size, "%s: %s", why, rec.text + strlen(device) + 2);
	else if (log_find(name, device, "", k->since, &rec))
		snprintf(text, size, "%s: \"%s\"", why, rec.text);
	else
		snprintf(text, size, "%s", why);
}

/* The first refusal of that name since kmsg_open(). */
bool kmsg_refusal(struct kmsg *k, const char *name, char *text, size_t size)
{
	char line[8192];
	const char *s;

	while ((s = kmsg_next(k->fd, line, sizeof(line)))) {
		s = refusal(s, name);
		if (!s)
			continue;
		tell(k, name, s, text, size);
		return true;
	}
	return false;
}

/* Of whatever name: that goes to @name. */
bool kmsg_any_refusal(struct kmsg *k, char *name, size_t name_size, char *text,
		      size_t size)
{
	char line[8192];
	const char *s, *t;

	while ((s = kmsg_next(k->fd, line, sizeof(line)))) {
		snprintf(name, name_size, "%.*s", (int)strcspn(s, ":"), s);
		t = refusal(s, name);
		if (!t)
			continue;
		tell(k, name, t, text, size);
		return true;
	}
	return false;
}
