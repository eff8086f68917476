// SPDX-License-Identifier: GPL-2.0-only
/* What goes to stderr, and memory that a command cannot do without. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

static bool muted;

/* Where a failure is no business of the verb. */
void complain_mute(bool mute)
{
	muted = mute;
}

void complain(const char *fmt, ...)
{
	va_list ap;

	if (muted)
		return;
	fflush(stdout);
	fputs("chrext: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void *xalloc(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p) {
		complain("out of memory");
		exit(EXIT_FAILED);
	}
	return p;
}

char *xprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		complain("out of memory");
		exit(EXIT_FAILED);
	}
	return s;
}

/* Prints and frees @err. */
void complain_error(struct chrext_error *err)
{
	char *line, *rest;

	complain("%s", err->text);
	if (err->hint)
		complain("%s", err->hint);
	rest = err->details;
	while ((line = strsep(&rest, "\n")))
		if (*line && !muted)
			fprintf(stderr, "    %s\n", line);
	chrext_error_free(err);
}

/* For chrext_object_set_notify(). */
void complain_note(void *arg, enum chrext_note note, const char *text)
{
	(void)arg;
	if (note == CHREXT_NOTE_LIBBPF)
		fputs(text, stderr);
	else
		complain("%s", text);
}

const char *errno_text(int err)
{
	return strerror(err < 0 ? -err : err);
}
