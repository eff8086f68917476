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
#include "drain.h"
#include "event.h"
#include "family.h"
#include "log.h"
#include "ops.h"
#include "supplier.h"

/* How long a detach or an update waits for programs if it can also go on. */
#define PATIENCE	(2 * HZ + HZ / 2)

static DEFINE_MUTEX(drivers_lock);	/* drivers, chr_ext_driver.ops */
static LIST_HEAD(drivers);		/* from the start of reg to the end of unreg */

/*
 * Attach, detach and update. A detach occupies a worker as long as one of the
 * driver's ops runs, so there are as many workers as possible.
 */
static struct workqueue_struct *life_wq;

static void driver_start_work(struct work_struct *work);
static void driver_stop_work(struct work_struct *work);
static void driver_swap_work(struct work_struct *work);

static void driver_free(struct kref *ref)
{
	struct chr_ext_driver *drv = container_of(ref, struct chr_ext_driver,
						  ref);

	destroy_workqueue(drv->wq);
	cleanup_srcu_struct(&drv->srcu);
	chr_ext_log_put(drv->log);
	ida_destroy(&drv->indices);
	kfree(drv->matches);
	kfree(drv->boards);
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
 * The bus matches the nodes of a device tree, and boards by a hash. By
 * driver_override any device can be bound to any driver.
 */
static bool driver_serves(const struct chr_ext_driver *drv,
			  const struct platform_device *pdev)
{
	if (drv->matches)
		return chr_ext_driver_match(drv, pdev);
	return !strcmp(pdev->name, drv->core_name);
}

/* A user of a driver keeps its detach from being over. */
static bool driver_hold(struct chr_ext_driver *drv, bool probing)
{
	guard(mutex)(&drv->lock);
	if (drv->going)
		return false;
	refcount_inc(&drv->users);
	drv->probing += probing;
	return true;
}

static void driver_release(struct chr_ext_driver *drv, bool probing)
{
	scoped_guard(mutex, &drv->lock)
		drv->probing -= probing;
	wake_up(&drv->idle);
	if (refcount_dec_and_test(&drv->users))
		complete(&drv->unused);
}

static struct chr_ext_device *driver_create(struct chr_ext_driver *drv,
					    struct platform_device *pdev,
					    u32 index)
{
	bool adding = pdev == READ_ONCE(drv->adding);
	struct chr_ext_device *dev;
	struct chr_ext_drain drain;

	/* Only the driver core waits for the probe of hardware. */
	chr_ext_drain_begin(&drain, CHR_EXT_DRAIN_OWN, adding ? drv : NULL,
			    adding ? CHR_EXT_MAX_ATTACH_MS : CHR_EXT_MAX_PROBE_MS);
	dev = chr_ext_dev_create(drv, &pdev->dev, index,
				 adding ? drv->adding_limit : drain.limit);
	chr_ext_drain_end(&drain);
	if (adding)
		drv->probe_err = PTR_ERR_OR_ZERO(dev);
	return dev;
}

static int driver_bind(struct chr_ext_driver *drv, struct platform_device *pdev)
{
	struct chr_ext_device *dev;
	int index;

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

	dev = driver_create(drv, pdev, index);
	if (IS_ERR(dev)) {
		ida_free(&drv->indices, index);
		return PTR_ERR(dev);
	}

	platform_set_drvdata(pdev, dev);
	return 0;
}

static struct chr_ext_driver *pdev_driver(struct platform_device *pdev)
{
	return container_of(to_platform_driver(pdev->dev.driver),
			    struct chr_ext_driver, pdrv);
}

static int driver_probe(struct platform_device *pdev)
{
	struct chr_ext_driver *drv = pdev_driver(pdev);
	int err;

	if (!driver_serves(drv, pdev) || !driver_hold(drv, true))
		return -ENODEV;
	err = driver_bind(drv, pdev);
	driver_release(drv, true);
	return err;
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

/* Return: false if the detach of the driver removes the device, or has. */
static bool driver_claim(struct chr_ext_driver *drv, struct chr_ext_device *dev)
{
	guard(mutex)(&drv->lock);
	if (!dev->ready)
		return false;
	dev->ready = false;
	refcount_inc(&drv->users);
	return true;
}

/*
 * The driver core does not wait for a controller that returns as another device,
 * unless a probe has asked for its lines in vain.
 */
static void driver_unbind(struct chr_ext_driver *drv, struct chr_ext_device *dev)
{
	struct device *supplier = chr_ext_supplier_leaving(dev);
	struct device *parent = dev->dev.parent;
	LIST_HEAD(devs);

	if (supplier) {
		get_device(parent);
		get_device(&dev->dev);
		INIT_WORK(&dev->again, driver_attach_again);
		chr_ext_log_note(drv->log, CHR_EXT_NOTICE,
				 "%s is removed with its supplier %s",
				 dev->pub.name, dev_name(supplier));
	}
	list_add(&dev->doomed, &devs);
	chr_ext_devs_destroy(drv, &devs);
	if (supplier)
		queue_work(life_wq, &dev->again);
}

static void driver_remove(struct platform_device *pdev)
{
	struct chr_ext_driver *drv = pdev_driver(pdev);
	struct chr_ext_device *dev = platform_get_drvdata(pdev);

	if (driver_claim(drv, dev)) {
		driver_unbind(drv, dev);
		driver_release(drv, false);
	} else {
		wait_for_completion(&dev->gone);
	}
	ida_free(&drv->indices, dev->pub.index);
	put_device(&dev->dev);
}

static ssize_t probing_show(struct device_driver *driver, char *buf)
{
	struct chr_ext_driver *drv = container_of(to_platform_driver(driver),
						  struct chr_ext_driver, pdrv);

	return sysfs_emit(buf, "%u\n", READ_ONCE(drv->probing));
}
static DRIVER_ATTR_RO(probing);

/* They appear when the driver core has tried all existing devices. */
static struct attribute *driver_attrs[] = {
	&driver_attr_probing.attr,
	NULL
};
ATTRIBUTE_GROUPS(driver);

/* Make the match tables of a compatible list. Return: 0 or -ENOMEM. */
static int driver_match_tables(struct chr_ext_driver *drv, const char *list)
{
	size_t n = 2, i;
	const char *s;

	for (s = list; *s; s++)
		n += *s == ' ';
	drv->matches = kcalloc(n, sizeof(*drv->matches), GFP_KERNEL_ACCOUNT);
	drv->boards = kcalloc(n, sizeof(*drv->boards), GFP_KERNEL_ACCOUNT);
	if (!drv->matches || !drv->boards)
		return -ENOMEM;

	for (i = 0; *list; i++) {
		n = strcspn(list, " ");
		memcpy(drv->matches[i].compatible, list, n);
		chr_ext_board_bus_name(drv->boards[i].name, list, n);
		list += n;
		if (*list)
			list++;
	}
	drv->pdrv.driver.of_match_table = drv->matches;
	drv->pdrv.id_table = drv->boards;
	return 0;
}

static struct chr_ext_driver *driver_alloc(const struct chr_ext_ops *ops)
{
	struct chr_ext_driver *drv;

	drv = kzalloc(sizeof(*drv), GFP_KERNEL_ACCOUNT);
	if (!drv)
		return NULL;

	if (ops->compatible[0]) {
		if (driver_match_tables(drv, ops->compatible))
			goto err_tables;
	} else {
		drv->pdevs = kcalloc(ops->instances, sizeof(*drv->pdevs),
				     GFP_KERNEL_ACCOUNT);
		if (!drv->pdevs)
			goto err_tables;
	}

	drv->log = chr_ext_log_get(ops->name);
	if (!drv->log)
		goto err_tables;

	drv->wq = alloc_workqueue("chr_ext/%.23s", WQ_UNBOUND, 0, ops->name);
	if (!drv->wq)
		goto err_log;

	if (init_srcu_struct(&drv->srcu))
		goto err_wq;

	kref_init(&drv->ref);
	ida_init(&drv->indices);
	mutex_init(&drv->lock);
	init_waitqueue_head(&drv->idle);
	INIT_LIST_HEAD(&drv->devices);
	refcount_set(&drv->users, 1);
	init_completion(&drv->unused);
	init_completion(&drv->quiet);
	init_completion(&drv->stopped);
	init_completion(&drv->swapped);
	INIT_WORK(&drv->start, driver_start_work);
	INIT_WORK(&drv->stop, driver_stop_work);
	INIT_WORK(&drv->swap, driver_swap_work);
	chr_ext_watch_init(drv);
	drv->ops = ops;
	drv->conf = *ops;

	/* The prefix keeps it from matching a device of the machine by name. */
	snprintf(drv->core_name, sizeof(drv->core_name), "chr_ext.%s",
		 drv->conf.name);
	drv->pdrv.driver.name = drv->core_name;
	drv->pdrv.driver.groups = driver_groups;
	drv->pdrv.driver.probe_type = PROBE_FORCE_SYNCHRONOUS;
	drv->pdrv.probe = driver_probe;
	drv->pdrv.remove = driver_remove;
	return drv;

err_wq:
	destroy_workqueue(drv->wq);
err_log:
	chr_ext_log_put(drv->log);
err_tables:
	kfree(drv->matches);
	kfree(drv->boards);
	kfree(drv->pdevs);
	kfree(drv);
	return NULL;
}

/* A map can be given to several links, so the name alone identifies a driver. */
static int driver_list_add(struct chr_ext_driver *drv)
{
	struct chr_ext_driver *other;

	guard(mutex)(&drivers_lock);
	list_for_each_entry(other, &drivers, node) {
		if (strcmp(other->conf.name, drv->conf.name))
			continue;
		if (READ_ONCE(other->going))
			return chr_ext_refuse(EBUSY, NULL, drv->conf.name,
					      "the driver of this name is still being detached");
		return chr_ext_refuse(EEXIST, NULL, drv->conf.name,
				      "a driver of this name is attached");
	}
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

static int driver_join(struct chr_ext_driver *drv)
{
	int err = platform_driver_register(&drv->pdrv);

	drv->registered = !err;
	return err;
}

/*
 * Probes of hardware can be slow, and wait for those of other drivers, so they
 * run outside of the attach: all kinds of struct_ops share the mutex that the
 * kernel holds there.
 */
static void driver_start_work(struct work_struct *work)
{
	struct chr_ext_driver *drv = container_of(work, struct chr_ext_driver,
						  start);
	int err;

	if (READ_ONCE(drv->going))
		return;
	err = driver_join(drv);
	if (err)
		chr_ext_refuse(-err, drv->log, drv->conf.name,
			       "cannot register with the platform bus: %pe",
			       ERR_PTR(err));
}

static int driver_start_virtual(struct chr_ext_driver *drv)
{
	int err;
	u32 i;

	drv->adding_limit = jiffies + msecs_to_jiffies(CHR_EXT_MAX_ATTACH_MS);
	err = driver_join(drv);
	for (i = 0; !err && i < drv->conf.instances; i++)
		err = driver_add_device(drv, i);
	return err;
}

/* Return: all devices that are ready, for chr_ext_devs_destroy(), the last first. */
static void driver_claim_all(struct chr_ext_driver *drv, struct list_head *devs)
{
	struct chr_ext_device *d;

	guard(mutex)(&drv->lock);
	list_for_each_entry(d, &drv->devices, node) {
		if (!d->ready) {
			/* A probe or a removal; it ends by itself. */
			wake_up_all(&d->sleepers);
			continue;
		}
		d->ready = false;
		get_device(&d->dev);
		list_add(&d->doomed, devs);
	}
}

/* The driver's ops are not called again after this. */
static void driver_revoke(struct chr_ext_driver *drv)
{
	struct chr_ext_device *d, *tmp;
	struct chr_ext_drain drain;
	LIST_HEAD(devs);

	driver_claim_all(drv, &devs);
	chr_ext_devs_destroy(drv, &devs);
	list_for_each_entry_safe(d, tmp, &devs, doomed)
		put_device(&d->dev);

	chr_ext_drain_begin(&drain, CHR_EXT_DRAIN_OPS, drv, CHR_EXT_MAX_DRAIN_MS);
	driver_release(drv, false);
	wait_for_completion(&drv->unused);
	chr_ext_drain_end(&drain);
}

/* What is left needs no ops, but locks of devices, which others may hold. */
static void driver_forget(struct chr_ext_driver *drv)
{
	flush_work(&drv->start);
	driver_del_devices(drv);
	if (drv->registered)
		platform_driver_unregister(&drv->pdrv);
	driver_list_del(drv);
}

static void driver_stop_work(struct work_struct *work)
{
	struct chr_ext_driver *drv = container_of(work, struct chr_ext_driver,
						  stop);
	const struct chr_ext_ops *held;

	driver_revoke(drv);
	held = drv->held;
	scoped_guard(mutex, &drivers_lock)
		drv->ops = NULL;
	complete_all(&drv->quiet);
	if (held)
		chr_ext_ops_put(held);

	driver_forget(drv);
	complete_all(&drv->stopped);
	chr_ext_driver_put(drv);
}

/*
 * Wait until no op runs. If one of them does not end, and the kernel lets the
 * module hold the ops, the caller goes on; the work item waits for the end.
 *
 * Return: whether they are over.
 */
static bool driver_wait(struct chr_ext_driver *drv, struct completion *over,
			const struct chr_ext_ops *held)
{
	if (!held)
		wait_for_completion(over);
	else if (!wait_for_completion_timeout(over, PATIENCE))
		return false;
	return true;
}

/*
 * Revoke the devices and forget the driver. With @hold the caller need not wait for
 * an op that does not end, if the kernel keeps the ops meanwhile.
 */
static void driver_stop(struct chr_ext_driver *drv, bool hold)
{
	const struct chr_ext_ops *ops = drv->ops, *held;

	held = hold && chr_ext_ops_get(ops) ? ops : NULL;
	drv->held = held;
	scoped_guard(mutex, &drv->lock)
		drv->going = true;
	chr_ext_driver_get(drv);
	queue_work(life_wq, &drv->stop);
	if (!driver_wait(drv, &drv->quiet, held))
		return;
	if (drv->matches)
		wait_for_completion_timeout(&drv->stopped, HZ);
	else
		wait_for_completion(&drv->stopped);
}

/**
 * chr_ext_driver_reg() - attach a driver and make its devices appear
 * @ops: the ops, checked by ops.c; they live until chr_ext_driver_unreg()
 *
 * The virtual devices are there afterwards; the devices of a driver with
 * hardware appear later.
 *
 * Return: 0; -EEXIST when the name is taken, -EBUSY when its last driver is
 * still being detached, -ENOMEM, or what probe returned. After an error nothing
 * is left.
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
	if (err)
		goto err_put;

	if (drv->matches)
		queue_work(life_wq, &drv->start);
	else
		err = driver_start_virtual(drv);
	if (err) {
		/* The kernel frees the programs of a map that cannot be attached. */
		driver_stop(drv, false);
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
 * Revokes the devices, even if they are open. When this returns no op runs and
 * none will, unless one of them does not end: where the kernel can keep the ops,
 * the rest is done when it ends.
 *
 * Context: process, may sleep; waits for ops that are running, not for users.
 */
void chr_ext_driver_unreg(const struct chr_ext_ops *ops)
{
	struct chr_ext_driver *drv = driver_by_ops(ops);

	if (WARN_ON_ONCE(!drv))
		return;

	driver_stop(drv, true);
	/* The last reference to a link is often dropped by a kernel thread. */
	if (current->flags & PF_KTHREAD)
		chr_ext_log_note(drv->log, CHR_EXT_NOTICE,
				 "detached: nothing held its link any more");
	else
		chr_ext_log_note(drv->log, CHR_EXT_NOTICE,
				 "detached: by %s[%d]", current->comm,
				 task_pid_nr(current));
	chr_ext_driver_put(drv);
}

/* Return: 0, or -EBUSY while old ops may be in use for long. */
static int driver_try_swap(struct chr_ext_driver *drv,
			   const struct chr_ext_ops *ops)
{
	guard(mutex)(&drv->lock);
	if (drv->going || drv->swapping || drv->probing)
		return -EBUSY;
	drv->swapping = true;
	refcount_inc(&drv->users);
	chr_ext_ops_adopt(&drv->conf, ops);
	WRITE_ONCE(drv->noted, 0);
	scoped_guard(mutex, &drivers_lock) {
		/* Pairs with the READ_ONCE() in chr_ext_enter(). */
		smp_store_release(&drv->ops, ops);
	}
	return 0;
}

/* Wait a short time for probes. */
static int driver_swap(struct chr_ext_driver *drv, const struct chr_ext_ops *ops)
{
	unsigned long limit = jiffies + msecs_to_jiffies(CHR_EXT_MAX_DRAIN_MS);
	long left;

	while (driver_try_swap(drv, ops)) {
		left = limit - jiffies;
		if (left <= 0 || READ_ONCE(drv->swapping) ||
		    READ_ONCE(drv->going))
			return chr_ext_refuse(EBUSY, drv->log, drv->conf.name,
					      "%s is not over",
					      READ_ONCE(drv->swapping) ?
					      "the last update" : "a probe");
		wait_event_timeout(drv->idle, !READ_ONCE(drv->probing), left);
	}
	return 0;
}

static void driver_swap_work(struct work_struct *work)
{
	struct chr_ext_driver *drv = container_of(work, struct chr_ext_driver,
						  swap);
	const struct chr_ext_ops *held = drv->old;
	struct chr_ext_drain drain;

	chr_ext_drain_begin(&drain, CHR_EXT_DRAIN_OPS, drv, CHR_EXT_MAX_DRAIN_MS);
	synchronize_srcu(&drv->srcu);
	chr_ext_devs_updated(drv);
	chr_ext_drain_end(&drain);

	scoped_guard(mutex, &drv->lock) {
		drv->swapping = false;
		complete_all(&drv->swapped);
	}
	if (held)
		chr_ext_ops_put(held);
	driver_release(drv, false);
	chr_ext_driver_put(drv);
}

/**
 * chr_ext_driver_update() - replace the ops of a driver
 * @ops: the new ones; they live until the next update or chr_ext_driver_unreg()
 * @old: the ones that are attached; when this returns none of them runs, unless
 *	one does not end, see chr_ext_driver_unreg()
 *
 * Devices, open files, their memory and their mappings stay. A call in flight
 * finishes in the old ops, the next one runs the new ones; callers that wait call
 * the new ones.
 *
 * Return: 0; -EINVAL when the new ops do not fit what is there, -EBUSY when a
 * probe takes longer than CHR_EXT_MAX_DRAIN_MS, or the last update is not over.
 * Context: process, may sleep; waits for ops that are running, not for users.
 */
int chr_ext_driver_update(const struct chr_ext_ops *ops,
			  const struct chr_ext_ops *old)
{
	struct chr_ext_driver *drv = driver_by_ops(old);
	const struct chr_ext_ops *held;
	const char *member;
	int err;

	if (WARN_ON_ONCE(!drv))
		return -EINVAL;

	member = chr_ext_ops_differ(&drv->conf, ops);
	if (member)
		return chr_ext_refuse(EINVAL, drv->log, drv->conf.name,
				      "the new version differs in %s, which an update cannot change",
				      member);

	err = driver_swap(drv, ops);
	if (err)
		return err;
	held = chr_ext_ops_get(old) ? old : NULL;
	drv->old = held;
	/* The last update completed it under the lock that let this one begin. */
	reinit_completion(&drv->swapped);
	chr_ext_driver_get(drv);
	queue_work(life_wq, &drv->swap);
	driver_wait(drv, &drv->swapped, held);

	chr_ext_log_note(drv->log, CHR_EXT_NOTICE, "updated by %s[%d]",
			 current->comm, task_pid_nr(current));
	return 0;
}

int chr_ext_driver_init(void)
{
	life_wq = alloc_workqueue("chr_ext", WQ_UNBOUND, WQ_MAX_ACTIVE);
	return life_wq ? 0 : -ENOMEM;
}

void chr_ext_driver_exit(void)
{
	destroy_workqueue(life_wq);
}
