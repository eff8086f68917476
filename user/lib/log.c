// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* The log of a driver, record by record, and the module's lines in dmesg. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib.h"

struct chrext_log {
	int fd;
};

static int fail_log(const char *name, const char *path, int code,
		    struct chrext_error **err)
{
	if (code == -EACCES || code == -EPERM)
		return fail(err, code, "cannot read the log %s: %s: run chrext as root",
			    path, errno_text(code));
	if (!debugfs_mounted())
		return fail(err, code, "debugfs is not mounted at " DEBUGFS ", which holds the logs: run 'mount -t debugfs debugfs " DEBUGFS "'");
	if (code == -ENOENT && !module_loaded())
		return fail(err, code, "the chr_ext module is not loaded: run 'modprobe chr_ext'");
	if (code == -ENOENT)
		return fail(err, code, "no driver named \"%s\" is loaded, or was recently",
			    name);
	return fail(err, code, "cannot open the log %s: %s", path,
		    errno_text(code));
}

struct chrext_log *chrext_log_open(const char *driver,
				   struct chrext_error **err)
{
	const char *problem = chrext_name_problem(driver);
	char path[PATH_MAX];
	struct chrext_log *log;

	if (problem) {
		fail(err, -EINVAL, "\"%s\" cannot be a driver's name: %s",
		     driver, problem);
		return NULL;
	}
	log = malloc(sizeof(*log));
	if (!log) {
		fail_memory(err);
		return NULL;
	}
	snprintf(path, sizeof(path), LOG_DIR "/%s", driver);
	log->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log->fd >= 0)
		return log;
	fail_log(driver, path, -errno, err);
	free(log);
	return NULL;
}

void chrext_log_free(struct chrext_log *log)
{
	if (!log)
		return;
	close(log->fd);
	free(log);
}

int chrext_log_get_fd(const struct chrext_log *log)
{
	return log->fd;
}

static bool record_parse(char *line, struct chrext_record *rec)
{
	unsigned long long seq, usec;
	char *text;
	int n = 0;

	line[strcspn(line, "\n")] = 0;
	text = strchr(line, ';');
	if (!text)
		return false;
	*text++ = 0;
	if (sscanf(line, "%u,%llu,%llu,%63s%n", &rec->level, &seq, &usec,
		   rec->device, &n) != 4 || line[n])
		return false;
	rec->seq = seq;
	rec->usec = usec;
	snprintf(rec->text, sizeof(rec->text), "%s", text);
	return true;
}

int chrext_log_read(struct chrext_log *log, struct chrext_record *rec)
{
	char line[1200];
	ssize_t n;

	n = read(log->fd, line, sizeof(line) - 1);
	if (n <= 0)
		return n ? -errno : 0;
	line[n] = 0;
	return record_parse(line, rec) ? 1 : -EBADMSG;
}

bool chrext_log_find(const char *driver, const char *device, const char *prefix,
		     uint64_t since_usec, struct chrext_record *rec)
{
	struct chrext_log *log = chrext_log_open(driver, NULL);
	struct chrext_record r;
	bool found = false;

	while (log && chrext_log_read(log, &r) == 1) {
		if (strcmp(r.device, device) || r.usec < since_usec ||
		    strncmp(r.text, prefix, strlen(prefix)))
			continue;
		*rec = r;
		found = true;
	}
	chrext_log_free(log);
	return found;
}

struct chrext_refusals {
	int fd;
	__u64 since;
};

struct chrext_refusals *chrext_refusals_open(void)
{
	struct chrext_refusals *r = malloc(sizeof(*r));

	if (!r)
		return NULL;
	r->since = now_usec();
	r->fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (r->fd >= 0)
		lseek(r->fd, 0, SEEK_END);
	return r;
}

void chrext_refusals_free(struct chrext_refusals *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	free(r);
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

/* The module's next line, from behind "6,1,2,-;chr_ext: ". */
static const char *line_next(int fd, char *line, size_t size)
{
	static const char prefix[] = ";chr_ext: ";
	const char *s;
	ssize_t n;

	while ((n = read(fd, line, size - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		if (n < 0)	/* records were overwritten */
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

/*
 * The kernel's reason, and for a probe the line of the driver's log that
 * explains it.
 */
static void explain(const struct chrext_refusals *r, const char *name,
		    const char *why, char *text, size_t size)
{
	char device[64], wild[128];
	struct chrext_record rec;

	if (sscanf(why, "probe of %63s failed", device) != 1) {
		snprintf(text, size, "%s", why);
		return;
	}
	/* What the framework turned into -EIO. */
	snprintf(wild, sizeof(wild), "%s: probe returned ", device);
	if (chrext_log_find(name, "-", wild, r->since, &rec))
		snprintf(text, size, "%s: %s", why,
			 rec.text + strlen(device) + 2);
	else if (chrext_log_find(name, device, "", r->since, &rec))
		snprintf(text, size, "%s: \"%s\"", why, rec.text);
	else
		snprintf(text, size, "%s", why);
}

bool chrext_refusals_next(struct chrext_refusals *r, const char *name,
			  struct chrext_refusal *refused)
{
	const char *s, *why;
	char line[8192];

	while (r && (s = line_next(r->fd, line, sizeof(line)))) {
		snprintf(refused->name, sizeof(refused->name), "%.*s",
			 (int)strcspn(s, ":"), s);
		why = refusal(s, name ? name : refused->name);
		if (!why)
			continue;
		explain(r, name ? name : refused->name, why, refused->text,
			sizeof(refused->text));
		return true;
	}
	return false;
}

bool chrext_refusals_waiting(struct chrext_refusals *r, const char *name,
			     char *text, size_t size)
{
	const char *s;
	char line[8192];
	size_t len = strlen(name);

	while (r && (s = line_next(r->fd, line, sizeof(line)))) {
		if (strncmp(s, name, len) ||
		    strncmp(s + len, ": waiting ", strlen(": waiting ")))
			continue;
		snprintf(text, size, "%s", s + len + 2);
		return true;
	}
	return false;
}
