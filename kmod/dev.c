// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device: its node, its attributes, its end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/mm.h>
#include <linux/mod_devicetable.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

#include "board.h"
#include "dev.h"
#include "drain.h"
#include "event.h"
#include "family.h"
#include "file.h"
#include "log.h"
#include "supplier.h"

static DEFINE_IDA(minors);
/*
 * Devices by chr_ext_dev.id, from before probe until they are dead. Looked up
 * under RCU, from any context. The ids are random, because a program that knows
 * one reaches the device: those of other drivers cannot be found by counting.
 */
static DEFINE_XARRAY_FLAGS(devices, XA_FLAGS_LOCK_IRQ);

/* Makes the check of a name and its use atomic. Innermost, but for the core's. */
static DEFINE_MUTEX(names_lock);

/* devtmpfs, wherever else it is mounted; NULL if the kernel has none. */
static struct vfsmount *devtmpfs;

static struct chr_ext_device *dev_to_device(struct device *dev)
{
	return container_of(dev, struct chr_ext_device, dev);
}

static u64 stat_sum(struct chr_ext_device *dev, enum chr_ext_stat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(dev->stats, cpu)->count[stat]);
	return sum;
}

/**
 * chr_ext_dev_running() - how many calls of an op are in flight
 * @d: the device
 * @op: the op
 */
int chr_ext_dev_running(struct chr_ext_device *d, enum chr_ext_op op)
{
	int sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(d->stats, cpu)->running[op]);
	return sum;
}

static ssize_t driver_name_show(struct device *dev,
				struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", dev_to_device(dev)->drv->conf.name);
}
static DEVICE_ATTR_RO(driver_name);

static ssize_t instance_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%u\n", dev_to_device(dev)->pub.index);
}
static DEVICE_ATTR_RO(instance);

static ssize_t id_show(struct device *dev, struct device_attribute *attr,
		       char *buf)
{
	return sysfs_emit(buf, "%llu\n", dev_to_device(dev)->pub.id);
}
static DEVICE_ATTR_ADMIN_RO(id);

static ssize_t files_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct chr_ext_device *d = dev_to_device(dev);

	guard(mutex)(&d->lock);
	return sysfs_emit(buf, "%u\n", d->nr_files);
}
static DEVICE_ATTR_RO(files);

static ssize_t waiting_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%d\n",
			  atomic_read(&dev_to_device(dev)->waiting));
}
static DEVICE_ATTR_RO(waiting);

static struct attribute *dev_attrs[] = {
	&dev_attr_driver_name.attr,
	&dev_attr_instance.attr,
	&dev_attr_id.attr,
	&dev_attr_files.attr,
	&dev_attr_waiting.attr,
	NULL
};

static const struct attribute_group dev_group = {
	.attrs = dev_attrs,
};

struct stat_attribute {
	struct device_attribute attr;
	enum chr_ext_stat stat;
};

static ssize_t stat_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct stat_attribute *a = container_of(attr, struct stat_attribute,
						attr);

	return sysfs_emit(buf, "%llu\n", stat_sum(dev_to_device(dev), a->stat));
}

#define STAT(id, name)							\
static struct stat_attribute stat_attr_##name = {			\
	.attr = __ATTR(name, 0444, stat_show, NULL),			\
	.stat = STAT_##id,						\
};
CHR_EXT_STATS(STAT)
#undef STAT

#define STAT(id, name)	&stat_attr_##name.attr.attr,
static struct attribute *stat_attrs[] = {
	CHR_EXT_STATS(STAT)
	NULL
};
#undef STAT

static const struct attribute_group stat_group = {
	.name = "statistics",
	.attrs = stat_attrs,
};

static const struct attribute_group *dev_groups[] = {
	&dev_group,
	&stat_group,
	NULL
};

/**
 * chr_ext_dev_uevent() - the properties of a device's uevents
 * @dev: the device
 * @env: where they go
 *
 * Return: 0 or -ENOMEM.
 */
int chr_ext_dev_uevent(const struct device *dev, struct kobj_uevent_env *env)
{
	const struct chr_ext_device *d = dev_get_drvdata(dev);
	const struct chr_ext_board_data *board =
		chr_ext_board_data(to_platform_device(dev->parent));

	return add_uevent_var(env, "CHR_EXT_DRIVER=%s", d->drv->conf.name) ?:
	       add_uevent_var(env, "CHR_EXT_INSTANCE=%u", d->pub.index) ?:
	       (d->pub.compatible[0] ?
			add_uevent_var(env, "CHR_EXT_COMPATIBLE=%s",
				       d->pub.compatible) : 0) ?:
	       (board ? add_uevent_var(env, "CHR_EXT_BOARD=%s", board->name) : 0);
}

/* The last reference is gone: no node, no open file. */
static void dev_release(struct device *dev)
{
	struct chr_ext_device *d = dev_to_device(dev);

	ida_free(&minors, d->pub.minor);
	free_percpu(d->stats);
	chr_ext_families_dev_free(d);
	kvfree(d->data);
	vfree(d->mem);
	chr_ext_driver_put(d->drv);
	kfree_rcu(d, rcu);
}

static int dev_alloc_memory(struct chr_ext_device *d)
{
	int err;

	d->stats = alloc_percpu_gfp(struct chr_ext_stats, GFP_KERNEL_ACCOUNT);
	if (!d->stats)
		return -ENOMEM;
	err = chr_ext_mem_alloc(d);
	if (err || !d->pub.size)
		return err;

	/* The driver chooses the size: fail instead of invoking the OOM killer. */
	d->data = kvzalloc(d->pub.size, GFP_KERNEL_ACCOUNT |
					__GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	return d->data ? 0 : -ENOMEM;
}

static void dev_end(struct work_struct *work);

/* Return: a device with one reference and no node. */
static struct chr_ext_device *dev_alloc(struct chr_ext_driver *drv,
					struct device *parent, u32 index)
{
	const struct of_device_id *match;
	struct chr_ext_device *d;
	int minor, err;

	d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d)
		return ERR_PTR(-ENOMEM);

	minor = ida_alloc_max(&minors, CHR_EXT_MINORS - 1, GFP_KERNEL);
	if (minor < 0) {
		kfree(d);
		return ERR_PTR(minor);
	}

	d->pub.minor = minor;
	d->pub.index = index;
	d->pub.size = drv->conf.dev_size;
	d->pub.mem_size = drv->conf.mem_size;
	d->pub.compatible = "";
	if (drv->matches) {
		match = chr_ext_driver_match(drv, to_platform_device(parent));
		d->pub.compatible = match->compatible;
		d->pub.match = match - drv->matches;
	}
	d->drv = chr_ext_driver_get(drv);
	chr_ext_wake_init(d);
	init_waitqueue_head(&d->sleepers);
	refcount_set(&d->pins, 1);
	init_completion(&d->unpinned);
	mutex_init(&d->suppliers_lock);
	INIT_LIST_HEAD(&d->suppliers);
	INIT_WORK(&d->end, dev_end);
	init_completion(&d->gone);
	mutex_init(&d->turn.lock);
	mutex_init(&d->closing.lock);
	raw_spin_lock_init(&d->insisters_lock);
	INIT_LIST_HEAD(&d->insisters);
	mutex_init(&d->lock);
	INIT_LIST_HEAD(&d->files);

	device_initialize(&d->dev);
	d->dev.class = &chr_ext_class;
	d->dev.parent = parent;
	d->dev.devt = MKDEV(MAJOR(chr_ext_devt), minor);
	d->dev.groups = dev_groups;
	d->dev.release = dev_release;
	dev_set_drvdata(&d->dev, d);

	cdev_init(&d->cdev, &chr_ext_fops);
	d->cdev.owner = THIS_MODULE;

	err = dev_alloc_memory(d);
	if (!err)
		err = chr_ext_families_dev_init(d);
	if (!err)
		err = drv->conf.instances > 1 ?
			dev_set_name(&d->dev, "%s%u", drv->conf.name, index) :
			dev_set_name(&d->dev, "%s", drv->conf.name);
	if (err) {
		put_device(&d->dev);
		return ERR_PTR(err);
	}
	d->pub.name = dev_name(&d->dev);
	return d;
}

/*
 * Whether devtmpfs has that name: the node of a device of any class, or what
 * was made there by hand. The driver core ignores that devtmpfs fails to make a node.
 */
static bool node_is_there(const char *name)
{
	struct path path;
	int err;

	if (!devtmpfs)
		return false;
	err = vfs_path_lookup(devtmpfs->mnt_root, devtmpfs, name, 0, &path);
	if (!err)
		path_put(&path);
	return err != -ENOENT;
}

/* The class has its attributes where it has links to its devices. */
static bool name_is_attribute(const char *name)
{
	struct attribute **attr;

	for (attr = chr_ext_class.class_groups[0]->attrs; *attr; attr++)
		if (!strcmp((*attr)->name, name))
			return true;
	return false;
}

/* Whether one of our devices has that name. */
static bool name_is_taken(const char *name)
{
	struct device *other = class_find_device_by_name(&chr_ext_class, name);

	put_device(other);
	return other;
}

/* Gives a device its node, unless the name is taken. */
static int dev_appear(struct chr_ext_device *d)
{
	const char *name = dev_name(&d->dev);
	int err;

	guard(mutex)(&names_lock);
	if (name_is_attribute(name))
		return chr_ext_refuse(EEXIST, d->drv->log, d->drv->conf.name,
				      "/sys/class/chr_ext/%s is an attribute: choose another name",
				      name);
	if (name_is_taken(name) || node_is_there(name))
		return chr_ext_refuse(EEXIST, d->drv->log, d->drv->conf.name,
				      "there is a /dev/%s already", name);
	err = cdev_device_add(&d->cdev, &d->dev);
	if (err)
		chr_ext_refuse(-err, d->drv->log, d->drv->conf.name,
			       "cannot add %s: %pe", name, ERR_PTR(err));
	d->added = !err;
	return err;
}

/* Report why there is no device. */
static void dev_complain(struct chr_ext_device *d, int err)
{
	if (err == -EPROBE_DEFER)
		return;
	chr_ext_families_dev_complain(d);
	chr_ext_refuse(-err, d->drv->log, d->drv->conf.name,
		       "probe of %s failed: %pe", dev_name(&d->dev),
		       ERR_PTR(err));
}

/* Release what ops have claimed; none runs any more. Events end with their source. */
static void dev_release_hw(struct chr_ext_device *d)
{
	chr_ext_families_dev_release(d);
	chr_ext_events_exit(d);
	chr_ext_suppliers_release(d);
}

/*
 * The counterpart of dev_probe(); the guard has been drained for good. The
 * memory belongs to the programs and does not wait for open files.
 */
static void dev_remove(struct chr_ext_device *d)
{
	const struct chr_ext_ops *ops;
	int idx;

	ops = chr_ext_enter_dead(d, CHR_EXT_OP_remove, &idx);
	WRITE_ONCE(d->runner, current);
	if (ops->remove)
		ops->remove(&d->pub);
	WRITE_ONCE(d->runner, NULL);
	chr_ext_leave(d, CHR_EXT_OP_remove, idx);
}

static void dev_free_memory(struct chr_ext_device *d)
{
	kvfree(d->data);
	d->data = NULL;
	d->pub.size = 0;
	vfree(d->mem);
	d->mem = NULL;
	d->pub.mem_size = 0;
}

/**
 * chr_ext_dev_pin() - keep a device from being revoked, for a short time
 * @id: its id
 *
 * Return: the device, for chr_ext_dev_unpin(), or NULL when it is gone.
 * Context: any.
 */
struct chr_ext_device *chr_ext_dev_pin(u64 id)
{
	struct chr_ext_device *d;

	guard(rcu)();
	d = id == (unsigned long)id ? xa_load(&devices, id) : NULL;
	return d && refcount_inc_not_zero(&d->pins) ? d : NULL;
}

/**
 * chr_ext_dev_unpin() - the counterpart of chr_ext_dev_pin()
 * @d: the device
 *
 * Context: any.
 */
void chr_ext_dev_unpin(struct chr_ext_device *d)
{
	if (refcount_dec_and_test(&d->pins))
		complete(&d->unpinned);
}

static int dev_probe(struct chr_ext_device *d, unsigned long limit)
{
	const struct chr_ext_ops *ops;
	int ret = 0, idx;

	WRITE_ONCE(d->limit, limit);
	ops = chr_ext_enter(d, CHR_EXT_OP_probe, &idx);
	WRITE_ONCE(d->runner, current);
	d->seen = ops;
	if (ops->event)
		ret = chr_ext_events_init(d);
	if (!ret && ops->probe)
		ret = ops->probe(&d->pub);
	/* Not an errno for users, but the driver core waits for it. */
	if (ret != -EPROBE_DEFER || !d->drv->matches)
		ret = chr_ext_check_return(d, "probe", ret, 0);
	/* Pairs with the acquire in dev_update(), which reads seen next. */
	smp_store_release(&d->probed, !ret);
	WRITE_ONCE(d->runner, NULL);
	chr_ext_leave(d, CHR_EXT_OP_probe, idx);
	return ret;
}

/* Makes a device reachable by its id, and for a detach of its driver. */
static int dev_publish(struct chr_ext_device *d)
{
	int err;

	do {
		d->pub.id = get_random_long();
		err = d->pub.id ? xa_insert_irq(&devices, d->pub.id, d,
						GFP_KERNEL_ACCOUNT) : -EBUSY;
	} while (err == -EBUSY);
	if (err)
		return err;
	guard(mutex)(&d->drv->lock);
	list_add_tail(&d->node, &d->drv->devices);
	return 0;
}

/* From here on no op starts, and those that run may not sleep. */
static void dev_kill(struct chr_ext_device *d)
{
	if (d->added)
		cdev_device_del(&d->cdev, &d->dev);
	xa_erase_irq(&devices, d->pub.id);
	/* A close op may be running, and has its time. */
	chr_ext_set_limit(d, CHR_EXT_MAX_REMOVE_MS);
	/* Pairs with chr_ext_enter(). */
	smp_store_release(&d->dead, true);
	wake_up_all(&d->sleepers);
	chr_ext_wake_up(d, EPOLLERR | EPOLLHUP, true);
}

/* Wait for all users of the devices. Afterwards only the revoke calls ops. */
static void devs_drain(struct chr_ext_driver *drv, struct list_head *devs)
{
	struct chr_ext_drain drain;
	struct chr_ext_device *d;

	chr_ext_drain_begin(&drain, CHR_EXT_DRAIN_OPS, drv,
			    CHR_EXT_MAX_DRAIN_MS);
	/* Pairs with chr_ext_enter(). */
	synchronize_srcu(&drv->srcu);
	chr_ext_drain_end(&drain);

	chr_ext_drain_begin(&drain, CHR_EXT_DRAIN_PINS, drv,
			    CHR_EXT_MAX_DRAIN_MS);
	list_for_each_entry(d, devs, doomed) {
		WRITE_ONCE(d->let_go, true);
		chr_ext_dev_unpin(d);
	}
	list_for_each_entry(d, devs, doomed)
		wait_for_completion(&d->unpinned);
	chr_ext_drain_end(&drain);
}

/*
 * The rest of a device that is dead and drained. A close op can be running in a
 * task that closes its file, and is awaited.
 */
static void dev_end(struct work_struct *work)
{
	struct chr_ext_device *d = container_of(work, struct chr_ext_device, end);

	if (d->probed) {
		chr_ext_mem_revoke(d);
		chr_ext_set_limit(d, CHR_EXT_MAX_REMOVE_MS);
		chr_ext_file_close_all(d);
		/* However many files there were. */
		chr_ext_set_limit(d, CHR_EXT_MAX_REMOVE_MS);
		dev_remove(d);
	}
	dev_release_hw(d);
	irq_work_sync(&d->wake_later);
	dev_free_memory(d);
}

/**
 * chr_ext_devs_destroy() - revoke devices
 * @drv: their driver; the caller is one of its users
 * @devs: the devices, by chr_ext_device.doomed; only the caller removes them
 *
 * The nodes go, sleepers get -ENODEV, pollers EPOLLERR and EPOLLHUP, mappings
 * lose their pages; close runs for each file that is still open, then remove.
 * Later calls on the files get -ENODEV. Devices end at the same time, so that
 * their sleeps do not add up.
 *
 * Context: process, may sleep; waits for ops that are running, not for users.
 */
void chr_ext_devs_destroy(struct chr_ext_driver *drv, struct list_head *devs)
{
	struct chr_ext_drain drain;
	struct chr_ext_device *d;

	if (list_empty(devs))
		return;

	list_for_each_entry(d, devs, doomed)
		dev_kill(d);
	devs_drain(drv, devs);

	chr_ext_drain_begin(&drain, CHR_EXT_DRAIN_OWN, drv,
			    CHR_EXT_MAX_REMOVE_MS);
	/* A single one has others beside it, whose events can fill the queue. */
	list_for_each_entry(d, devs, doomed)
		if (list_is_singular(devs))
			dev_end(&d->end);
		else
			queue_work(drv->wq, &d->end);
	list_for_each_entry(d, devs, doomed) {
		flush_work(&d->end);
		scoped_guard(mutex, &drv->lock)
			list_del(&d->node);
		complete_all(&d->gone);
	}
	chr_ext_drain_end(&drain);
}

/* The counterpart of dev_publish(), for a device that does not get ready. */
static void dev_unwind(struct chr_ext_device *d)
{
	LIST_HEAD(devs);

	list_add(&d->doomed, &devs);
	chr_ext_devs_destroy(d->drv, &devs);
}

static void dev_update(struct chr_ext_device *d)
{
	const struct chr_ext_ops *ops;
	int idx;

	ops = chr_ext_enter(d, CHR_EXT_OP_update, &idx);
	if (!ops)
		return;
	/*
	 * Pairs with the release in dev_probe(). A probe that is not over sees the new
	 * ops: none was running when they were swapped.
	 */
	if (smp_load_acquire(&d->probed) && d->seen != ops) {
		d->seen = ops;
		if (ops->event && chr_ext_events_init(d))
			chr_ext_log_note(d->drv->log, CHR_EXT_ERR,
					 "%s: no memory for events",
					 dev_name(&d->dev));
		if (ops->update)
			ops->update(&d->pub);
	}
	chr_ext_leave(d, CHR_EXT_OP_update, idx);
	chr_ext_wake_again(d);
	/* A claim clears ready, and the node stays until then. */
	guard(mutex)(&d->drv->lock);
	if (d->ready)
		kobject_uevent(&d->dev.kobj, KOBJ_CHANGE);
}

/**
 * chr_ext_devs_updated() - call update for the devices of a driver
 * @drv: the driver
 *
 * Runs the update op for those that an older version probed, and wakes all
 * callers that wait.
 *
 * Context: process, may sleep.
 */
void chr_ext_devs_updated(struct chr_ext_driver *drv)
{
	struct chr_ext_device *d;
	unsigned long id;

	xa_for_each(&devices, id, d) {
		d = chr_ext_dev_pin(id);
		if (!d)
			continue;
		if (d->drv == drv)
			dev_update(d);
		chr_ext_dev_unpin(d);
	}
}

/**
 * chr_ext_devs_any() - whether something is true of any device
 * @is: what; does not sleep
 *
 * Context: any.
 */
bool chr_ext_devs_any(bool (*is)(struct chr_ext_device *dev))
{
	struct chr_ext_device *d;
	unsigned long id;

	guard(rcu)();
	xa_for_each(&devices, id, d)
		if (is(d))
			return true;
	return false;
}

/* Return: whether others may remove it now; false if its driver goes. */
static bool dev_set_ready(struct chr_ext_device *d)
{
	guard(mutex)(&d->drv->lock);
	d->ready = !d->drv->going;
	return d->ready;
}

static int dev_start(struct chr_ext_device *d, unsigned long limit)
{
	int err;

	err = dev_probe(d, limit);
	if (err) {
		dev_complain(d, err);
		return err;
	}
	if (d->must_defer)
		return -EPROBE_DEFER;
	err = dev_appear(d);
	if (err)
		return err;
	return dev_set_ready(d) ? 0 : -ENODEV;
}

/**
 * chr_ext_dev_create() - probe a device and make its node appear
 * @drv: its driver; the caller is one of its users
 * @parent: its parent in the device model
 * @index: which of the driver's devices
 * @limit: in jiffies, until when probe may sleep
 *
 * Return: the device, for chr_ext_devs_destroy() and put_device(), or an error
 * pointer: -EEXIST when another driver has a node of that name, -ENOMEM, -ENOSPC
 * when there is no minor number left, or what probe returned.
 * Context: process, may sleep.
 */
struct chr_ext_device *chr_ext_dev_create(struct chr_ext_driver *drv,
					  struct device *parent, u32 index,
					  unsigned long limit)
{
	struct chr_ext_device *d;
	int err;

	d = dev_alloc(drv, parent, index);
	if (IS_ERR(d)) {
		chr_ext_refuse(-PTR_ERR(d), drv->log, drv->conf.name,
			       "no room for device %u: %pe", index, d);
		return d;
	}

	err = dev_publish(d);
	if (err)
		goto err_put;

	err = dev_start(d, limit);
	if (err)
		goto err_unwind;

	dev_dbg(&d->dev, "device %u of driver %s\n", index, drv->conf.name);
	return d;

err_unwind:
	dev_unwind(d);
err_put:
	put_device(&d->dev);
	return ERR_PTR(err);
}

int chr_ext_dev_init(void)
{
	struct file_system_type *type = get_fs_type("devtmpfs");
	struct vfsmount *mnt;

	/* Never a module, so no reference is held. */
	if (!type)
		return 0;
	mnt = kern_mount(type);
	if (IS_ERR(mnt))
		pr_warn("no access to devtmpfs, error %ld: names are not compared with other nodes\n",
			PTR_ERR(mnt));
	else
		devtmpfs = mnt;
	return 0;
}

void chr_ext_dev_exit(void)
{
	if (devtmpfs)
		kern_unmount(devtmpfs);
	ida_destroy(&minors);
}
