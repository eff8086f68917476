// SPDX-License-Identifier: GPL-2.0-only
/* chrext log: what a driver, and the framework about it, had to say. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "chrext.h"

#define LEVEL_INFO	6

static const char *const levels[] = {
	"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
};

static void print_json(const struct record *rec)
{
	json_begin(NULL, '{');
	json_number("seq", rec->seq);
	json_number("usec", rec->usec);
	json_number("level", rec->level);
	if (strcmp(rec->device, "-"))
		json_string("device", rec->device);
	else
		json_null("device");
	json_string("text", rec->text);
	json_end('}');
}

/* A message may carry what a user wrote: nothing in it may reach a terminal. */
static void print_plain(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			printf("\\x%02x", *text);
		else
			putchar(*text);
	}
}

static void print_text(const struct record *rec)
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

/* Prints what there is. 1: more may come; 0: the log is gone; or -errno. */
static int print_all(int fd, const struct options *opt, __u64 *next)
{
	struct record rec;
	int ret;

	while ((ret = log_read(fd, &rec)) == 1) {
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

static int follow(int fd, const struct options *opt)
{
	struct pollfd fds[2] = { { .events = POLLIN },
				 { .fd = fd, .events = POLLIN } };
	sigset_t set;
	__u64 next = 0;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fds[0].fd = signalfd(-1, &set, SFD_CLOEXEC);
	do {
		ret = print_all(fd, opt, &next);
		if (ret != 1 || opt->no_follow)
			break;
		poll(fds, 2, -1);
	} while (!fds[0].revents);
	close(fds[0].fd);
	return ret < 0 ? ret : 0;
}

int verb_log(const struct options *opt)
{
	int fd, err;

	if (name_problem(opt->arg)) {
		complain("\"%s\" cannot be a driver's name: %s", opt->arg,
			 name_problem(opt->arg));
		return EXIT_FAILED;
	}
	fd = log_open(opt->arg, true);
	if (fd < 0)
		return EXIT_FAILED;
	json_flat();
	err = follow(fd, opt);
	close(fd);
	if (err) {
		complain("cannot read the log of driver \"%s\": %s", opt->arg,
			 errno_text(err));
		return EXIT_FAILED;
	}
	return EXIT_OK;
}
