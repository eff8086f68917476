// SPDX-License-Identifier: GPL-2.0-only
/*
 * An attached struct chr_ext_ops as a driver of the platform bus, so that the
 * driver core does binding and unbinding, and its virtual devices.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/idr.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/of_device.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "board.h"
#include "dev.h"
#include "event.h"
#include "family.h"
#include "log.h"
#include "ops.h"
#include "supplier.h"

static DEFINE_MUTEX(drivers_lock);	/* drivers */
static LIST_HEAD(drivers);		/* from the start of reg to the end of unreg */

static void driver_free(struct kref *ref)
{
	struct chr_ext_driver *drv = container_of(ref, struct chr_ext_driver,
						  ref);

	cleanup_srcu_struct(&drv->srcu);
	chr_ext_log_put(drv->log);
	ida_destroy(&drv->indices);
	kfree(drv->matches);
	kfree(drv->pdevs);
	kfree(drv);
}

struct chr_ext_driver *chr_ext_driver_get(struct chr_ext_driver *drv)
{
	kref_get(&drv->ref);
	return drv;
}

/* May sleep. */
void chr_ext_driver_put(struct chr_ext_driver *drv)
{
	kref_put(&drv->ref, driver_free);
}

/**
 * chr_ext_driver_match() - find out by which string a driver matches hardware
 * @drv: the driver, which has a compatible
 * @pdev: a device of the platform bus
 *
 * Of several strings that both have, the first of the device tree's counts, as it
 * lists the most specific one first.
 *
 * Return: the string, in the driver's table, or NULL.
 */
const struct of_device_id *
chr_ext_driver_match(const struct chr_ext_driver *drv,
		     const struct platform_device *pdev)
{
	const struct chr_ext_board_data *board = chr_ext_board_data(pdev);
	const struct of_device_id *m;

	if (!board)
		return of_match_device(drv->matches, &pdev->dev);
	for (m = drv->matches; m->compatible[0]; m++)
		if (!strcmp(m->compatible, board->compatible))
			return m;
	return NULL;
}

/*
 * The bus matches the nodes of a device tree; all boards have one name there. By
 * driver_override any device can be bound to any driver.
 */
static bool driver_serves(const struct chr_ext_driver *drv,
			  const struct platform_device *pdev)
{
	if (drv->matches)
		return chr_ext_driver_match(drv, pdev);
	return !strcmp(pdev->name, drv->core_name);
}

static int driver_probe(struct platform_device *pdev)
{
	struct chr_ext_driver *drv =
		container_of(to_platform_driver(pdev->dev.driver),
			     struct chr_ext_driver, pdrv);
	struct chr_ext_device *dev;
	int index;

	if (!driver_serves(drv, pdev))
		return -ENODEV;

	index = ida_alloc_range(&drv->indices, drv->matches ? 0 : pdev->id,
				drv->matches ? drv->conf.instances - 1 : pdev->id,
				GFP_KERNEL);
	if (index == -ENOSPC)
		return chr_ext_refuse(ENOSPC, drv->log, drv->conf.name,
				      "%s is one more than instances (%u) allows",
				      chr_ext_hardware_name(&pdev->dev),
				      drv->conf.instances);
	if (index < 0)
		return index;

	dev = chr_ext_dev_create(drv, &pdev->dev, index);
	if (pdev == READ_ONCE(drv->adding))
		drv->probe_err = PTR_ERR_OR_ZERO(dev);
	if (IS_ERR(dev)) {
		ida_free(&drv->indices, index);
		return PTR_ERR(dev);
	}

	platform_set_drvdata(pdev, dev);
	return 0;
}

/* Ends at once when the device of the bus is gone, or has a driver. */
static void driver_attach_again(struct work_struct *work)
{
	struct chr_ext_device *dev = container_of(work, struct chr_ext_device,
						  again);
	struct device *parent = dev->dev.parent;
	int err = device_attach(parent);

	if (err < 0)
		dev_dbg(parent, "not attached: %pe\n", ERR_PTR(err));
	put_device(parent);
	put_device(&dev->dev);
}

/*
 * A controller that comes back as another device is not one that the driver core
 * knows to be wanted, unless a probe has asked for its lines in vain.
 */
static void driver_remove(struct platform_device *pdev)
{
	struct chr_ext_driver *drv =
		container_of(to_platform_driver(pdev->dev.driver),
			     struct chr_ext_driver, pdrv);
	struct chr_ext_device *dev = platform_get_drvdata(pdev);
	struct device *supplier = READ_ONCE(drv->going) ?
				  NULL : chr_ext_supplier_leaving(dev);
	u32 index = dev->pub.index;

	if (supplier) {
		get_device(&pdev->dev);
		get_device(&dev->dev);
		INIT_WORK(&dev->again, driver_attach_again);
		chr_ext_log_note(drv->log, CHR_EXT_NOTICE,
				 "%s is removed with its supplier %s",
				 dev->pub.name, dev_name(supplier));
	}
	chr_ext_dev_destroy(dev);
	ida_free(&drv->indices, index);
	if (supplier)
		queue_work(chr_ext_wq, &dev->again);
}

/* Return: the match table of a compatible list, or NULL. */
static struct of_device_id *driver_matches(const char *list)
{
	struct of_device_id *matches;
	size_t n = 2, i;
	const char *s;

	for (s = list; *s; s++)
		n += *s == ' ';
	matches = kcalloc(n, sizeof(*matches), GFP_KERNEL_ACCOUNT);
	if (!matches)
		return NULL;

	for (i = 0; *list; i++) {
		n = strcspn(list, " ");
		memcpy(matches[i].compatible, list, n);
		list += n;
		if (*list)
			list++;
	}
	return matches;
}

/* All boards' devices have one name on the bus. */
static const struct platform_device_id board_ids[] = {
	{ CHR_EXT_BOARD_NAME },
	{}
};

static struct chr_ext_driver *driver_alloc(const struct chr_ext_ops *ops)
{
	struct chr_ext_driver *drv;

	drv = kzalloc(sizeof(*drv), GFP_KERNEL_ACCOUNT);
	if (!drv)
		return NULL;

	if (ops->compatible[0]) {
		drv->matches = driver_matches(ops->compatible);
		if (!drv->matches)
			goto err_drv;
		drv->pdrv.driver.of_match_table = drv->matches;
		drv->pdrv.id_table = board_ids;
	} else {
		drv->pdevs = kcalloc(ops->instances, sizeof(*drv->pdevs),
				     GFP_KERNEL_ACCOUNT);
		if (!drv->pdevs)
			goto err_drv;
	}

	drv->log = chr_ext_log_get(ops->name);
	if (!drv->log)
		goto err_pdevs;

	if (init_srcu_struct(&drv->srcu))
		goto err_log;

	kref_init(&drv->ref);
	ida_init(&drv->indices);
	drv->ops = ops;
	drv->conf = *ops;

	/* The prefix keeps it from matching a device of the machine by name. */
	snprintf(drv->core_name, sizeof(drv->core_name), "chr_ext.%s",
		 drv->conf.name);
	drv->pdrv.driver.name = drv->core_name;
	drv->pdrv.driver.probe_type = PROBE_FORCE_SYNCHRONOUS;
	drv->pdrv.probe = driver_probe;
	drv->pdrv.remove = driver_remove;
	return drv;

err_log:
	chr_ext_log_put(drv->log);
err_pdevs:
	kfree(drv->matches);
	kfree(drv->pdevs);
err_drv:
	kfree(drv);
	return NULL;
}

/* A map can be given to several links, so the name is all that tells. */
static int driver_list_add(struct chr_ext_driver *drv)
{
	struct chr_ext_driver *other;

	guard(mutex)(&drivers_lock);
	list_for_each_entry(other, &drivers, node)
		if (!strcmp(other->conf.name, drv->conf.name))
			return -EEXIST;
	list_add_tail(&drv->node, &drivers);
	return 0;
}

static void driver_list_del(struct chr_ext_driver *drv)
{
	guard(mutex)(&drivers_lock);
	list_del(&drv->node);
}

static struct chr_ext_driver *driver_by_ops(const struct chr_ext_ops *ops)
{
	struct chr_ext_driver *drv;

	guard(mutex)(&drivers_lock);
	list_for_each_entry(drv, &drivers, node)
		if (drv->ops == ops)
			return drv;
	return NULL;
}

static int driver_add_device(struct chr_ext_driver *drv, u32 index)
{
	struct platform_device *pdev;
	int err;

	pdev = platform_device_alloc(drv->core_name, index);
	if (!pdev)
		return -ENOMEM;

	drv->probe_err = -ENODEV;
	WRITE_ONCE(drv->adding, pdev);
	err = platform_device_add(pdev);
	WRITE_ONCE(drv->adding, NULL);
	if (err) {
		platform_device_put(pdev);
		return err;
	}

	/* A probe that fails leaves the device there, without a driver. */
	if (drv->probe_err) {
		platform_device_unregister(pdev);
		return drv->probe_err;
	}

	drv->pdevs[index] = pdev;
	return 0;
}

static void driver_del_devices(struct chr_ext_driver *drv)
{
	u32 i;

	for (i = drv->pdevs ? drv->conf.instances : 0; i--;)
		platform_device_unregister(drv->pdevs[i]);
}

static int driver_start(struct chr_ext_driver *drv)
{
	int err;
	u32 i;

	err = platform_driver_register(&drv->pdrv);
	if (err)
		return err;

	for (i = 0; drv->pdevs && i < drv->conf.instances; i++) {
		err = driver_add_device(drv, i);
		if (err) {
			driver_del_devices(drv);
			platform_driver_unregister(&drv->pdrv);
			return err;
		}
	}
	return 0;
}

/**
 * chr_ext_driver_reg() - attach a driver and make its devices appear
 * @ops: the ops, checked by ops.c; they live until chr_ext_driver_unreg()
 *
 * Return: 0; -EEXIST when the name is taken, -ENOMEM, or what probe returned.
 * After an error nothing is left.
 * Context: process, may sleep.
 */
int chr_ext_driver_reg(const struct chr_ext_ops *ops)
{
	struct chr_ext_driver *drv;
	int err;

	drv = driver_alloc(ops);
	if (!drv)
		return -ENOMEM;

	err = driver_list_add(drv);
	if (err) {
		chr_ext_refuse(-err, NULL, drv->conf.name,
			       "a driver of this name is attached");
		goto err_put;
	}

	err = driver_start(drv);
	if (err) {
		driver_list_del(drv);
		goto err_put;
	}

	chr_ext_log_note(drv->log, CHR_EXT_NOTICE, "attached by %s[%d]",
			 current->comm, task_pid_nr(current));
	return 0;

err_put:
	chr_ext_driver_put(drv);
	return err;
}

/**
 * chr_ext_driver_unreg() - detach a driver
 * @ops: what chr_ext_driver_reg() was given
 *
 * Revokes the devices, whoever has them open. When this returns no op runs
 * and none will.
 *
 * Context: process, may sleep; waits for ops that are running, not for users.
 */
void chr_ext_driver_unreg(const struct chr_ext_ops *ops)
{
	struct chr_ext_driver *drv = driver_by_ops(ops);

	if (WARN_ON_ONCE(!drv))
		return;

	/* Both wait for a probe that is under way. */
	WRITE_ONCE(drv->going, true);
	driver_del_devices(drv);
	platform_driver_unregister(&drv->pdrv);

	/* The last reference to a link is often dropped by a kernel thread. */
	if (current->flags & PF_KTHREAD)
		chr_ext_log_note(drv->log, CHR_EXT_NOTICE,
				 "detached: nothing held its link any more");
	else
		chr_ext_log_note(drv->log, CHR_EXT_NOTICE,
				 "detached: by %s[%d]", current->comm,
				 task_pid_nr(current));

	driver_list_del(drv);
	chr_ext_driver_put(drv);
}

/**
 * chr_ext_driver_update() - put other ops in the place of a driver's
 * @ops: the new ones; they live until the next update or chr_ext_driver_unreg()
 * @old: the ones that are attached; when this returns none of them runs
 *
 * Devices, open files, their memory and their mappings stay. A call that runs
 * ends in the old ops, and the next goes to the new ones; who sleeps asks them
 * again.
 *
 * Return: 0, or -EINVAL when the new ops do not fit what is there.
 * Context: process, may sleep; waits for ops that are running, not for users.
 */
int chr_ext_driver_update(const struct chr_ext_ops *ops,
			  const struct chr_ext_ops *old)
{
	struct chr_ext_driver *drv = driver_by_ops(old);
	const char *member;

	if (WARN_ON_ONCE(!drv))
		return -EINVAL;

	member = chr_ext_ops_differ(&drv->conf, ops);
	if (member)
		return chr_ext_refuse(EINVAL, drv->log, drv->conf.name,
				      "the new version differs in %s, which an update cannot change",
				      member);

	chr_ext_ops_adopt(&drv->conf, ops);
	/* Pairs with the READ_ONCE() in chr_ext_enter(). */
	scoped_guard(mutex, &drivers_lock)
		smp_store_release(&drv->ops, ops);
	chr_ext_drain_begin();
	synchronize_srcu(&drv->srcu);
	chr_ext_dev_updated(drv);
	chr_ext_drain_end();

	chr_ext_log_note(drv->log, CHR_EXT_NOTICE, "updated by %s[%d]",
			 current->comm, task_pid_nr(current));
	return 0;
}
