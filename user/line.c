// SPDX-License-Identifier: GPL-2.0-only
/*
 * Converts GPIO lines of boards between the syntax of chrext and of the kernel.
 *
 * The kernel's "CHIP:OFFSET active-low pull-up" is
 * "CHIP:OFFSET/active-low/pull-up" in chrext. A backslash escapes ',', '/' and '\'
 * in labels and names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

/* The flags of kmod/board.c. */
const char *const line_flags[] = {
	"active-low", "open-drain", "open-source", "pull-up", "pull-down",
	"bias-disable", NULL
};

/* Return: an index of line_flags, or -1. */
static int flag_find(const char *s, size_t len)
{
	int i;

	for (i = 0; line_flags[i]; i++)
		if (strlen(line_flags[i]) == len &&
		    !memcmp(line_flags[i], s, len))
			return i;
	return -1;
}

/* The blank before the last word of the kernel's text if that is a flag, or NULL. */
static char *last_flag(const char *text, int *flag)
{
	char *blank = strrchr(text, ' ');

	*flag = blank ? flag_find(blank + 1, strlen(blank + 1)) : -1;
	return *flag < 0 ? NULL : blank;
}

/* Why the kernel would not read @target as the label or name, or NULL. */
const char *line_problem(const char *target)
{
	const char *s;
	int flag;

	if (!*target)
		return "it is empty";
	for (s = target; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return "it has a control character";
	if (*target == ' ' || s[-1] == ' ')
		return "it begins or ends with a blank";
	if (last_flag(target, &flag))
		return "it ends in a word that is a flag";
	return NULL;
}

static void complain_flag(const char *where, const char *s, size_t len)
{
	complain("%s: unknown flag \"%.*s\"; a line can have %s, %s, %s, %s, %s and %s",
		 where, (int)len, s, line_flags[0], line_flags[1],
		 line_flags[2], line_flags[3], line_flags[4], line_flags[5]);
}

/**
 * line_take() - parse one line of a comma-separated list
 * @s: the list; advanced to the comma or the end
 * @where: begins complaints
 *
 * Return: the kernel's text, for free(), or NULL after a complaint.
 */
char *line_take(const char **s, const char *where)
{
	char *text = xalloc(NULL, strlen(*s) + 1);
	const char *problem;
	size_t n = 0, len;

	for (; **s && **s != ',' && **s != '/'; ++*s) {
		if (**s == '\\' && !*++*s) {
			complain("%s: a backslash at the end", where);
			goto err;
		}
		text[n++] = **s;
	}
	text[n] = 0;
	problem = !n && **s == '/' ?
		  "expected the label of a chip, not its path; see gpiodetect(1)" :
		  line_problem(text);
	if (problem) {
		complain("%s: bad line \"%s\": %s", where, text, problem);
		goto err;
	}
	for (; **s == '/'; *s += len) {
		++*s;
		len = strcspn(*s, ",/");
		if (flag_find(*s, len) < 0) {
			complain_flag(where, *s, len);
			goto err;
		}
		n += sprintf(text + n, " %.*s", (int)len, *s);
	}
	return text;
err:
	free(text);
	return NULL;
}

/* Parse the kernel's text; l->target is for free(). */
void line_split(struct line *l, const char *text)
{
	char *end, *colon;
	int flag;

	memset(l, 0, sizeof(*l));
	l->target = xprintf("%s", text);
	while ((end = last_flag(l->target, &flag))) {
		*end = 0;
		l->flags |= 1U << flag;
	}
	colon = strrchr(l->target, ':');
	l->by_name = !colon || !colon[1] ||
		     colon[1 + strspn(colon + 1, "0123456789")];
	if (l->by_name)
		return;
	l->offset = strtoul(colon + 1, NULL, 10);
	*colon = 0;
}

/* The kernel's text in the syntax of chrext, for free(). */
char *line_print(const char *text)
{
	char *s = xalloc(NULL, 2 * strlen(text) + 1), *to = s;
	struct line l;
	size_t i;

	line_split(&l, text);
	for (i = 0; l.target[i]; i++) {
		if (strchr(",/\\", l.target[i]))
			*to++ = '\\';
		*to++ = l.target[i];
	}
	if (!l.by_name)
		to += sprintf(to, ":%u", l.offset);
	*to = 0;
	for (i = 0; line_flags[i]; i++)
		if (l.flags & 1U << i)
			to += sprintf(to, "/%s", line_flags[i]);
	free(l.target);
	return s;
}
