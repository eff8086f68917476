// SPDX-License-Identifier: GPL-2.0-only
/*
 * The GPIO lines of a board: a directory for each con_id, with the file lines.
 *
 * A line of text that is written to it adds a GPIO line: CHIP:OFFSET or the GPIO
 * line's name, optionally followed by active-low, open-drain, open-source, pull-up,
 * pull-down, bias-disable. An empty one removes all.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/configfs.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "board.h"
#include "compat.h"
#include "gpio.h"
#include "log.h"

struct board_line {
	const char *chip;		/* for kfree(); NULL: by name */
	const char *name;		/* likewise */
	u32 offset;
	unsigned long flags;
};

/* The lock of the board protects n and lines. */
struct board_con {
	struct chr_ext_board_item item;
	u32 n;
	struct board_line lines[CHR_EXT_MAX_LINES];
};

static const struct {
	const char *name;
	unsigned long flag;
} line_flags[] = {
	{ "active-low", GPIO_ACTIVE_LOW },
	{ "open-drain", GPIO_OPEN_DRAIN },
	{ "open-source", GPIO_OPEN_SOURCE },
	{ "pull-up", GPIO_PULL_UP },
	{ "pull-down", GPIO_PULL_DOWN },
	{ "bias-disable", GPIO_PULL_DISABLE },
};

/* The most that configfs passes on at once, however large a page is. */
#define LINES_SIZE	4096

#define BIASES	(GPIO_PULL_UP | GPIO_PULL_DOWN | GPIO_PULL_DISABLE)
#define DRIVES	(GPIO_OPEN_DRAIN | GPIO_OPEN_SOURCE)

static struct board_con *item_to_con(struct chr_ext_board_item *item)
{
	return container_of(item, struct board_con, item);
}

static struct board_con *to_con(struct config_item *item)
{
	return container_of(to_config_group(item), struct board_con, item.group);
}

static const char *con_name(struct board_con *con)
{
	return config_item_name(&con->item.group.cg_item);
}

#define refuse(con, err, fmt, ...)					\
	chr_ext_refuse(err, NULL,					\
		       config_item_name(&(con)->item.board->group.cg_item), \
		       fmt, ##__VA_ARGS__)

struct line_query {
	const struct board_line *line;
	struct gpio_device *gdev;	/* of its chip */
	int err;
	u32 offset;
	char *label;			/* of the chip; for kfree() */
	char *holder;			/* of the line, or NULL; likewise */
};

static int name_index(const char *const *names, int n, const char *name)
{
	int i;

	for (i = 0; i < n; i++)
		if (names[i] && !strcmp(names[i], name))
			return i;
	return -ENOENT;
}

/* gpiolib has no function for the names by which it knows a chip's lines. */
static int chip_line_by_name(struct gpio_chip *gc, const char *name)
{
	struct device *dev = gpio_device_to_device(gc->gpiodev);
	const char **names __free(kfree) = NULL;
	int n, i;

	if (gc->names)
		return name_index(gc->names, gc->ngpio, name);

	n = device_property_string_array_count(dev, "gpio-line-names");
	if (n <= 0)
		return -ENOENT;
	names = kcalloc(n, sizeof(*names), GFP_KERNEL);
	if (!names)
		return -ENOMEM;
	n = device_property_read_string_array(dev, "gpio-line-names", names, n);
	i = name_index(names, n, name) - (int)gc->offset;
	return i < 0 || i >= gc->ngpio ? -ENOENT : i;
}

/* gpio_device_find() keeps the chip from being removed meanwhile. */
static int chip_matches(struct gpio_chip *gc, const void *data)
{
	struct line_query *q = (void *)data;
	const struct board_line *line = q->line;
	int offset = line->offset;

	/* gpiolib could not find it either. */
	if (!gc->label)
		return 0;
	if (!line->chip)
		offset = chip_line_by_name(gc, line->name);
	else if (strcmp(gc->label, line->chip))
		offset = -ENOENT;
	if (offset < 0)
		return 0;
	q->offset = offset;
	q->err = 0;
	if (q->offset >= gc->ngpio) {
		q->err = -ERANGE;
		return 1;
	}
	q->label = kstrdup(gc->label, GFP_KERNEL);
	q->holder = gpiochip_dup_line_label(gc, q->offset);
	if (!q->label || IS_ERR(q->holder))
		q->err = -ENOMEM;
	else if (q->holder)
		q->err = -EBUSY;
	return 1;
}

/* gpiolib uses the first chip with a label, which may be another one. */
static int chip_is_twin(struct gpio_chip *gc, const void *data)
{
	const struct line_query *q = data;

	return gc->gpiodev != q->gdev && gc->label &&
	       !strcmp(gc->label, q->label);
}

static int line_refuse(struct board_con *con, const struct line_query *q)
{
	const struct board_line *line = q->line;
	u32 nr = line - con->lines;

	switch (q->err) {
	case -EBUSY:
		return refuse(con, EBUSY, "line %u of %s, %s:%u, is in use by \"%s\"",
			      nr, con_name(con), q->label, q->offset,
			      q->holder);
	case -ENOTUNIQ:
		return refuse(con, ENOTUNIQ, "line %u of %s: there are two chips \"%s\"",
			      nr, con_name(con), q->label);
	case -ERANGE:
		return refuse(con, ERANGE, "line %u of %s: the chip %s has no offset %u",
			      nr, con_name(con), line->chip, line->offset);
	case -ENOENT:
		if (line->chip)
			return refuse(con, ENOENT, "line %u of %s: there is no chip \"%s\"",
				      nr, con_name(con), line->chip);
		return refuse(con, ENOENT, "line %u of %s: there is no line \"%s\"",
			      nr, con_name(con), line->name);
	default:
		return q->err;
	}
}

static bool table_has(const struct gpiod_lookup *table, const char *label,
		      u32 offset)
{
	for (; table->key; table++)
		if (table->chip_hwnum == offset && !strcmp(table->key, label))
			return true;
	return false;
}

/* Find a line and add it at the end of the table. */
static int line_look_up(struct board_con *con, u32 nr,
			struct gpiod_lookup *table, struct gpiod_lookup *end)
{
	struct line_query q = { .line = &con->lines[nr], .err = -ENOENT };
	struct gpio_device *twin;
	int err;

	q.gdev = gpio_device_find(&q, chip_matches);
	if (q.gdev && q.label) {
		twin = gpio_device_find(&q, chip_is_twin);
		if (twin) {
			gpio_device_put(twin);
			q.err = -ENOTUNIQ;
		}
	}
	if (q.gdev)
		gpio_device_put(q.gdev);
	if (!IS_ERR(q.holder) && q.err)
		err = line_refuse(con, &q);
	else
		err = q.err;
	if (!err && table_has(table, q.label, q.offset))
		err = refuse(con, EEXIST, "line %u of %s, %s:%u, is listed twice",
			     nr, con_name(con), q.label, q.offset);
	if (!IS_ERR(q.holder))
		kfree(q.holder);
	if (err) {
		kfree(q.label);
		return err;
	}
	*end = GPIO_LOOKUP_IDX(q.label, q.offset, con_name(con), nr,
			       con->lines[nr].flags);
	return 0;
}

static void table_free(struct gpiod_lookup_table *table)
{
	struct gpiod_lookup *l;

	for (l = table->table; l->key; l++)
		kfree(l->key);
	kfree(table->dev_id);
	kfree(table);
}

static u32 board_count(struct chr_ext_board *b)
{
	struct chr_ext_board_item *item;
	u32 n = 0;

	list_for_each_entry(item, &b->items, node)
		n += item_to_con(item)->n;
	return n;
}

static int table_fill(struct gpiod_lookup_table *table, struct chr_ext_board *b)
{
	struct gpiod_lookup *end = table->table;
	struct chr_ext_board_item *item;
	struct board_con *con;
	int err;
	u32 i;

	list_for_each_entry(item, &b->items, node) {
		con = item_to_con(item);
		if (!con->n)
			return refuse(con, EINVAL, "%s has no lines",
				      con_name(con));
		for (i = 0; i < con->n; i++) {
			err = line_look_up(con, i, table->table, end++);
			if (err)
				return err;
		}
	}
	return 0;
}

static void lines_del(void *state)
{
	struct gpiod_lookup_table *table = state;

	gpiod_remove_lookup_table(table);
	table_free(table);
}

/* The board is fixed, so its items do not change. */
static void *lines_add(struct chr_ext_board *b, const char *dev_id)
{
	struct gpiod_lookup_table *table;
	int err = -ENOMEM;

	table = kzalloc(struct_size(table, table, board_count(b) + 1),
			GFP_KERNEL);
	if (!table)
		return ERR_PTR(-ENOMEM);
	table->dev_id = kstrdup(dev_id, GFP_KERNEL);
	if (table->dev_id)
		err = table_fill(table, b);
	if (err) {
		table_free(table);
		return ERR_PTR(err);
	}
	gpiod_add_lookup_table(table);
	return table;
}

/* Return: bytes, including those that do not fit into @size. */
static size_t line_print(const struct board_line *line, char *to, size_t size)
{
	size_t len, f;

	len = line->chip ?
		snprintf(to, size, "%s:%u", line->chip, line->offset) :
		snprintf(to, size, "%s", line->name);
	for (f = 0; f < ARRAY_SIZE(line_flags); f++)
		if (line->flags & line_flags[f].flag)
			len += snprintf(to + min(len, size), size - min(len, size),
					" %s", line_flags[f].name);
	return len + snprintf(to + min(len, size), size - min(len, size), "\n");
}

static size_t lines_print(const struct board_con *con, char *to, size_t size)
{
	size_t len = 0;
	u32 i;

	for (i = 0; i < con->n; i++)
		len += line_print(&con->lines[i], to + min(len, size),
				  size - min(len, size));
	return len;
}

/* All of them fit: con_add() checks that. */
static ssize_t con_lines_show(struct config_item *item, char *page)
{
	struct board_con *con = to_con(item);

	guard(mutex)(&con->item.board->lock);
	return lines_print(con, page, LINES_SIZE);
}

/* Cut a flag off the end of a line. Return: the flag, or 0. */
static unsigned long take_flag(char *text)
{
	char *word = strrchr(text, ' ');
	size_t i;

	for (i = 0; word && i < ARRAY_SIZE(line_flags); i++) {
		if (strcmp(word + 1, line_flags[i].name))
			continue;
		*word = '\0';
		return line_flags[i].flag;
	}
	return 0;
}

/* Remove all lines but the first @n. */
static void con_trim(struct board_con *con, u32 n)
{
	while (con->n > n) {
		con->n--;
		kfree(con->lines[con->n].chip);
		kfree(con->lines[con->n].name);
	}
}

static int con_add(struct board_con *con, char *text)
{
	struct board_line line = {};
	unsigned long flag;
	char *colon;

	if (con->n == CHR_EXT_MAX_LINES)
		return refuse(con, E2BIG, "%s has more than %u lines",
			      con_name(con), CHR_EXT_MAX_LINES);

	while ((flag = take_flag(text)))
		line.flags |= flag;
	if (hweight_long(line.flags & BIASES) > 1 ||
	    hweight_long(line.flags & DRIVES) > 1)
		return refuse(con, EINVAL, "%s: \"%s\" has flags that exclude each other",
			      con_name(con), text);
	colon = strrchr(text, ':');
	if (colon && !kstrtou32(colon + 1, 10, &line.offset)) {
		/* To gpiolib the last number means "by name". */
		if (line.offset >= U16_MAX)
			return refuse(con, ERANGE, "%s: the offset %u is too large",
				      con_name(con), line.offset);
		*colon = '\0';
		line.chip = kstrdup(text, GFP_KERNEL);
	} else {
		line.name = kstrdup(text, GFP_KERNEL);
	}
	if (!line.chip && !line.name)
		return -ENOMEM;
	con->lines[con->n++] = line;
	if (lines_print(con, NULL, 0) < LINES_SIZE)
		return 0;
	con_trim(con, con->n - 1);
	return refuse(con, E2BIG, "%s: the lines take more than %u bytes",
		      con_name(con), LINES_SIZE - 1);
}

static int con_parse(struct board_con *con, char *text)
{
	u32 before = con->n;
	char *one;
	int err;

	text = strim(text);
	if (!*text) {
		con_trim(con, 0);
		return 0;
	}
	while ((one = strsep(&text, "\n"))) {
		one = strim(one);
		err = *one ? con_add(con, one) : 0;
		if (err) {
			con_trim(con, before);
			return err;
		}
	}
	return 0;
}

static ssize_t con_lines_store(struct config_item *item, const char *page,
			       size_t count)
{
	struct board_con *con = to_con(item);
	char *text __free(kfree) = NULL;

	/* configfs cuts off what is too long; the next write brings the rest. */
	if (count == LINES_SIZE - 1)
		while (count && page[count - 1] != '\n')
			count--;
	text = kstrndup(page, count, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	if (!count)
		return refuse(con, EINVAL, "a line of %s is too long",
			      con_name(con));

	guard(mutex)(&con->item.board->lock);
	if (con->item.board->fixed)
		return refuse(con, EBUSY, "a live board cannot change");
	return con_parse(con, text) ?: count;
}
CONFIGFS_ATTR(con_, lines);

static struct configfs_attribute *con_attrs[] = {
	&con_attr_lines,
	NULL
};

static struct chr_ext_board_item *con_alloc(void)
{
	struct board_con *con = kzalloc(sizeof(*con), GFP_KERNEL_ACCOUNT);

	return con ? &con->item : NULL;
}

static void con_free(struct chr_ext_board_item *item)
{
	struct board_con *con = item_to_con(item);

	con_trim(con, 0);
	kfree(con);
}

struct chr_ext_board_part chr_ext_gpio_board = {
	.what = "con_id",
	.attrs = con_attrs,
	.alloc = con_alloc,
	.free = con_free,
	.add = lines_add,
	.del = lines_del,
};
