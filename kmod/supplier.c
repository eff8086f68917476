// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suppliers of a device: other devices that it cannot work without, such as the
 * controllers of its GPIO lines.
 *
 * A device link to a supplier makes the driver core unbind our device before the
 * supplier's driver goes, and probe it again when that driver is back. The state
 * of a link is private to the driver core. Whether a supplier is available is
 * found out from what the core does with it: it probes a consumer only while all
 * its suppliers are bound and stay so. A canary is a consumer with one supplier,
 * registered for this question alone.
 */
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "dev.h"
#include "supplier.h"

#define CANARY	"chr_ext_canary"

struct supplier {
	struct list_head node;		/* in chr_ext_device.suppliers */
	struct device *dev;		/* holds a reference */
};

/*
 * Never binds: a driver that is bound makes the driver core probe all deferred
 * devices again, among them the one whose probe asks here, for ever.
 */
static int canary_probe(struct platform_device *pdev)
{
	bool *probed = dev_get_platdata(&pdev->dev);

	if (probed)
		*probed = true;
	return -ENODEV;
}

static struct platform_driver canary_driver = {
	.driver = {
		.name = CANARY,
		.suppress_bind_attrs = true,
	},
	.probe = canary_probe,
};

/* Return: whether the driver core calls the probe of a canary. */
static bool canary_probed(struct platform_device *canary)
{
	bool *probed = dev_get_platdata(&canary->dev);

	*probed = false;
	if (device_attach(&canary->dev) < 0)
		dev_dbg(&canary->dev, "deferred\n");
	return *probed;
}

/* Return: 1 or 0; -EAGAIN while nothing is probed at all, as in suspend; -ENOMEM. */
static int canary_ask(struct platform_device *canary, struct device *supplier)
{
	if (!canary_probed(canary))
		return -EAGAIN;
	if (!device_link_add(&canary->dev, supplier, 0))
		return -ENOMEM;
	return canary_probed(canary);
}

static int supplier_available(struct device *supplier)
{
	struct platform_device *canary;
	bool probed = false;
	int ret;

	canary = platform_device_alloc(CANARY, PLATFORM_DEVID_AUTO);
	if (!canary)
		return -ENOMEM;
	dev_set_uevent_suppress(&canary->dev, true);
	canary->dev.platform_data = &probed;
	ret = platform_device_add(canary);
	if (!ret) {
		ret = canary_ask(canary, supplier);
		platform_device_del(canary);
	}
	canary->dev.platform_data = NULL;
	platform_device_put(canary);
	return ret;
}

/* Caller holds d->suppliers_lock. */
static bool supplier_known(struct chr_ext_device *d, struct device *dev)
{
	struct supplier *s;

	list_for_each_entry(s, &d->suppliers, node)
		if (s->dev == dev)
			return true;
	return false;
}

/**
 * chr_ext_supplier_add() - make a device depend on another one
 * @d: the device, which is being probed or is bound
 * @dev: its supplier; one without a driver cannot announce its end, and is ignored
 *
 * From now on the driver core unbinds @d before the supplier's driver goes.
 *
 * Return: 0; -EPROBE_DEFER when the supplier's driver is not bound yet or is about
 * to go; -ENOMEM.
 * Context: process, may sleep; not under a lock that the removal of @d takes.
 */
int chr_ext_supplier_add(struct chr_ext_device *d, struct device *dev)
{
	struct supplier *s;
	int ret;

	guard(mutex)(&d->suppliers_lock);
	if (!READ_ONCE(dev->driver) || supplier_known(d, dev))
		return 0;
	ret = supplier_available(dev);
	if (ret <= 0)
		return ret == -ENOMEM ? ret : -EPROBE_DEFER;
	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	if (!device_link_add(d->dev.parent, dev, DL_FLAG_AUTOPROBE_CONSUMER) ||
	    supplier_available(dev) <= 0) {
		kfree(s);
		chr_ext_supplier_lost(d);
		return -EPROBE_DEFER;
	}
	s->dev = get_device(dev);
	list_add_tail(&s->node, &d->suppliers);
	return 0;
}

/**
 * chr_ext_supplier_lost() - a supplier went while the device was being probed
 * @d: the device
 *
 * The driver core relies on it that the probe of a consumer fails then, whatever
 * the probe op returns.
 */
void chr_ext_supplier_lost(struct chr_ext_device *d)
{
	WRITE_ONCE(d->must_defer, true);
}

/**
 * chr_ext_supplier_leaving() - find out whether a device goes with a supplier
 * @d: the device, which is being unbound
 *
 * Return: the supplier whose driver goes or has gone, or NULL, also if that cannot
 * be found out. Valid until chr_ext_suppliers_release().
 * Context: process, may sleep.
 */
struct device *chr_ext_supplier_leaving(struct chr_ext_device *d)
{
	struct supplier *s;

	guard(mutex)(&d->suppliers_lock);
	list_for_each_entry(s, &d->suppliers, node)
		if (supplier_available(s->dev) == 0)
			return s->dev;
	return NULL;
}

/**
 * chr_ext_suppliers_release() - drop the references to all suppliers
 * @d: the device, whose ops are over for good
 */
void chr_ext_suppliers_release(struct chr_ext_device *d)
{
	struct supplier *s, *next;

	list_for_each_entry_safe(s, next, &d->suppliers, node) {
		put_device(s->dev);
		kfree(s);
	}
	INIT_LIST_HEAD(&d->suppliers);
}

int chr_ext_supplier_init(void)
{
	return platform_driver_register(&canary_driver);
}

void chr_ext_supplier_exit(void)
{
	platform_driver_unregister(&canary_driver);
}
