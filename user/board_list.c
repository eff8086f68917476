// SPDX-License-Identifier: GPL-2.0-only
/* chrext board list: boards, what is bound to them, and who uses their lines. */
#include <dirent.h>
#include <errno.h>
#include <gpiod.h>
#include <linux/gpio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chrext.h"

struct bound {
	char driver[64];	/* "": none */
	char node[64];		/* likewise */
};

static void bound_get(const struct board *b, struct bound *bound)
{
	char *path = xprintf(DEVICES_DIR "/%s/driver", b->device);
	struct dirent *e;
	DIR *dir;

	memset(bound, 0, sizeof(*bound));
	if (!*b->device)
		goto out;
	link_target(path, bound->driver, sizeof(bound->driver));
	if (!strncmp(bound->driver, DRIVER_PREFIX, strlen(DRIVER_PREFIX)))
		memmove(bound->driver, bound->driver + strlen(DRIVER_PREFIX),
			strlen(bound->driver + strlen(DRIVER_PREFIX)) + 1);
	free(path);
	path = xprintf(DEVICES_DIR "/%s/chr_ext", b->device);
	dir = opendir(path);
	while (dir && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			snprintf(bound->node, sizeof(bound->node), "%.63s",
				 e->d_name);
	if (dir)
		closedir(dir);
out:
	free(path);
}

/* The consumer of a line, "" if it is free, "?" if that cannot be known. */
static void holder_get(const struct line *l, char *holder, size_t size)
{
	struct gpiod_line_info *info = NULL;
	const char *consumer = NULL;
	int ret = gpio_find(l, &info);

	if (ret == 1 && gpiod_line_info_is_used(info))
		consumer = gpiod_line_info_get_consumer(info);
	else if (ret >= 0)
		consumer = "";
	snprintf(holder, size, "%s", consumer ? consumer : "?");
	gpiod_line_info_free(info);
}

static void json_line(const char *text)
{
	char holder[GPIO_MAX_NAME_SIZE];
	struct line l;
	size_t i;

	line_split(&l, text);
	json_begin(NULL, '{');
	json_string(l.by_name ? "name" : "chip", l.target);
	if (!l.by_name)
		json_number("offset", l.offset);
	json_begin("flags", '[');
	for (i = 0; line_flags[i]; i++)
		if (l.flags & 1U << i)
			json_string(NULL, line_flags[i]);
	json_end(']');
	holder_get(&l, holder, sizeof(holder));
	json_or_null("holder", holder);
	json_end('}');
	free(l.target);
}

static void json_board(const struct board *b)
{
	struct bound bound;
	size_t i, j;

	bound_get(b, &bound);
	json_begin(NULL, '{');
	json_string("board", b->name);
	json_string("compatible", b->compatible);
	json_bool("live", *b->device);
	json_or_null("device", b->device);
	json_or_null("driver", bound.driver);
	json_or_null("node", bound.node);
	json_begin("con_ids", '[');
	for (i = 0; i < b->nr_cons; i++) {
		json_begin(NULL, '{');
		json_string("con_id", b->cons[i].id);
		json_begin("lines", '[');
		for (j = 0; j < b->cons[i].nr_lines; j++)
			json_line(b->cons[i].lines[j]);
		json_end(']');
		json_end('}');
	}
	json_end(']');
	json_end('}');
}

static void print_con(const struct con *con)
{
	char holder[GPIO_MAX_NAME_SIZE], *text;
	struct line l;
	size_t i;

	for (i = 0; i < con->nr_lines; i++) {
		line_split(&l, con->lines[i]);
		holder_get(&l, holder, sizeof(holder));
		text = line_print(con->lines[i]);
		printf("  %s[%zu]  %s  %s\n", con->id, i, text,
		       *holder ? holder : "-");
		free(text);
		free(l.target);
	}
}

static int widest(const char *s, int width)
{
	int len = strlen(s);

	return len > width ? len : width;
}

static void print_table(const struct board *boards, size_t nr)
{
	int name = strlen("BOARD"), match = strlen("COMPATIBLE"), driver =
	    strlen("DRIVER");
	struct bound *bound = xalloc(NULL, (nr + 1) * sizeof(*bound));
	const struct board *b;
	size_t i, j;

	for (i = 0; i < nr; i++) {
		bound_get(&boards[i], &bound[i]);
		name = widest(boards[i].name, name);
		match = widest(boards[i].compatible, match);
		driver = widest(bound[i].driver, driver);
	}
	if (nr)
		printf("%-*s  %-*s  LIVE  %-*s  NODE\n", name, "BOARD", match,
		       "COMPATIBLE", driver, "DRIVER");
	for (i = 0; i < nr; i++) {
		b = &boards[i];
		printf("%-*s  %-*s  %-4s  %-*s  %s\n", name, b->name, match,
		       *b->compatible ? b->compatible : "-",
		       *b->device ? "yes" : "no", driver,
		       *bound[i].driver ? bound[i].driver : "-",
		       *bound[i].node ? bound[i].node : "-");
		for (j = 0; j < b->nr_cons; j++)
			print_con(&b->cons[j]);
	}
	free(bound);
}

int verb_board_list(const struct options *opt)
{
	struct board *boards;
	size_t nr, i;
	int err;

	if (boards_check())
		return EXIT_FAILED;
	err = boards_get(&boards, &nr);
	if (err) {
		complain("cannot read " BOARDS_DIR ": %s", errno_text(err));
		return EXIT_FAILED;
	}
	if (opt->json) {
		json_begin(NULL, '[');
		for (i = 0; i < nr; i++)
			json_board(&boards[i]);
		json_end(']');
	} else {
		print_table(boards, nr);
	}
	boards_free(boards, nr);
	return EXIT_OK;
}
