// SPDX-License-Identifier: GPL-2.0-only
/* Prints JSON: values in the order they come, one a line and indented. */
#include <stdio.h>

#include "chrext.h"

static unsigned int depth;
static bool comma;	/* a value stands before the next one */
static bool flat;	/* all on one line */

/* Bytes of the UTF-8 sequence at @s, 0 if it is none. */
static int utf8_len(const unsigned char *s)
{
	int i, n;

	if (*s < 0x80)
		return 1;
	if (*s < 0xc2 || *s > 0xf4)
		return 0;
	n = *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static void quoted(const char *value)
{
	const unsigned char *s = (const unsigned char *)value;
	int n;

	putchar('"');
	while (*s) {
		n = utf8_len(s);
		if (!n)
			fputs("\\ufffd", stdout);
		else if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (*s < ' ' || *s == 0x7f)
			printf("\\u%04x", *s);
		else
			fwrite(s, 1, n, stdout);
		s += n ? n : 1;
	}
	putchar('"');
}

static void newline(void)
{
	unsigned int i;

	if (flat)
		return;
	putchar('\n');
	for (i = 0; i < depth; i++)
		putchar('\t');
}

static void place(const char *key)
{
	if (comma)
		putchar(',');
	if (depth)
		newline();
	if (key) {
		quoted(key);
		fputs(flat ? ":" : ": ", stdout);
	}
	comma = true;
}

void json_flat(void)
{
	flat = true;
}

void json_begin(const char *key, char bracket)
{
	place(key);
	putchar(bracket);
	depth++;
	comma = false;
}

void json_end(char bracket)
{
	depth--;
	if (comma)
		newline();
	putchar(bracket);
	comma = depth;
	if (!depth)
		putchar('\n');
}

void json_string(const char *key, const char *value)
{
	place(key);
	quoted(value);
}

void json_number(const char *key, __u64 value)
{
	place(key);
	printf("%llu", (unsigned long long)value);
}

void json_null(const char *key)
{
	place(key);
	fputs("null", stdout);
}

void json_bool(const char *key, bool value)
{
	place(key);
	fputs(value ? "true" : "false", stdout);
}

void json_or_null(const char *key, const char *value)
{
	if (*value)
		json_string(key, value);
	else
		json_null(key);
}

void json_hardware(const struct device *d)
{
	json_or_null("hardware", d->hardware);
	json_or_null("board", d->board);
}
