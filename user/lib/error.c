// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* Errors: a code, a sentence, and what may help. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"

#define KERNEL_ENOTSUPP	524	/* the kernel's own, unknown to libc */

#ifndef CHREXT_VERSION
#define CHREXT_VERSION	"0.1"
#endif

/* For when there is no memory for an error; never freed. */
static struct chrext_error no_memory = {
	.code = -ENOMEM,
	.text = (char *)"out of memory",
};

const char *chrext_version(void)
{
	return CHREXT_VERSION;
}

void chrext_error_free(struct chrext_error *err)
{
	if (!err || err == &no_memory)
		return;
	free(err->text);
	free(err->place);
	free(err->hint);
	free(err->details);
	free(err);
}

int fail_memory(struct chrext_error **err)
{
	if (err)
		*err = &no_memory;
	return -ENOMEM;
}

int fail(struct chrext_error **err, int code, const char *fmt, ...)
{
	struct chrext_error *e;
	va_list ap;
	int n;

	if (!err)
		return code;
	e = calloc(1, sizeof(*e));
	if (!e)
		return fail_memory(err);
	va_start(ap, fmt);
	n = vasprintf(&e->text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		free(e);
		return fail_memory(err);
	}
	e->code = code;
	*err = e;
	return code;
}

static bool is_own(struct chrext_error **err)
{
	return err && *err && *err != &no_memory;
}

void error_place(struct chrext_error **err, const char *place)
{
	if (is_own(err) && *place)
		(*err)->place = strdup(place);
}

void error_hint(struct chrext_error **err, const char *fmt, ...)
{
	va_list ap;

	if (!is_own(err))
		return;
	va_start(ap, fmt);
	if (vasprintf(&(*err)->hint, fmt, ap) < 0)
		(*err)->hint = NULL;
	va_end(ap);
}

/* Appends a line. */
void error_details(struct chrext_error **err, const char *text, size_t len)
{
	char *old, *all;

	if (!is_own(err))
		return;
	old = (*err)->details;
	if (asprintf(&all, "%s%.*s\n", old ? old : "", (int)len, text) < 0)
		return;
	free(old);
	(*err)->details = all;
}

int fail_eperm(struct chrext_error **err, const char *what)
{
	if (!cap_sys_admin())
		return fail(err, -EPERM, "%s needs CAP_SYS_ADMIN (with it CAP_BPF and CAP_PERFMON), which this process lacks: run chrext as root",
			    what);
	if (lockdown_is("confidentiality"))
		return fail(err, -EPERM, "%s is not permitted: the kernel is locked down (confidentiality), boot it with lockdown=integrity or lockdown=none",
			    what);
	return fail(err, -EPERM, "%s is not permitted, although this process has CAP_SYS_ADMIN: is it in a container or a user namespace?",
		    what);
}

/* In English, and safe for threads. */
const char *errno_text(int err)
{
	const char *text;

	if (err < 0)
		err = -err;
	if (err == KERNEL_ENOTSUPP)
		return "not supported by this kernel";
	text = strerrordesc_np(err);
	return text ? text : "unknown error";
}
