// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boards: hardware that no device tree describes, in configfs.
 *
 *   /sys/kernel/config/chr_ext/<board>/compatible   what a driver binds to
 *                                      live         1: the device exists
 *                                      dev_name     its name on the platform bus
 *                                      <item>/      described by a family: for GPIO,
 *                                                   the lines of a con_id
 *
 * A board is a device of the platform bus while it is live, and does not change
 * meanwhile. Before the device is registered each family provides what the items
 * describe.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/configfs.h>
#include <linux/ctype.h>
#include <linux/idr.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "board.h"
#include "compat.h"
#include "family.h"
#include "log.h"

static DEFINE_IDA(board_ids);
static struct configfs_subsystem boards;

static struct chr_ext_board *to_board(struct config_item *item)
{
	return container_of(to_config_group(item), struct chr_ext_board, group);
}

static const char *board_name(struct chr_ext_board *b)
{
	return config_item_name(&b->group.cg_item);
}

#define refuse(b, err, fmt, ...)					\
	chr_ext_refuse(err, NULL, board_name(b), fmt, ##__VA_ARGS__)

static void items_unpin(struct chr_ext_board *b, struct chr_ext_board_item *end)
{
	struct chr_ext_board_item *item;

	list_for_each_entry(item, &b->items, node) {
		if (item == end)
			break;
		configfs_undepend_item_unlocked(&item->group.cg_item);
	}
}

/* The directories of a live board cannot be removed. */
static int items_pin(struct chr_ext_board *b)
{
	struct chr_ext_board_item *item;
	int err;

	list_for_each_entry(item, &b->items, node) {
		err = configfs_depend_item_unlocked(&boards,
						    &item->group.cg_item);
		if (err) {
			items_unpin(b, item);
			return err;
		}
	}
	return 0;
}

/* Caller holds b->live_lock. Drops what the families before @end provide. */
static void parts_del(struct chr_ext_board *b,
		      struct chr_ext_family *const *end)
{
	const struct chr_ext_family *f;

	while (end-- > chr_ext_families) {
		f = *end;
		if (f->board)
			f->board->del(b->state[f->slot]);
	}
}

static int parts_add(struct chr_ext_board *b, const char *dev_id)
{
	struct chr_ext_family *const *at, *f;
	void *state;

	for_each_chr_ext_family(f, at) {
		if (!f->board)
			continue;
		state = f->board->add(b, dev_id);
		if (IS_ERR(state)) {
			parts_del(b, at);
			return PTR_ERR(state);
		}
		b->state[f->slot] = state;
	}
	return 0;
}

static void parts_del_all(struct chr_ext_board *b)
{
	struct chr_ext_family *const *at, *f;

	for_each_chr_ext_family(f, at)
		;
	parts_del(b, at);
}

/* Caller holds b->live_lock; the board is fixed. */
static int board_add(struct chr_ext_board *b)
{
	struct chr_ext_board_data data = {};
	char name[PLATFORM_NAME_SIZE];
	struct platform_device_info info = {
		.name = name,
		.id = b->id,
		.data = &data,
		.size_data = sizeof(data),
	};
	struct platform_device *pdev;
	char dev_id[32];
	int err;

	if (!b->compatible[0])
		return refuse(b, EINVAL, "compatible is empty");
	if (list_empty(&b->items))
		return refuse(b, EINVAL, "no con_id: create a directory for one");
	chr_ext_board_bus_name(name, b->compatible, strlen(b->compatible));
	snprintf(dev_id, sizeof(dev_id), "%s.%d", name, b->id);
	err = parts_add(b, dev_id);
	if (err)
		return err;

	strscpy(data.compatible, b->compatible, sizeof(data.compatible));
	strscpy(data.name, board_name(b), sizeof(data.name));
	pdev = platform_device_register_full(&info);
	if (IS_ERR(pdev)) {
		parts_del_all(b);
		return PTR_ERR(pdev);
	}
	scoped_guard(mutex, &b->lock)
		b->pdev = pdev;
	return 0;
}

/* Caller holds b->live_lock. */
static void board_del(struct chr_ext_board *b)
{
	struct platform_device *pdev = b->pdev;

	scoped_guard(mutex, &b->lock)
		b->pdev = NULL;
	platform_device_unregister(pdev);
	parts_del_all(b);
}

static ssize_t board_compatible_show(struct config_item *item, char *page)
{
	struct chr_ext_board *b = to_board(item);

	guard(mutex)(&b->lock);
	return sysfs_emit(page, "%s\n", b->compatible);
}

static ssize_t board_compatible_store(struct config_item *item,
				      const char *page, size_t count)
{
	struct chr_ext_board *b = to_board(item);
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
	struct chr_ext_board *b = to_board(item);

	guard(mutex)(&b->lock);
	return sysfs_emit(page, "%d\n", !!b->pdev);
}

/* An item that is being created or removed cannot be pinned. */
static int board_fix(struct chr_ext_board *b)
{
	int err;

	guard(mutex)(&boards.su_mutex);
	guard(mutex)(&b->lock);
	err = items_pin(b);
	b->fixed = !err;
	return err;
}

static void board_unfix(struct chr_ext_board *b)
{
	guard(mutex)(&b->lock);
	items_unpin(b, NULL);
	b->fixed = false;
}

static int board_set_live(struct chr_ext_board *b, bool live)
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
	struct chr_ext_board *b = to_board(item);
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
	struct chr_ext_board *b = to_board(item);

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

static struct chr_ext_board_item *to_item(struct config_item *item)
{
	return container_of(to_config_group(item), struct chr_ext_board_item,
			    group);
}

static void item_release(struct config_item *ci)
{
	struct chr_ext_board_item *item = to_item(ci);
	struct chr_ext_board *b = item->board;

	item->part->free(item);
	config_item_put(&b->group.cg_item);
}

static struct configfs_item_operations item_ops = {
	.release = item_release,
};

/* Names appear in logs and commands, as those of drivers. Return: 0 or -errno. */
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

/* The family that has items in boards: today there is one. */
static struct chr_ext_board_part *board_part(void)
{
	struct chr_ext_family *const *at, *f;

	for_each_chr_ext_family(f, at)
		if (f->board)
			return f->board;
	return NULL;
}

static struct config_group *board_make_item(struct config_group *group,
					    const char *name)
{
	struct chr_ext_board *b = to_board(&group->cg_item);
	struct chr_ext_board_part *part = board_part();
	struct chr_ext_board_item *item;
	int err;

	err = check_name(board_name(b), part->what, name);
	if (err)
		return ERR_PTR(err);

	item = part->alloc();
	if (!item)
		return ERR_PTR(-ENOMEM);
	item->part = part;
	item->board = b;
	INIT_LIST_HEAD(&item->node);
	config_item_get(&b->group.cg_item);
	if (!group_init(&item->group, name, &part->type)) {
		config_item_put(&item->group.cg_item);
		return ERR_PTR(-ENOMEM);
	}

	guard(mutex)(&b->lock);
	if (b->fixed) {
		config_item_put(&item->group.cg_item);
		return ERR_PTR(refuse(b, EBUSY, "a live board cannot change"));
	}
	list_add_tail(&item->node, &b->items);
	return &item->group;
}

static void board_drop_item(struct config_group *group, struct config_item *item)
{
	struct chr_ext_board *b = to_board(&group->cg_item);

	scoped_guard(mutex, &b->lock)
		list_del_init(&to_item(item)->node);
	config_item_put(item);
}

static void board_release(struct config_item *item)
{
	struct chr_ext_board *b = to_board(item);

	ida_free(&board_ids, b->id);
	mutex_destroy(&b->live_lock);
	mutex_destroy(&b->lock);
	kfree(b);
}

static struct configfs_item_operations board_item_ops = {
	.release = board_release,
};

static struct configfs_group_operations board_group_ops = {
	.make_group = board_make_item,
	.drop_item = board_drop_item,
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
	struct chr_ext_board *b;
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
	INIT_LIST_HEAD(&b->items);
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

static int board_init(void)
{
	struct chr_ext_board_part *part = board_part();

	if (!part)
		return 0;
	part->type.ct_item_ops = &item_ops;
	part->type.ct_attrs = part->attrs;
	part->type.ct_owner = THIS_MODULE;
	config_group_init(&boards.su_group);
	mutex_init(&boards.su_mutex);
	return configfs_register_subsystem(&boards);
}

static void board_exit(void)
{
	if (board_part())
		configfs_unregister_subsystem(&boards);
	ida_destroy(&board_ids);
}

struct chr_ext_family chr_ext_board_family __ro_after_init = {
	.name = "board",
	.init = board_init,
	.exit = board_exit,
};
