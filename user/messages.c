// SPDX-License-Identifier: GPL-2.0-only
/* Keeps what libbpf says, to tell the reason of a failure in few words. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

#define MAX_MESSAGES	64
#define EXCERPT_LINES	15
#define LOG_BEGIN	"-- BEGIN PROG LOAD LOG --\n"
#define LOG_END		"-- END PROG LOAD LOG --"

static char *messages[MAX_MESSAGES];
static size_t nr_messages;
static bool messages_verbose;

static void keep(const char *fmt, va_list ap)
{
	char *s;

	if (nr_messages == MAX_MESSAGES || vasprintf(&s, fmt, ap) < 0)
		return;
	if (!strncmp(s, "libbpf: ", 8))
		memmove(s, s + 8, strlen(s + 8) + 1);
	s[strlen(s) - (*s && s[strlen(s) - 1] == '\n')] = 0;
	messages[nr_messages++] = s;
}

static int print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	va_list copy;

	if (level == LIBBPF_WARN) {
		va_copy(copy, ap);
		keep(fmt, copy);
		va_end(copy);
	}
	return messages_verbose ? vfprintf(stderr, fmt, ap) : 0;
}

void messages_init(bool verbose)
{
	messages_verbose = verbose;
	libbpf_set_print(print);
}

void messages_forget(void)
{
	while (nr_messages)
		free(messages[--nr_messages]);
}

/* The rest of the first message that has @what in it, from there on. */
const char *messages_find(const char *what)
{
	const char *s;
	size_t i;

	for (i = 0; i < nr_messages; i++) {
		s = strstr(messages[i], what);
		if (s)
			return s;
	}
	return NULL;
}

/* libbpf goes from the particular to the general: the first is the reason. */
const char *messages_best(void)
{
	return nr_messages ? messages[0] : NULL;
}

/*
 * The program that was not loaded, and the verifier's log ("" if there is
 * none). False when no program was refused.
 */
bool messages_verifier(char *prog, size_t size, const char **log)
{
	static const char failed[] = "BPF program load failed";
	const char *s;
	size_t i;

	for (i = 0; i < nr_messages; i++)
		if (strstr(messages[i], failed))
			break;
	if (i == nr_messages || strncmp(messages[i], "prog '", 6))
		return false;
	snprintf(prog, size, "%.*s", (int)strcspn(messages[i] + 6, "'"),
		 messages[i] + 6);
	s = messages_find(LOG_BEGIN);
	*log = s ? s + strlen(LOG_BEGIN) : "";
	return true;
}

static bool tells_something(const char *line, size_t len)
{
	static const char *const noise[] = {
		"processed ", "verification time ", "stack depth ",
		"mark_precise: ", "insn_processed ",
	};
	size_t i;

	if (strspn(line, " \t") >= len)
		return false;
	for (i = 0; i < ARRAY_SIZE(noise); i++)
		if (!strncmp(line, noise[i], strlen(noise[i])))
			return false;
	return true;
}

/* The end of the verifier's log is where it says what it dislikes. */
void verifier_excerpt(const char *log)
{
	const char *lines[EXCERPT_LINES], *end = strstr(log, LOG_END);
	size_t i, len, nr = 0;

	if (!end)
		end = log + strlen(log);
	for (; log < end; log += len + (log[len] == '\n')) {
		len = strcspn(log, "\n");
		if (tells_something(log, len))
			lines[nr++ % EXCERPT_LINES] = log;
	}
	for (i = nr > EXCERPT_LINES ? nr - EXCERPT_LINES : 0; i < nr; i++) {
		log = lines[i % EXCERPT_LINES];
		fprintf(stderr, "    %.*s\n", (int)strcspn(log, "\n"), log);
	}
}
