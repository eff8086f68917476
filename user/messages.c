// SPDX-License-Identifier: GPL-2.0-only
/* Keeps what libbpf says, to tell the reason of a failure in few words. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

#define MAX_MESSAGES	64
#define EXCERPT_LINES	24
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

/* The last @max lines between @s and @end that tell something. */
static void print_tail(const char *s, const char *end, size_t max)
{
	const char *lines[EXCERPT_LINES];
	size_t i, len, nr = 0;

	for (; s < end; s += len + (s[len] == '\n')) {
		len = strcspn(s, "\n");
		if (tells_something(s, len))
			lines[nr++ % max] = s;
	}
	for (i = nr > max ? nr - max : 0; i < nr; i++) {
		s = lines[i % max];
		fprintf(stderr, "    %.*s\n", (int)strcspn(s, "\n"), s);
	}
}

/*
 * The end of the verifier's log is where it says what it dislikes. Newer
 * kernels go on with an explanation, of which the way of the values is long.
 */
void verifier_excerpt(const char *log)
{
	const char *end = strstr(log, LOG_END), *verdict, *way, *advice;

	if (!end)
		end = log + strlen(log);
	verdict = strstr(log, "\nVerification failed: ");
	if (!verdict || verdict > end) {
		print_tail(log, end, 15);
		return;
	}

	way = strstr(verdict, "\nCausal path:");
	advice = strstr(verdict, "\nSuggestion:");
	print_tail(log, verdict, 1);
	print_tail(verdict, way && way < end ? way : end, EXCERPT_LINES);
	if (way && advice && advice < end)
		print_tail(advice, end, EXCERPT_LINES);
}
