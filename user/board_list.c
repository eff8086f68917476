// SPDX-License-Identifier: GPL-2.0-only
/* chrext board list: boards, their drivers, and the consumers of their lines. */
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
	char node[64];		/* "": none */
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

static json_t *json_flags(const struct line *l)
{
	json_t *flags = json_checked(json_array());
	size_t i;

	for (i = 0; line_flags[i]; i++)
		if (l->flags & 1U << i)
			json_push(flags, json_text(line_flags[i]));
	return flags;
}

static json_t *json_line(const char *text)
{
	json_t *o = json_checked(json_object());
	char holder[GPIO_MAX_NAME_SIZE];
	struct line l;

	line_split(&l, text);
	json_put(o, l.by_name ? "name" : "chip", json_text(l.target));
	if (!l.by_name)
		json_put(o, "offset", json_integer(l.offset));
	json_put(o, "flags", json_flags(&l));
	holder_get(&l, holder, sizeof(holder));
	json_put(o, "holder", json_text_or_null(holder));
	free(l.target);
	return o;
}

static json_t *json_con(const struct con *con)
{
	json_t *o = json_checked(json_object());
	json_t *lines = json_checked(json_array());
	size_t i;

	for (i = 0; i < con->nr_lines; i++)
		json_push(lines, json_line(con->lines[i]));
	json_put(o, "con_id", json_text(con->id));
	json_put(o, "lines", lines);
	return o;
}

static json_t *json_board(const struct board *b)
{
	json_t *o = json_checked(json_object());
	json_t *cons = json_checked(json_array());
	struct bound bound;
	size_t i;

	bound_get(b, &bound);
	json_put(o, "board", json_text(b->name));
	json_put(o, "compatible", json_text(b->compatible));
	json_put(o, "live", json_boolean(*b->device));
	json_put(o, "device", json_text_or_null(b->device));
	json_put(o, "driver", json_text_or_null(bound.driver));
	json_put(o, "node", json_text_or_null(bound.node));
	for (i = 0; i < b->nr_cons; i++)
		json_push(cons, json_con(&b->cons[i]));
	json_put(o, "con_ids", cons);
	return o;
}

static void print_json(const struct board *boards, size_t nr)
{
	json_t *all = json_checked(json_array());
	size_t i;

	for (i = 0; i < nr; i++)
		json_push(all, json_board(&boards[i]));
	json_print(all);
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
	size_t nr;
	int err;

	if (boards_check())
		return EXIT_FAILED;
	err = boards_get(&boards, &nr);
	if (err) {
		complain("cannot read " BOARDS_DIR ": %s", errno_text(err));
		return EXIT_FAILED;
	}
	if (opt->json)
		print_json(boards, nr);
	else
		print_table(boards, nr);
	boards_free(boards, nr);
	return EXIT_OK;
}
