// SPDX-License-Identifier: GPL-2.0-only
/* chrext log: what a driver logged, and what the framework logged about it. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chrext.h"

#define LEVEL_INFO	6

static const char *const levels[] = {
	"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
};

static void print_json(const struct chrext_record *rec)
{
	json_t *o = json_checked(json_object());

	json_put(o, "seq", json_integer(rec->seq));
	json_put(o, "usec", json_integer(rec->usec));
	json_put(o, "level", json_integer(rec->level));
	json_put(o, "device", strcmp(rec->device, "-") ?
			      json_text(rec->device) : json_null());
	json_put(o, "text", json_text(rec->text));
	json_print_line(o);
}

/* A message may carry what a user wrote: no control character may reach a terminal. */
static void print_plain(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			printf("\\x%02x", *text);
		else
			putchar(*text);
	}
}

static void print_text(const struct chrext_record *rec)
{
	printf("[%5llu.%06llu] %s",
	       (unsigned long long)rec->usec / 1000000,
	       (unsigned long long)rec->usec % 1000000, rec->device);
	if (rec->level != LEVEL_INFO)
		printf(" %s", rec->level < ARRAY_SIZE(levels) ?
			      levels[rec->level] : "?");
	fputs(": ", stdout);
	print_plain(rec->text);
	putchar('\n');
}

/* Print the records there are. 1: more may come; 0: the log is gone; or -errno. */
static int print_all(struct chrext_log *log, const struct options *opt, uint64_t *next)
{
	struct chrext_record rec;
	int ret;

	while ((ret = chrext_log_read(log, &rec)) == 1) {
		if (rec.seq > *next)
			complain("%llu records were overwritten before they could be read",
				 (unsigned long long)(rec.seq - *next));
		*next = rec.seq + 1;
		if (opt->json)
			print_json(&rec);
		else
			print_text(&rec);
	}
	if (fflush(stdout))
		return -errno;
	return ret == -EAGAIN ? 1 : ret;
}

static int follow(struct chrext_log *log, const struct options *opt)
{
	struct pollfd fds[2] = { { .events = POLLIN },
				 { .fd = chrext_log_get_fd(log),
				   .events = POLLIN } };
	uint64_t next = 0;
	int ret;

	fds[0].fd = signals_take();
	do {
		ret = print_all(log, opt, &next);
		if (ret != 1 || opt->no_follow)
			break;
		poll(fds, 2, -1);
	} while (!fds[0].revents);
	close(fds[0].fd);
	return ret < 0 ? ret : 0;
}

int verb_log(const struct options *opt)
{
	struct chrext_error *err = NULL;
	struct chrext_log *log = chrext_log_open(opt->arg, &err);
	int ret;

	if (!log) {
		complain_error(err);
		return EXIT_FAILED;
	}
	ret = follow(log, opt);
	chrext_log_free(log);
	if (!ret)
		return EXIT_OK;
	complain("cannot read the log of driver \"%s\": %s", opt->arg,
		 errno_text(ret));
	return EXIT_FAILED;
}
