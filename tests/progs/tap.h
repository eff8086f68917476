/* SPDX-License-Identifier: GPL-2.0-only */
/* Points of TAP. A program prints each with ok() and ends with done_testing(). */
#ifndef TAP_H
#define TAP_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3)))
static inline bool ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%s %d - ", good ? "ok" : "not ok", ++tap_count);
	tap_failed += !good;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	return good;
}

__attribute__((format(printf, 1, 2)))
static inline void diag(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

/* A system call's return as one number: its value, or -errno. */
static inline long ret_of(long ret)
{
	return ret < 0 ? -errno : ret;
}

static inline bool is_num(long got, long want, const char *what)
{
	if (!ok(got == want, "%s", what))
		diag("got %ld, want %ld", got, want);
	return got == want;
}

/* @got is evaluated once, errno right behind it. */
#define is(got, want, what) is_num(ret_of(got), want, what)

static inline void need(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

/* How many times slower this guest may be than others. */
static inline int slow(void)
{
	const char *s = getenv("LAB_SLOW");

	return s ? atoi(s) : 1;
}

static inline int done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed > 0;
}

#endif
