// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boards: which lines a device has, where no device tree says it.
 *
 *   /sys/kernel/config/chr_ext/<board>/compatible   what a driver binds by
 *                                      live         1: the device is there
 *                                      dev_name     what it is called then
 *                                      <con_id>/lines
 *
 * Each line that is written to lines adds a GPIO line: CHIP:OFFSET or the line's
 * name, and perhaps active-low, open-drain, open-source, pull-up, pull-down,
 * bias-disable. An empty one removes them all. A live board does not change.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/configfs.h>
#include <linux/ctype.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/property.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "gpio.h"
#include "board.h"
#include "compat.h"
#include "log.h"

/*
 * lock protects all of it and of its con_ids, but nothing is written while it is
 * fixed. Taken inside the locks of configfs, boards.su_mutex among them.
 *
 * live_lock is held while the device comes or goes, which can take as long as
 * its probe: outside of boards.su_mutex, lest all boards wait, and of the locks
 * of the driver core.
 */
struct board {
	struct config_group group;
	struct mutex live_lock;
	struct mutex lock;
	char compatible[CHR_EXT_COMPATIBLE_LEN];
	struct list_head cons;
	int id;
	bool fixed;				/* live, or on the way */
	struct platform_device *pdev;		/* while it is live */
	struct gpiod_lookup_table *table;	/* likewise; live_lock */
};

struct board_line {
	const char *chip;		/* for kfree(); NULL: by name */
	const char *name;		/* likewise */
	u32 offset;
	unsigned long flags;
};

struct board_con {
	struct config_group group;
	struct board *board;
	struct list_head node;
	u32 n;
	struct board_line lines[CHR_EXT_MAX_LINES];
};

static DEFINE_IDA(board_ids);

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

/* The most that configfs hands over at once, however large a page is. */
#define LINES_SIZE	4096

#define BIASES	(GPIO_PULL_UP | GPIO_PULL_DOWN | GPIO_PULL_DISABLE)
#define DRIVES	(GPIO_OPEN_DRAIN | GPIO_OPEN_SOURCE)

static struct board *to_board(struct config_item *item)
{
	return container_of(to_config_group(item), struct board, group);
}

static struct board_con *to_con(struct config_item *item)
{
	return container_of(to_config_group(item), struct board_con, group);
}

static const char *board_name(struct board *b)
{
	return config_item_name(&b->group.cg_item);
}

static const char *con_name(struct board_con *con)
{
	return config_item_name(&con->group.cg_item);
}

#define refuse(b, err, fmt, ...)					\
	chr_ext_refuse(err, NULL, board_name(b), fmt, ##__VA_ARGS__)

/* The lines that a board asks for, on the way to gpiolib. */

struct line_query {
	const struct board_line *line;
	struct gpio_device *gdev;	/* that has it */
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

/* gpiolib does not tell by which names it knows the lines of a chip. */
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

/* Called while the chip cannot go. */
static int chip_matches(struct gpio_chip *gc, const void *data)
{
	struct line_query *q = (void *)data;
	const struct board_line *line = q->line;
	int offset = line->offset;

	/* Nor could gpiolib find it. */
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

/* gpiolib takes the first chip of a label, which may be another one. */
static int chip_is_twin(struct gpio_chip *gc, const void *data)
{
	const struct line_query *q = data;

	return gc->gpiodev != q->gdev && gc->label &&
	       !strcmp(gc->label, q->label);
}

static int line_refuse(struct board_con *con, const struct line_query *q)
{
	const struct board_line *line = q->line;
	struct board *b = con->board;
	u32 nr = line - con->lines;

	switch (q->err) {
	case -EBUSY:
		return refuse(b, EBUSY, "line %u of %s, %s:%u, is used by \"%s\"",
			      nr, con_name(con), q->label, q->offset,
			      q->holder);
	case -ENOTUNIQ:
		return refuse(b, ENOTUNIQ, "line %u of %s: there are two chips \"%s\"",
			      nr, con_name(con), q->label);
	case -ERANGE:
		return refuse(b, ERANGE, "line %u of %s: the chip %s has no offset %u",
			      nr, con_name(con), line->chip, line->offset);
	case -ENOENT:
		if (line->chip)
			return refuse(b, ENOENT, "line %u of %s: there is no chip \"%s\"",
				      nr, con_name(con), line->chip);
		return refuse(b, ENOENT, "line %u of %s: there is no line \"%s\"",
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

/* Finds a line and adds it at the end of the table. */
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
		err = refuse(con->board, EEXIST, "line %u of %s, %s:%u, is there twice",
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

static struct gpiod_lookup_table *board_table(struct board *b)
{
	struct gpiod_lookup_table *table;
	struct board_con *con;
	u32 n = 0, i;
	int err;

	list_for_each_entry(con, &b->cons, node) {
		if (!con->n)
			return ERR_PTR(refuse(b, EINVAL, "%s has no lines",
					      con_name(con)));
		n += con->n;
	}
	if (!n)
		return ERR_PTR(refuse(b, EINVAL, "it has no con_id: make a directory for one"));

	table = kzalloc(struct_size(table, table, n + 1), GFP_KERNEL);
	if (!table)
		return ERR_PTR(-ENOMEM);
	table->dev_id = kasprintf(GFP_KERNEL, CHR_EXT_BOARD_NAME ".%d", b->id);
	err = table->dev_id ? 0 : -ENOMEM;

	n = 0;
	list_for_each_entry(con, &b->cons, node)
		for (i = 0; !err && i < con->n; i++)
			err = line_look_up(con, i, table->table,
					   &table->table[n++]);
	if (!err)
		return table;
	table_free(table);
	return ERR_PTR(err);
}

static struct configfs_subsystem boards;

static void cons_unpin(struct board *b, struct board_con *end)
{
	struct board_con *con;

	list_for_each_entry(con, &b->cons, node) {
		if (con == end)
			break;
		configfs_undepend_item_unlocked(&con->group.cg_item);
	}
}

/* The directories of a live board cannot be removed. */
static int cons_pin(struct board *b)
{
	struct board_con *con;
	int err;

	list_for_each_entry(con, &b->cons, node) {
		err = configfs_depend_item_unlocked(&boards,
						    &con->group.cg_item);
		if (err) {
			cons_unpin(b, con);
			return err;
		}
	}
	return 0;
}

/* Caller holds b->live_lock; the board is fixed. */
static int board_add(struct board *b)
{
	struct chr_ext_board_data data = {};
	struct platform_device_info info = {
		.name = CHR_EXT_BOARD_NAME,
		.id = b->id,
		.data = &data,
		.size_data = sizeof(data),
	};
	struct gpiod_lookup_table *table;
	struct platform_device *pdev;

	if (!b->compatible[0])
		return refuse(b, EINVAL, "compatible is empty");
	table = board_table(b);
	if (IS_ERR(table))
		return PTR_ERR(table);

	strscpy(data.compatible, b->compatible, sizeof(data.compatible));
	strscpy(data.name, board_name(b), sizeof(data.name));
	gpiod_add_lookup_table(table);
	pdev = platform_device_register_full(&info);
	if (IS_ERR(pdev)) {
		gpiod_remove_lookup_table(table);
		table_free(table);
		return PTR_ERR(pdev);
	}
	b->table = table;
	scoped_guard(mutex, &b->lock)
		b->pdev = pdev;
	return 0;
}

/* Caller holds b->live_lock. */
static void board_del(struct board *b)
{
	struct platform_device *pdev = b->pdev;

	scoped_guard(mutex, &b->lock)
		b->pdev = NULL;
	platform_device_unregister(pdev);
	gpiod_remove_lookup_table(b->table);
	table_free(b->table);
}

/* configfs */

static ssize_t board_compatible_show(struct config_item *item, char *page)
{
	struct board *b = to_board(item);

	guard(mutex)(&b->lock);
	return sysfs_emit(page, "%s\n", b->compatible);
}

static ssize_t board_compatible_store(struct config_item *item,
				      const char *page, size_t count)
{
	struct board *b = to_board(item);
	size_t len = count, i;

	if (len && page[len - 1] == '\n')
		len--;
	if (!len || len >= CHR_EXT_COMPATIBLE_LEN)
		return refuse(b, EINVAL, "compatible has 1 to %u characters",
			      CHR_EXT_COMPATIBLE_LEN - 1);
	for (i = 0; i < len; i++)
		if (!isascii(page[i]) || !isgraph(page[i]))
			return refuse(b, EINVAL,
				      "compatible has the character 0x%02x",
				      (u8)page[i]);

	guard(mutex)(&b->lock);
	if (b->fixed)
		return refuse(b, EBUSY, "a live board cannot change");
	memcpy(b->compatible, page, len);
	b->compatible[len] = '\0';
	return count;
}
CONFIGFS_ATTR(board_, compatible);

static ssize_t board_live_show(struct config_item *item, char *page)
{
	struct board *b = to_board(item);

	guard(mutex)(&b->lock);
	return sysfs_emit(page, "%d\n", !!b->pdev);
}

/* A con_id that is being made or removed is no item that can be pinned. */
static int board_fix(struct board *b)
{
	int err;

	guard(mutex)(&boards.su_mutex);
	guard(mutex)(&b->lock);
	err = cons_pin(b);
	b->fixed = !err;
	return err;
}

static void board_unfix(struct board *b)
{
	guard(mutex)(&b->lock);
	cons_unpin(b, NULL);
	b->fixed = false;
}

static int board_set_live(struct board *b, bool live)
{
	int err;

	guard(mutex)(&b->live_lock);
	if (live == !!b->pdev)
		return 0;
	if (!live) {
		board_del(b);
		board_unfix(b);
		return 0;
	}
	err = board_fix(b);
	if (err)
		return err;
	err = board_add(b);
	if (err)
		board_unfix(b);
	return err;
}

static ssize_t board_live_store(struct config_item *item, const char *page,
				size_t count)
{
	struct board *b = to_board(item);
	bool live;
	int err;

	err = kstrtobool(page, &live);
	if (!err)
		err = board_set_live(b, live);
	return err ?: count;
}
CONFIGFS_ATTR(board_, live);

static ssize_t board_dev_name_show(struct config_item *item, char *page)
{
	struct board *b = to_board(item);

	guard(mutex)(&b->lock);
	return sysfs_emit(page, "%s\n", b->pdev ? dev_name(&b->pdev->dev) : "");
}
CONFIGFS_ATTR_RO(board_, dev_name);

static struct configfs_attribute *board_attrs[] = {
	&board_attr_compatible,
	&board_attr_live,
	&board_attr_dev_name,
	NULL
};

/* Return: bytes, also of what does not fit into @size. */
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

/* con_add() has seen to it that all of them fit. */
static ssize_t con_lines_show(struct config_item *item, char *page)
{
	struct board_con *con = to_con(item);

	guard(mutex)(&con->board->lock);
	return lines_print(con, page, LINES_SIZE);
}

/* Takes a flag off the end of a line. Return: the flag, or 0. */
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

/* Forgets all lines but the first @n. */
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
		return refuse(con->board, E2BIG, "%s has more than %u lines",
			      con_name(con), CHR_EXT_MAX_LINES);

	while ((flag = take_flag(text)))
		line.flags |= flag;
	if (hweight_long(line.flags & BIASES) > 1 ||
	    hweight_long(line.flags & DRIVES) > 1)
		return refuse(con->board, EINVAL, "%s: \"%s\" has flags that exclude each other",
			      con_name(con), text);
	colon = strrchr(text, ':');
	if (colon && !kstrtou32(colon + 1, 10, &line.offset)) {
		/* gpiolib takes the last number for "by name". */
		if (line.offset >= U16_MAX)
			return refuse(con->board, ERANGE, "%s: the offset %u is too large",
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
	return refuse(con->board, E2BIG, "%s: the lines take more than %u bytes",
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

	/* configfs cuts off what is too long: that comes with the next write. */
	if (count == LINES_SIZE - 1)
		while (count && page[count - 1] != '\n')
			count--;
	text = kstrndup(page, count, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	if (!count)
		return refuse(con->board, EINVAL, "a line of %s is too long",
			      con_name(con));

	guard(mutex)(&con->board->lock);
	if (con->board->fixed)
		return refuse(con->board, EBUSY, "a live board cannot change");
	return con_parse(con, text) ?: count;
}
CONFIGFS_ATTR(con_, lines);

static struct configfs_attribute *con_attrs[] = {
	&con_attr_lines,
	NULL
};

static void con_release(struct config_item *item)
{
	struct board_con *con = to_con(item);

	con_trim(con, 0);
	config_item_put(&con->board->group.cg_item);
	kfree(con);
}

static struct configfs_item_operations con_item_ops = {
	.release = con_release,
};

static const struct config_item_type con_type = {
	.ct_item_ops = &con_item_ops,
	.ct_attrs = con_attrs,
	.ct_owner = THIS_MODULE,
};

/* As of drivers; they stand in logs and in commands. Return: 0 or -errno. */
static int check_name(const char *owner, const char *what, const char *name)
{
	const char *c;

	for (c = name; *c; c++) {
		if (isascii(*c) && isgraph(*c))
			continue;
		return chr_ext_refuse(EINVAL, NULL, owner,
				      "the name of a %s has the character 0x%02x",
				      what, (u8)*c);
	}
	if (c - name < CHR_EXT_NAME_LEN)
		return 0;
	return chr_ext_refuse(ENAMETOOLONG, NULL, owner,
			      "the name of a %s has more than %u characters",
			      what, CHR_EXT_NAME_LEN - 1);
}

/*
 * configfs allocates a name of CONFIGFS_ITEM_NAME_LEN characters or more, and does
 * not report that it could not.
 */
static bool group_init(struct config_group *group, const char *name,
		       const struct config_item_type *type)
{
	config_group_init_type_name(group, name, type);
	return config_item_name(&group->cg_item);
}

static struct config_group *board_make_con(struct config_group *group,
					   const char *name)
{
	struct board *b = to_board(&group->cg_item);
	struct board_con *con;
	int err;

	err = check_name(board_name(b), "con_id", name);
	if (err)
		return ERR_PTR(err);

	con = kzalloc(sizeof(*con), GFP_KERNEL_ACCOUNT);
	if (!con)
		return ERR_PTR(-ENOMEM);
	con->board = b;
	INIT_LIST_HEAD(&con->node);
	config_item_get(&b->group.cg_item);
	if (!group_init(&con->group, name, &con_type)) {
		config_item_put(&con->group.cg_item);
		return ERR_PTR(-ENOMEM);
	}

	guard(mutex)(&b->lock);
	if (b->fixed) {
		config_item_put(&con->group.cg_item);
		return ERR_PTR(refuse(b, EBUSY, "a live board cannot change"));
	}
	list_add_tail(&con->node, &b->cons);
	return &con->group;
}

static void board_drop_con(struct config_group *group, struct config_item *item)
{
	struct board *b = to_board(&group->cg_item);

	scoped_guard(mutex, &b->lock)
		list_del_init(&to_con(item)->node);
	config_item_put(item);
}

static void board_release(struct config_item *item)
{
	struct board *b = to_board(item);

	ida_free(&board_ids, b->id);
	mutex_destroy(&b->live_lock);
	mutex_destroy(&b->lock);
	kfree(b);
}

static struct configfs_item_operations board_item_ops = {
	.release = board_release,
};

static struct configfs_group_operations board_group_ops = {
	.make_group = board_make_con,
	.drop_item = board_drop_con,
};

static const struct config_item_type board_type = {
	.ct_item_ops = &board_item_ops,
	.ct_group_ops = &board_group_ops,
	.ct_attrs = board_attrs,
	.ct_owner = THIS_MODULE,
};

static struct config_group *boards_make(struct config_group *group,
					const char *name)
{
	struct board *b;
	int err;

	err = check_name("boards", "board", name);
	if (err)
		return ERR_PTR(err);

	b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);
	if (!b)
		return ERR_PTR(-ENOMEM);
	b->id = ida_alloc(&board_ids, GFP_KERNEL);
	if (b->id < 0) {
		kfree(b);
		return ERR_PTR(-ENOMEM);
	}
	mutex_init(&b->live_lock);
	mutex_init(&b->lock);
	INIT_LIST_HEAD(&b->cons);
	if (!group_init(&b->group, name, &board_type)) {
		config_item_put(&b->group.cg_item);
		return ERR_PTR(-ENOMEM);
	}
	return &b->group;
}

static struct configfs_group_operations boards_group_ops = {
	.make_group = boards_make,
};

static const struct config_item_type boards_type = {
	.ct_group_ops = &boards_group_ops,
	.ct_owner = THIS_MODULE,
};

static struct configfs_subsystem boards = {
	.su_group.cg_item = {
		.ci_namebuf = "chr_ext",
		.ci_type = &boards_type,
	},
};

/**
 * chr_ext_board_init() - make /sys/kernel/config/chr_ext
 *
 * Return: 0 or -errno.
 */
int chr_ext_board_init(void)
{
	config_group_init(&boards.su_group);
	mutex_init(&boards.su_mutex);
	return configfs_register_subsystem(&boards);
}

void chr_ext_board_exit(void)
{
	configfs_unregister_subsystem(&boards);
	ida_destroy(&board_ids);
}
