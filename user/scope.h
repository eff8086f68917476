/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CHREXT_SCOPE_H
#define CHREXT_SCOPE_H

#include <stdio.h>

#include "chrext.h"

/* States of a line. Released: neither driven nor read since. */
#define STATE_LOW	'0'
#define STATE_HIGH	'1'
#define STATE_RELEASED	'z'
#define STATE_UNKNOWN	'x'

struct scope_line {
	unsigned int gpio;	/* the kernel's number */
	unsigned int offset;
	char chip[32];		/* label; "": unknown */
	char name[32];		/* "": none */
};

struct change {
	__u64 ns;		/* since the start */
	unsigned int line;
	char state;
};

struct scope {
	struct scope_line *lines;
	size_t nr_lines;
	struct change *changes;	/* in order of time */
	size_t nr_changes;
	__u64 start;		/* on the monotonic clock */
	__u64 end;		/* ns since the start */
};

/* Make room for one more element in an array of @nr. */
void *grow(void *array, size_t nr, size_t size);

/* scope_lines.c */
int lines_parse(struct scope *s, const char *list);
void line_resolve(struct scope_line *l);
const char *line_label(const struct scope_line *l);

/* scope_output.c */
struct output {
	const char *path;
	char *target;		/* without symbolic links */
	char *temp;		/* renamed to target; NULL: written in place */
	FILE *file;
};

int output_open(struct output *o, const char *path);
int output_close(struct output *o, bool keep);

/* scope_draw.c */
void draw_vcd(const struct scope *s, FILE *f);
void draw_svg(const struct scope *s, FILE *f);
void draw_text(const struct scope *s, FILE *f);

#endif /* CHREXT_SCOPE_H */
