// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>

#include "chr_ext.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

dev_t chr_ext_devt;

static char *node_mode(const struct device *dev, umode_t *mode)
{
	struct chr_ext_device *d = dev_get_drvdata(dev);

	if (mode)
		*mode = d->drv->mode;
	return NULL;
}

const struct class chr_ext_class = {
	.name = "chr_ext",
	.devnode = node_mode,
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

	err = chr_ext_event_init();
	if (err)
		goto err_class;

	chr_ext_log_init();

	/*
	 * It cannot be undone, but goes with the module's BTF. Nobody can attach
	 * before the module is live.
	 */
	err = chr_ext_ops_register();
	if (err)
		goto err_log;

	/* Last: from here on people can make things. */
	err = chr_ext_board_init();
	if (err)
		goto err_log;

	pr_info("character device drivers in BPF, major %u\n",
		MAJOR(chr_ext_devt));
	return 0;

err_log:
	chr_ext_log_exit();
	chr_ext_event_exit();
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
	/* The work that is left can hold the last reference to a device. */
	chr_ext_event_exit();
	chr_ext_board_exit();
	chr_ext_log_exit();
	chr_ext_dev_exit();
	class_unregister(&chr_ext_class);
	unregister_chrdev_region(chr_ext_devt, CHR_EXT_MINORS);
}

module_init(chr_ext_init);
module_exit(chr_ext_exit);

MODULE_DESCRIPTION("Character device drivers written in BPF");
MODULE_LICENSE("GPL");
