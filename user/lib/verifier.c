// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* The reason in the verifier's log, and a hint for those that are common. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "lib.h"

#define EXCERPT_LINES	24
#define TRACE_LINES	10
#define LOG_END		"-- END PROG LOAD LOG --"

static bool is_telling(const char *line, size_t len)
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

/* Appends the last @max telling lines between @s and @end. */
static void add_tail(struct chrext_error **err, const char *s, const char *end,
		     size_t max)
{
	const char *lines[EXCERPT_LINES];
	size_t i, len, nr = 0;

	for (; s < end; s += len + (s[len] == '\n')) {
		len = strcspn(s, "\n");
		if (is_telling(s, len))
			lines[nr++ % max] = s;
	}
	for (i = nr > max ? nr - max : 0; i < nr; i++) {
		s = lines[i % max];
		error_details(err, s, strcspn(s, "\n"));
	}
}

/* The end of the log; from @verdict on, newer kernels explain. */
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

/* Instructions, their source, and the state there. */
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

static const char *hint(const char *reason, size_t len)
{
	static const struct {
		const char *text, *hint;
	} hints[] = {
		{ "_or_null'",
		  "the pointer may be NULL: compare it with NULL first" },
		{ "!read_ok",
		  "the register was never set; at the start of an op, BPF_PROG() is missing" },
		{ "only read is supported",
		  "the structs passed to an op are read-only; chr_ext_io_set_pos() moves the position" },
		{ "BPF program is too large",
		  "the verifier cannot prove that the loop ends: use bpf_for()" },
		{ "jumps is too complex",
		  "the verifier cannot prove that the loop ends: use bpf_for()" },
		{ "infinite loop detected",
		  "the verifier cannot prove that the loop ends: use bpf_for()" },
		{ "expected STRUCT chr_ext_",
		  "does BPF_PROG() list all arguments of the op, in order?" },
		{ "min value is negative",
		  "make the length unsigned and bound it from above, by & for example" },
		{ " is not a const",
		  "the size must be a constant, such as sizeof()" },
		{ "doesn't point to a const string",
		  "a con_id must be a string literal or a const global array" },
		{ "does not point to a readonly map",
		  "a con_id must be a string literal or a const global array" },
		{ "GPL compatible license",
		  "the file lacks char license[] SEC(\"license\") = \"GPL\", which CHR_EXT_DRIVER() defines" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hints); i++)
		if (memmem(reason, len, hints[i].text, strlen(hints[i].text)))
			return hints[i].hint;
	return NULL;
}

/* Hints that depend on the op, or on the call (@insn) that was rejected. */
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
			 "%s() sleeps, which a timer callback may not" :
			 "%s() sleeps: the program needs SEC(\"struct_ops.s/%s\")",
			 kfunc, op);
	else if (strstr(r->text, "write into map forbidden") && insn &&
		 memmem(insn, strcspn(insn, "\n"), call, strlen(call)))
		snprintf(r->hint, sizeof(r->hint),
			 "kfuncs need writable memory: copy the string literal or the const to a local array or a global that is not const");
	return *r->hint;
}

/*
 * "failed to resolve CO-RE relocation <KIND> [ID] struct foo___bar.member (...)",
 * which libbpf puts into the log where the verifier met an invalid instruction.
 */
static void reason_core(struct reason *r)
{
	const char *s = strstr(r->text, "CO-RE relocation <"), *end;
	char what[128], *suffix;
	size_t len;

	end = s ? strstr(s, "] ") : NULL;
	if (!end)
		return;
	s = end + 2;
	end = strstr(s, " (");
	snprintf(what, sizeof(what), "%.*s", (int)(end ? end - s : (long)strlen(s)),
		 s);
	suffix = strstr(what, "___");
	if (suffix) {
		len = strcspn(suffix, ".:");
		memmove(suffix, suffix + len, strlen(suffix + len) + 1);
	}
	snprintf(r->text, sizeof(r->text), "neither this kernel nor the loaded chr_ext module has %s",
		 what);
	snprintf(r->hint, sizeof(r->hint), "a driver that can do without tests %s first",
		 strstr(what, "::") ? "bpf_core_enum_value_exists()" :
		 strchr(what, '.') ? "bpf_core_field_exists()" :
				     "bpf_core_type_exists()");
	r->core = true;
}

/*
 * The verifier's reason follows the instructions that it traced. @r->place is
 * empty if they had no source. @op may be NULL.
 */
bool verifier_reason(const char *log, const char *op, bool sleepable,
		     struct reason *r)
{
	const char *verdict, *end = log_end(log, &verdict), *s, *reason = NULL;
	const char *insn = NULL, *text;
	bool in_trace = true;
	size_t len;

	*r = (struct reason) { };
	if (verdict)
		end = verdict;
	for (s = log; s < end; s += len + (s[len] == '\n')) {
		len = strcspn(s, "\n");
		if (!is_telling(s, len))
			continue;
		/* 7.x prints it at the end of an instruction, followed by states. */
		text = memmem(s, len, "infinite loop detected", 22);
		if (text) {
			reason = text;
			break;
		}
		if (is_trace(s, len)) {
			trace_place(s, len, r->place, sizeof(r->place));
			if (*s != ';')
				insn = s;
			in_trace = true;
		} else if (in_trace) {
			reason = s;
			in_trace = false;
		}
	}
	if (!reason)
		return false;
	snprintf(r->text, sizeof(r->text), "%.*s", (int)strcspn(reason, "\n"),
		 reason);
	text = hint(reason, end - reason);
	if (!hint_kfunc(op, sleepable, insn, r) && text)
		snprintf(r->hint, sizeof(r->hint), "%s", text);
	reason_core(r);
	return true;
}

/*
 * The end of the log shows the path to the reason. Newer kernels append an
 * explanation, whose causal path is long.
 */
void verifier_excerpt(struct chrext_error **err, const char *log)
{
	const char *verdict, *end = log_end(log, &verdict), *way, *advice;

	if (!verdict) {
		add_tail(err, log, end, TRACE_LINES);
		return;
	}

	way = strstr(verdict, "\nCausal path:");
	advice = strstr(verdict, "\nSuggestion:");
	add_tail(err, verdict, way && way < end ? way : end, EXCERPT_LINES);
	if (way && advice && advice < end)
		add_tail(err, advice, end, EXCERPT_LINES);
}
