// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/*
 * Keeps what libbpf prints during a call.
 *
 * libbpf has one print function for the whole process. It is replaced while any
 * thread is inside of such a call; messages of other threads still go to the
 * function that was there.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"

#define BAD_SECTION	"unrecognized ELF section name '"
#define LOG_BEGIN	"-- BEGIN PROG LOAD LOG --\n"

/* Protects users and before. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int users;
static libbpf_print_fn_t before;

static __thread struct capture *current;

static void keep(struct capture *c, const char *fmt, va_list ap)
{
	size_t len;
	char *s;

	if (c->nr == ARRAY_SIZE(c->texts) || vasprintf(&s, fmt, ap) < 0)
		return;
	if (!strncmp(s, "libbpf: ", 8))
		memmove(s, s + 8, strlen(s + 8) + 1);
	len = strlen(s);
	if (len && s[len - 1] == '\n')
		s[len - 1] = 0;
	c->texts[c->nr++] = s;
}

static void pass_on(const struct chrext_object *o, const char *fmt, va_list ap)
{
	char *s;

	if (!o || !o->notify || !o->verbose || vasprintf(&s, fmt, ap) < 0)
		return;
	o->notify(o->notify_arg, CHREXT_NOTE_LIBBPF, s);
	free(s);
}

static int print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	libbpf_print_fn_t other;
	va_list copy;

	if (!current) {
		pthread_mutex_lock(&lock);
		other = before;
		pthread_mutex_unlock(&lock);
		return other ? other(level, fmt, ap) : 0;
	}
	/* One of the debugging messages contains a reason. */
	if (level == LIBBPF_WARN || strstr(fmt, "unrecognized ELF section")) {
		va_copy(copy, ap);
		keep(current, fmt, copy);
		va_end(copy);
	}
	pass_on(current->obj, fmt, ap);
	return 0;
}

void capture_begin(struct capture *c, const struct chrext_object *obj)
{
	*c = (struct capture) { .obj = obj, .outer = current };
	pthread_mutex_lock(&lock);
	if (!users++)
		before = libbpf_set_print(print);
	pthread_mutex_unlock(&lock);
	current = c;
}

void capture_end(struct capture *c)
{
	current = c->outer;
	pthread_mutex_lock(&lock);
	if (!--users)
		libbpf_set_print(before);
	pthread_mutex_unlock(&lock);
}

void capture_free(struct capture *c)
{
	while (c->nr)
		free(c->texts[--c->nr]);
}

/* The rest of the first message that has @what in it, from there on. */
const char *capture_find(const struct capture *c, const char *what)
{
	const char *s;
	size_t i;

	for (i = 0; i < c->nr; i++) {
		s = strstr(c->texts[i], what);
		if (s)
			return s;
	}
	return NULL;
}

/* The word between @before and the next blank. */
bool capture_word(const struct capture *c, const char *before, char *word,
		  size_t size)
{
	const char *s = capture_find(c, before);

	if (!s)
		return false;
	s += strlen(before);
	snprintf(word, size, "%.*s", (int)strcspn(s, " ':\n"), s);
	return *word;
}

/* The section of a program, if libbpf does not know what it is for. */
bool capture_section(const struct capture *c, const char *prog, char *section,
		     size_t size)
{
	char before[256];

	snprintf(before, sizeof(before), "prog '%s': " BAD_SECTION, prog);
	return capture_word(c, before, section, size);
}

/* libbpf goes from the particular to the general: the first is the reason. */
const char *capture_best(const struct capture *c)
{
	size_t i;

	for (i = 0; i < c->nr; i++)
		if (!strstr(c->texts[i], BAD_SECTION))
			return c->texts[i];
	return NULL;
}

/*
 * The program that was not loaded, and the verifier's log ("" if there is
 * none). False when no program was rejected.
 */
bool capture_verifier(const struct capture *c, char *prog, size_t size,
		      const char **log)
{
	static const char failed[] = "BPF program load failed";
	const char *s;
	size_t i;

	for (i = 0; i < c->nr; i++)
		if (strstr(c->texts[i], failed))
			break;
	if (i == c->nr || strncmp(c->texts[i], "prog '", 6))
		return false;
	snprintf(prog, size, "%.*s", (int)strcspn(c->texts[i] + 6, "'"),
		 c->texts[i] + 6);
	s = capture_find(c, LOG_BEGIN);
	*log = s ? s + strlen(LOG_BEGIN) : "";
	return true;
}
