// SPDX-License-Identifier: GPL-2.0-only
/* Keeps what libbpf says, to tell the reason of a failure in few words. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

#define MAX_MESSAGES	64
#define EXCERPT_LINES	24
#define TRACE_LINES	10
#define BAD_SECTION	"unrecognized ELF section name '"
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

	/* Of a debugging message there is one reason to tell. */
	if (level == LIBBPF_WARN || strstr(fmt, "unrecognized ELF section")) {
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

/* The word between @before and the next blank. */
bool messages_word(const char *before, char *word, size_t size)
{
	const char *s = messages_find(before);

	if (!s)
		return false;
	s += strlen(before);
	snprintf(word, size, "%.*s", (int)strcspn(s, " ':\n"), s);
	return *word;
}

/* The section of a program, if libbpf does not know what it is for. */
bool messages_section(const char *prog, char *section, size_t size)
{
	char *before = xprintf("prog '%s': " BAD_SECTION, prog);
	bool found = messages_word(before, section, size);

	free(before);
	return found;
}

/* libbpf goes from the particular to the general: the first is the reason. */
const char *messages_best(void)
{
	size_t i;

	for (i = 0; i < nr_messages; i++)
		if (!strstr(messages[i], BAD_SECTION))
			return messages[i];
	return NULL;
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

/* Where the log ends; from @verdict on, newer kernels explain. */
static const char *log_end(const char *log, const char **verdict)
{
	const char *end = strstr(log, LOG_END);

	if (!end)
		end = log + strlen(log);
	*verdict = strstr(log, "\nVerification failed: ");
	if (*verdict > end)
		*verdict = NULL;
	return end;
}

/* Instructions, their source, and what was known there. */
static bool is_trace(const char *line, size_t len)
{
	size_t digits = strspn(line, "0123456789");

	return (digits && line[digits] == ':') || *line == ';' ||
	       !strncmp(line, "from ", 5) ||
	       memmem(line, len, " has btf_id ", 12);
}

/* "; SOURCE @ FILE:LINE", with or without an instruction before it. */
static void trace_place(const char *line, size_t len, char *place, size_t size)
{
	const char *s, *end = line + len;

	while ((s = memmem(line, end - line, " @ ", 3))) {
		line = s + 3;
		snprintf(place, size, "%.*s", (int)(end - line), line);
	}
}

static const char *hint(const char *said, size_t len)
{
	static const struct {
		const char *text, *hint;
	} hints[] = {
		{ "_or_null'",
		  "the pointer may be NULL: compare it with NULL first" },
		{ "!read_ok",
		  "that register was never set; if this is where the op begins, it lacks BPF_PROG()" },
		{ "only read is supported",
		  "the structs that an op is given are read-only; chr_ext_io_set_pos() moves the position" },
		{ "BPF program is too large",
		  "the verifier sees no end of a loop: use bpf_for()" },
		{ "jumps is too complex",
		  "the verifier sees no end of a loop: use bpf_for()" },
		{ "infinite loop detected",
		  "the verifier sees no end of a loop: use bpf_for()" },
		{ "expected STRUCT chr_ext_",
		  "has BPF_PROG() all the arguments of the op, in their order?" },
		{ "min value is negative",
		  "make the length unsigned and bound it from above, by & for example" },
		{ " is not a const",
		  "the size has to be a constant, as sizeof() is" },
		{ "doesn't point to a const string",
		  "a con_id has to be a string literal, or a global array that is const" },
		{ "does not point to a readonly map",
		  "a con_id has to be a string literal, or a global array that is const" },
		{ "GPL compatible license",
		  "the file lacks char license[] SEC(\"license\") = \"GPL\", which CHR_EXT_DRIVER() brings" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hints); i++)
		if (memmem(said, len, hints[i].text, strlen(hints[i].text)))
			return hints[i].hint;
	return NULL;
}

/* Hints that need to know the op, or the call (@insn) that was refused. */
static bool hint_kfunc(const char *op, bool sleepable, const char *insn,
		       struct reason *r)
{
	static const char call[] = ") call chr_ext_";
	char kfunc[64];

	if (op && sscanf(r->text, "calling kernel function %63s", kfunc) == 1 &&
	    !strncmp(kfunc, "chr_ext_", 8))
		snprintf(r->hint, sizeof(r->hint),
			 "op %s may not call %s(); see its Ops in Documentation/abi.md",
			 op, kfunc);
	else if (op && sscanf(r->text, "program must be sleepable to call sleepable kfunc %63s",
			      kfunc) == 1)
		snprintf(r->hint, sizeof(r->hint), sleepable ?
			 "%s() sleeps, which the callback of a timer may not" :
			 "%s() sleeps: the program needs SEC(\"struct_ops.s/%s\")",
			 kfunc, op);
	else if (strstr(r->text, "write into map forbidden") && insn &&
		 memmem(insn, strcspn(insn, "\n"), call, strlen(call)))
		snprintf(r->hint, sizeof(r->hint),
			 "kfuncs want memory that could be written: copy the string literal, or the const, to a local array or to a global that is not const");
	return *r->hint;
}

/*
 * The verifier says what it dislikes behind the instructions that it followed.
 * @place is empty when they had no source. @op may be NULL.
 */
bool verifier_reason(const char *log, const char *op, bool sleepable,
		     struct reason *r)
{
	const char *verdict, *end = log_end(log, &verdict), *s, *said = NULL;
	const char *insn = NULL, *text;
	bool in_trace = true;
	size_t len;

	*r = (struct reason) { };
	if (verdict)
		end = verdict;
	for (s = log; s < end; s += len + (s[len] == '\n')) {
		len = strcspn(s, "\n");
		if (!tells_something(s, len))
			continue;
		/* 7.x has it at the end of an instruction, and states behind. */
		text = memmem(s, len, "infinite loop detected", 22);
		if (text) {
			said = text;
			break;
		}
		if (is_trace(s, len)) {
			trace_place(s, len, r->place, sizeof(r->place));
			if (*s != ';')
				insn = s;
			in_trace = true;
		} else if (in_trace) {
			said = s;
			in_trace = false;
		}
	}
	if (!said)
		return false;
	snprintf(r->text, sizeof(r->text), "%.*s", (int)strcspn(said, "\n"),
		 said);
	text = hint(said, end - said);
	if (!hint_kfunc(op, sleepable, insn, r) && text)
		snprintf(r->hint, sizeof(r->hint), "%s", text);
	return true;
}

/*
 * The end of the verifier's log is the way to what it dislikes. Newer kernels
 * go on with an explanation, of which the way of the values is long.
 */
void verifier_excerpt(const char *log)
{
	const char *verdict, *end = log_end(log, &verdict), *way, *advice;

	if (!verdict) {
		print_tail(log, end, TRACE_LINES);
		return;
	}

	way = strstr(verdict, "\nCausal path:");
	advice = strstr(verdict, "\nSuggestion:");
	print_tail(verdict, way && way < end ? way : end, EXCERPT_LINES);
	if (way && advice && advice < end)
		print_tail(advice, end, EXCERPT_LINES);
}
