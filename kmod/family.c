// SPDX-License-Identifier: GPL-2.0-only
/*
 * The families of kfuncs that this module was built with. Kbuild defines
 * CHR_EXT_FAMILIES as F(name) for each: nothing else in kmod/ names one.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "family.h"

#define F(name)	extern struct chr_ext_family chr_ext_##name##_family;
CHR_EXT_FAMILIES
#undef F

#define F(name)	&chr_ext_##name##_family,
struct chr_ext_family *const chr_ext_families[] = {
	CHR_EXT_FAMILIES
	NULL
};
#undef F

static_assert(ARRAY_SIZE(chr_ext_families) - 1 <= CHR_EXT_MAX_FAMILIES);

/* Calls exit of the families before @end, the last first. */
static void families_exit(struct chr_ext_family *const *end)
{
	while (end-- > chr_ext_families)
		if ((*end)->exit)
			(*end)->exit();
}

/**
 * chr_ext_families_init() - initialise all families
 *
 * Return: 0 or -errno; after an error none is left initialised.
 */
int chr_ext_families_init(void)
{
	struct chr_ext_family *const *at, *f;
	int err;

	for_each_chr_ext_family(f, at) {
		f->slot = at - chr_ext_families;
		err = f->init ? f->init() : 0;
		if (err) {
			families_exit(at);
			return err;
		}
	}
	return 0;
}

void chr_ext_families_exit(void)
{
	families_exit(chr_ext_families + ARRAY_SIZE(chr_ext_families) - 1);
}

/**
 * chr_ext_families_dev_init() - allocate the state of all families
 * @dev: a device that has not been probed
 *
 * Return: 0 or -ENOMEM; chr_ext_families_dev_free() is called in both cases.
 */
int chr_ext_families_dev_init(struct chr_ext_device *dev)
{
	struct chr_ext_family *const *at, *f;

	for_each_chr_ext_family(f, at) {
		if (f->dev_size) {
			dev->family[f->slot] = kzalloc(f->dev_size,
						       GFP_KERNEL_ACCOUNT);
			if (!dev->family[f->slot])
				return -ENOMEM;
		}
		if (f->dev_init)
			f->dev_init(dev);
	}
	return 0;
}

void chr_ext_families_dev_free(struct chr_ext_device *dev)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dev->family); i++)
		kfree(dev->family[i]);
}

/**
 * chr_ext_families_dev_complain() - report what a device lacks
 * @dev: the device, whose probe op failed
 */
void chr_ext_families_dev_complain(struct chr_ext_device *dev)
{
	struct chr_ext_family *const *at, *f;

	for_each_chr_ext_family(f, at)
		if (f->dev_complain)
			f->dev_complain(dev);
}

/**
 * chr_ext_families_dev_event() - complete an event
 * @dev: the device
 * @event: what the event op is called with next
 *
 * Context: process, may sleep; inside the guard.
 */
void chr_ext_families_dev_event(struct chr_ext_device *dev,
				struct chr_ext_event *event)
{
	struct chr_ext_family *const *at, *f;

	for_each_chr_ext_family(f, at)
		if (f->dev_event)
			f->dev_event(dev, event);
}

/**
 * chr_ext_families_dev_release() - silence and give back a device's hardware
 * @dev: the device, whose ops are over for good
 */
void chr_ext_families_dev_release(struct chr_ext_device *dev)
{
	struct chr_ext_family *const *at, *f;

	for_each_chr_ext_family(f, at)
		if (f->dev_quiesce)
			f->dev_quiesce(dev);
	for_each_chr_ext_family(f, at)
		if (f->dev_release)
			f->dev_release(dev);
}
