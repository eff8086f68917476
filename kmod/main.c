// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>

#include "dev.h"
#include "event.h"
#include "family.h"
#include "log.h"
#include "ops.h"
#include "supplier.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

dev_t chr_ext_devt;

static char *node_mode(const struct device *dev, umode_t *mode)
{
	struct chr_ext_device *d = dev_get_drvdata(dev);

	if (mode)
		*mode = d->drv->conf.mode;
	return NULL;
}

static ssize_t abi_show(const struct class *class,
			const struct class_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", CHR_EXT_ABI);
}
static CLASS_ATTR_RO(abi);

static ssize_t families_show(const struct class *class,
			     const struct class_attribute *attr, char *buf)
{
	struct chr_ext_family *const *at, *f;
	int len = 0;

	for_each_chr_ext_family(f, at)
		len += sysfs_emit_at(buf, len, "%s%s", len ? " " : "", f->name);
	return len + sysfs_emit_at(buf, len, "\n");
}
static CLASS_ATTR_RO(families);

static ssize_t flags_show(const struct class *class,
			  const struct class_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%x\n", CHR_EXT_ALL_FLAGS);
}
static CLASS_ATTR_RO(flags);

static struct attribute *class_attrs[] = {
	&class_attr_abi.attr,
	&class_attr_families.attr,
	&class_attr_flags.attr,
	NULL
};
ATTRIBUTE_GROUPS(class);

const struct class chr_ext_class = {
	.name = "chr_ext",
	.class_groups = class_groups,
	.devnode = node_mode,
	.dev_uevent = chr_ext_dev_uevent,
};

static int __init chr_ext_init(void)
{
	int err;

	err = alloc_chrdev_region(&chr_ext_devt, 0, CHR_EXT_MINORS, "chr_ext");
	if (err)
		return err;

	err = class_register(&chr_ext_class);
	if (err)
		goto err_chrdev;

	err = chr_ext_dev_init();
	if (err)
		goto err_class;

	err = chr_ext_supplier_init();
	if (err)
		goto err_dev;

	err = chr_ext_driver_init();
	if (err)
		goto err_supplier;

	chr_ext_log_init();

	/*
	 * Cannot be undone, but goes with the module's BTF. No driver attaches
	 * before the module is live.
	 */
	err = chr_ext_ops_register();
	if (err)
		goto err_log;

	/* Last: families can offer interfaces to users. */
	err = chr_ext_families_init();
	if (err)
		goto err_log;

	pr_info("character device drivers in BPF, major %u\n",
		MAJOR(chr_ext_devt));
	return 0;

err_log:
	chr_ext_log_exit();
	chr_ext_driver_exit();
err_supplier:
	chr_ext_supplier_exit();
err_dev:
	chr_ext_dev_exit();
err_class:
	class_unregister(&chr_ext_class);
err_chrdev:
	unregister_chrdev_region(chr_ext_devt, CHR_EXT_MINORS);
	return err;
}

/*
 * Each struct_ops map and each open file holds a reference to the module, so
 * there is neither a driver nor a device left.
 */
static void __exit chr_ext_exit(void)
{
	/* Work that is left can hold the last reference to a device. */
	chr_ext_driver_exit();
	chr_ext_families_exit();
	chr_ext_log_exit();
	chr_ext_supplier_exit();
	chr_ext_dev_exit();
	class_unregister(&chr_ext_class);
	unregister_chrdev_region(chr_ext_devt, CHR_EXT_MINORS);
}

module_init(chr_ext_init);
module_exit(chr_ext_exit);

MODULE_DESCRIPTION("Character device drivers written in BPF");
MODULE_AUTHOR("The chr_ext developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(CHR_EXT_VERSION);
