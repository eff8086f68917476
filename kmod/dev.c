// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device: its node, its attributes, its end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cleanup.h>
#include <linux/fs_struct.h>
#include <linux/idr.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mod_devicetable.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

#include "board.h"
#include "dev.h"
#include "event.h"
#include "family.h"
#include "file.h"
#include "log.h"
#include "supplier.h"

static DEFINE_IDA(minors);
/*
 * Devices by chr_ext_dev.id, from before probe until they are dead. Looked up
 * under RCU, from any context. The ids are random, because a program that knows
 * one reaches the device: that of another driver is not to be found by counting.
 */
static DEFINE_XARRAY_FLAGS(devices, XA_FLAGS_LOCK_IRQ);

/* A name is looked for and taken in one step. Innermost but for the core's. */
static DEFINE_MUTEX(names_lock);

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

static ssize_t driver_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n", dev_to_device(dev)->drv->conf.name);
}
static DEVICE_ATTR_RO(driver);

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
	&dev_attr_driver.attr,
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

#define STAT_ATTR(_name, _stat)						\
static struct stat_attribute stat_attr_##_name = {			\
	.attr = __ATTR(_name, 0444, stat_show, NULL),			\
	.stat = _stat,							\
}

STAT_ATTR(opens, STAT_OPENS);
STAT_ATTR(reads, STAT_READS);
STAT_ATTR(writes, STAT_WRITES);
STAT_ATTR(ioctls, STAT_IOCTLS);
STAT_ATTR(read_bytes, STAT_READ_BYTES);
STAT_ATTR(written_bytes, STAT_WRITTEN_BYTES);
STAT_ATTR(errors, STAT_ERRORS);
STAT_ATTR(bad_returns, STAT_BAD_RETURNS);
STAT_ATTR(events, STAT_EVENTS);
STAT_ATTR(lost_events, STAT_LOST_EVENTS);

static struct attribute *stat_attrs[] = {
	&stat_attr_opens.attr.attr,
	&stat_attr_reads.attr.attr,
	&stat_attr_writes.attr.attr,
	&stat_attr_ioctls.attr.attr,
	&stat_attr_read_bytes.attr.attr,
	&stat_attr_written_bytes.attr.attr,
	&stat_attr_errors.attr.attr,
	&stat_attr_bad_returns.attr.attr,
	&stat_attr_events.attr.attr,
	&stat_attr_lost_events.attr.attr,
	NULL
};

static const struct attribute_group stat_group = {
	.name = "statistics",
	.attrs = stat_attrs,
};

static const struct attribute_group *dev_groups[] = {
	&dev_group,
	&stat_group,
	NULL
};

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

	/* The size is the author's; fail rather than kill for it. */
	d->data = kvzalloc(d->pub.size, GFP_KERNEL_ACCOUNT |
					__GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	return d->data ? 0 : -ENOMEM;
}

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
	init_waitqueue_head(&d->wait);
	init_waitqueue_head(&d->sleepers);
	refcount_set(&d->pins, 1);
	init_completion(&d->unpinned);
	mutex_init(&d->suppliers_lock);
	INIT_LIST_HEAD(&d->suppliers);
	mutex_init(&d->turn.lock);
	mutex_init(&d->closing);
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
 * Where /dev is: as the caller sees it, or as init does when the caller is a
 * thread of the kernel, whose root has nothing in it (7.x).
 */
static int dev_find_root(struct path *root)
{
	struct task_struct *task = current;
	struct pid *pid = NULL;
	int err = -ENOENT;

	if (current->flags & PF_KTHREAD) {
		pid = find_get_pid(1);
		task = get_pid_task(pid, PIDTYPE_PID);
		put_pid(pid);
		if (!task)
			return err;
	}
	task_lock(task);
	if (task->fs) {
		get_fs_root(task->fs, root);
		err = 0;
	}
	task_unlock(task);
	if (task != current)
		put_task_struct(task);
	return err;
}

/*
 * devtmpfs says nothing when it finds the name taken, by a device of another
 * class or by mknod(1), so we have to look. The node is looked for where users
 * see it, unless that is no file system in memory: one of a process or a network
 * might never answer, and is not where the node will be.
 */
static int dev_check_node(const char *name)
{
	struct path root, dev, node;
	int err;

	if (dev_find_root(&root))
		return 0;
	err = vfs_path_lookup(root.dentry, root.mnt, "dev",
			      LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &dev);
	path_put(&root);
	if (err)
		return 0;
	err = -ENOENT;
	if (dev.mnt->mnt_sb->s_magic == TMPFS_MAGIC ||
	    dev.mnt->mnt_sb->s_magic == RAMFS_MAGIC)
		err = vfs_path_lookup(dev.dentry, dev.mnt, name, 0, &node);
	if (!err)
		path_put(&node);
	path_put(&dev);

	if (!err)
		return -EEXIST;
	return err == -ENOENT ? 0 : err;
}

static int dev_check_name(struct chr_ext_device *d, bool node)
{
	const char *name = dev_name(&d->dev);
	struct device *other;
	int err = -EEXIST;

	other = class_find_device_by_name(&chr_ext_class, name);
	if (other)
		put_device(other);
	else
		err = node ? dev_check_node(name) : 0;

	if (err == -EEXIST)
		chr_ext_refuse(-err, d->drv->log, d->drv->conf.name,
			       "there is a /dev/%s already", name);
	else if (err)
		chr_ext_refuse(-err, d->drv->log, d->drv->conf.name,
			       "cannot look for /dev/%s: %pe", name,
			       ERR_PTR(err));
	return err;
}

/*
 * The name may have been taken while probe ran, by another of our devices: the
 * file system is not asked again, as the walk to /dev can be slow.
 */
static int dev_appear(struct chr_ext_device *d)
{
	int err;

	guard(mutex)(&names_lock);
	err = dev_check_name(d, false);
	if (err)
		return err;
	err = cdev_device_add(&d->cdev, &d->dev);
	if (err)
		chr_ext_refuse(-err, d->drv->log, d->drv->conf.name, "cannot add %s: %pe",
			       dev_name(&d->dev), ERR_PTR(err));
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
 * memory was the programs', and does not wait for open files.
 */
static void dev_remove(struct chr_ext_device *d)
{
	const struct chr_ext_ops *ops;
	int idx;

	ops = chr_ext_enter_dead(d, &idx);
	if (ops->remove)
		ops->remove(&d->pub);
	chr_ext_leave(d, idx);

	dev_release_hw(d);
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

/*
 * How many wait for programs to end, and when the first of them loses patience:
 * programs that sleep again and again could keep him for ever, also in the ops
 * of another device.
 */
static DEFINE_SPINLOCK(drains_lock);	/* these and probes */
static unsigned int drains;
static unsigned long drain_limit;
static LIST_HEAD(probes);

/*
 * The driver core waits for a probe, and whoever waits for the driver core. One
 * of a driver that is being detached is to end at once.
 */
struct probe_run {
	struct list_head node;
	struct task_struct *task;
	struct chr_ext_driver *drv;
	unsigned long limit;
};

static void probe_begin(struct probe_run *run, struct chr_ext_driver *drv)
{
	run->task = current;
	run->drv = drv;
	run->limit = jiffies + msecs_to_jiffies(CHR_EXT_MAX_PROBE_MS);
	guard(spinlock_irqsave)(&drains_lock);
	list_add(&run->node, &probes);
}

static void probe_end(struct probe_run *run)
{
	guard(spinlock_irqsave)(&drains_lock);
	list_del(&run->node);
}

void chr_ext_drain_begin(void)
{
	guard(spinlock_irqsave)(&drains_lock);
	if (!drains++)
		drain_limit = jiffies + HZ;
}

void chr_ext_drain_end(void)
{
	guard(spinlock_irqsave)(&drains_lock);
	drains--;
}

/**
 * chr_ext_must_end() - whether a program has to come to its end
 *
 * Programs that sleep or delay ask. In an interrupt the answer can be that for
 * the probe it came into.
 *
 * Context: any.
 */
bool chr_ext_must_end(void)
{
	struct probe_run *run;

	guard(spinlock_irqsave)(&drains_lock);
	if (drains && time_after(jiffies, drain_limit))
		return true;
	list_for_each_entry(run, &probes, node)
		if (run->task == current)
			return READ_ONCE(run->drv->going) ||
			       time_after(jiffies, run->limit);
	return false;
}

static int dev_probe(struct chr_ext_device *d)
{
	const struct chr_ext_ops *ops;
	struct probe_run run;
	int ret = 0, idx;

	probe_begin(&run, d->drv);
	ops = chr_ext_enter(d, &idx);
	if (ops->probe)
		ret = ops->probe(&d->pub);
	/* Outside of what a user can be told, but the driver core waits for it. */
	if (ret != -EPROBE_DEFER || !d->drv->matches)
		ret = chr_ext_check_return(d, "probe", ret, 0);
	WRITE_ONCE(d->probed, !ret);
	chr_ext_leave(d, idx);
	probe_end(&run);
	return ret;
}

/* Makes a device reachable by its id. */
static int dev_publish(struct chr_ext_device *d)
{
	int err;

	do {
		d->pub.id = get_random_long();
		err = d->pub.id ? xa_insert_irq(&devices, d->pub.id, d,
						GFP_KERNEL_ACCOUNT) : -EBUSY;
	} while (err == -EBUSY);
	return err;
}

/*
 * Ends the ops of a device, and what programs do with it elsewhere. Afterwards
 * only we call any.
 */
static void dev_kill(struct chr_ext_device *d)
{
	xa_erase_irq(&devices, d->pub.id);
	WRITE_ONCE(d->dead, true);
	wake_up_all(&d->sleepers);
	chr_ext_wake_up(d, EPOLLERR | EPOLLHUP, true);

	/* Pairs with chr_ext_enter(). */
	chr_ext_drain_begin();
	synchronize_srcu(&d->drv->srcu);
	chr_ext_dev_unpin(d);
	wait_for_completion(&d->unpinned);
	chr_ext_drain_end();
}

/*
 * The counterpart of dev_probe() and what came after it. A close op can run in
 * who closes his file, and we wait for it.
 */
static void dev_revoke(struct chr_ext_device *d)
{
	chr_ext_drain_begin();
	dev_kill(d);
	chr_ext_mem_revoke(d);
	chr_ext_file_close_all(d);
	dev_remove(d);
	chr_ext_drain_end();
}

/**
 * chr_ext_dev_updated() - tell the devices of a driver that it has new ops
 * @drv: the driver
 *
 * Runs the update op for each, and wakes all who sleep.
 *
 * Context: process, may sleep.
 */
void chr_ext_dev_updated(struct chr_ext_driver *drv)
{
	const struct chr_ext_ops *ops;
	struct chr_ext_device *d;
	unsigned long id;
	int idx;

	xa_for_each(&devices, id, d) {
		d = chr_ext_dev_pin(id);
		if (!d)
			continue;
		if (d->drv == drv) {
			ops = chr_ext_enter(d, &idx);
			if (ops) {
				if (ops->update && READ_ONCE(d->probed))
					ops->update(&d->pub);
				chr_ext_leave(d, idx);
			}
			wake_up_all(&d->wait);
		}
		chr_ext_dev_unpin(d);
	}
}

/**
 * chr_ext_dev_create() - probe a device and make its node appear
 * @drv: its driver
 * @parent: what it hangs from in the device model
 * @index: which of the driver's devices
 *
 * Return: the device, ended by chr_ext_dev_destroy(), or an error pointer:
 * -EEXIST when there is a node of that name, -ENOMEM, -ENOSPC when there is no
 * minor number left, or what probe returned.
 * Context: process, may sleep.
 */
struct chr_ext_device *chr_ext_dev_create(struct chr_ext_driver *drv,
					  struct device *parent, u32 index)
{
	struct chr_ext_device *d;
	int err;

	d = dev_alloc(drv, parent, index);
	if (IS_ERR(d)) {
		chr_ext_refuse(-PTR_ERR(d), drv->log, drv->conf.name,
			       "no room for device %u: %pe", index, d);
		return d;
	}

	err = dev_check_name(d, true);
	if (err)
		goto err_put;

	err = dev_publish(d);
	if (err)
		goto err_put;

	err = dev_probe(d);
	if (err) {
		dev_kill(d);
		dev_release_hw(d);
		dev_complain(d, err);
		goto err_put;
	}

	err = d->must_defer ? -EPROBE_DEFER : dev_appear(d);
	if (err)
		goto err_remove;

	dev_info(&d->dev, "device %u of driver %s\n", index, drv->conf.name);
	return d;

err_remove:
	/* The cdev may have been there for a moment, and been opened. */
	dev_revoke(d);
err_put:
	put_device(&d->dev);
	return ERR_PTR(err);
}

/**
 * chr_ext_dev_destroy() - revoke a device
 * @d: the device
 *
 * The node goes, sleepers get -ENODEV, pollers EPOLLERR and EPOLLHUP, mappings
 * lose their pages; close runs for each file that is still open, then remove.
 * Later calls on the files get -ENODEV.
 *
 * Context: process, may sleep; waits for ops that are running, not for users.
 */
void chr_ext_dev_destroy(struct chr_ext_device *d)
{
	dev_info(&d->dev, "gone\n");
	cdev_device_del(&d->cdev, &d->dev);
	dev_revoke(d);
	put_device(&d->dev);
}

void chr_ext_dev_exit(void)
{
	ida_destroy(&minors);
}
