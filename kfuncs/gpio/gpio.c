// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfuncs on GPIO lines: requesting them, their directions and values.
 *
 * A handle is a number, so that a driver can store it anywhere. It is looked up in
 * the device only, by number and slot: no number that a program makes up reaches the
 * lines of another device.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/btf.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/gpio/driver.h>
#include <linux/nospec.h>
#include <linux/pinctrl/pinconf-generic.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "board.h"
#include "gpio.h"
#include "log.h"
#include "supplier.h"

#define SLOTS	CHR_EXT_MAX_GPIOS	/* a power of two */

static atomic_t last_handle = ATOMIC_INIT(0);

/**
 * chr_ext_gpio_find() - look up a handle
 * @dev: the device
 * @handle: from chr_ext_gpio_get() for this device, or any number
 *
 * Return: the lines, valid as long as ops of the device can run, or NULL.
 * Context: any.
 */
struct chr_ext_gpio *chr_ext_gpio_find(struct chr_ext_dev *dev, s32 handle)
{
	struct chr_ext_gpio *g;

	if (handle <= 0)
		return NULL;
	/* Pairs with gpio_publish(). */
	g = smp_load_acquire(&to_gpio_dev(to_device(dev))->gpios[handle % SLOTS]);
	return g && g->handle == handle ? g : NULL;
}

static struct chr_ext_gpio *gpio_by_con_id(struct chr_ext_device *dev,
					   const char *con_id)
{
	struct chr_ext_gpio *g;
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		g = to_gpio_dev(dev)->gpios[i];
		if (g && !strcmp(g->con_id, con_id))
			return g;
	}
	return NULL;
}

/* Caller holds the lock of chr_ext_gpio_dev. Return: the handle, or -ENOSPC. */
static s32 gpio_publish(struct chr_ext_gpio *g)
{
	struct chr_ext_gpio_dev *gd = to_gpio_dev(g->dev);
	u32 nr = atomic_inc_return(&last_handle) % (S32_MAX / SLOTS);
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		if (gd->gpios[i])
			continue;
		/* 0 is none, so that zeroed memory is no handle. */
		g->handle = (nr + 1) * SLOTS + i;
		/* Pairs with chr_ext_gpio_find(). */
		smp_store_release(&gd->gpios[i], g);
		return g->handle;
	}
	return -ENOSPC;
}

/* Properties of a chip, which may be removed at any time. */
struct chip_look {
	struct gpio_desc *desc;
	struct gpio_device *gdev;
	struct device *parent;		/* for put_device(), or NULL */
	bool has_get_direction;
	bool has_input;
	bool open;			/* drain or source */
};

/* gpio_device_find() keeps the chip from being removed meanwhile. */
static int chip_inspect(struct gpio_chip *gc, const void *data)
{
	struct chip_look *look = (void *)data;
	unsigned int offset;

	if (gc->gpiodev != look->gdev)
		return 0;
	offset = desc_to_gpio(look->desc) - gc->base;
	look->parent = get_device(gc->parent);
	look->has_get_direction = gc->get_direction;
	look->has_input = gc->direction_input;
	look->open = gpiochip_line_is_open_drain(gc, offset) ||
		     gpiochip_line_is_open_source(gc, offset);
	return 1;
}

/* The consumer shown by gpioinfo(1): the node and the con_id. */
static int gpio_name_lines(struct chr_ext_gpio *g)
{
	char *name __free(kfree) = kasprintf(GFP_KERNEL, "%s:%s",
					     g->dev->pub.name, g->con_id);
	u32 i;
	int err;

	if (!name)
		return -ENOMEM;
	for (i = 0; i < g->n; i++) {
		err = gpiod_set_consumer_name(g->lines[i].desc, name);
		if (err)
			return err;
	}
	return 0;
}

static int gpio_set_up_line(struct chr_ext_gpio *g, u32 i,
			    enum gpiod_flags flags)
{
	struct gpio_desc *desc = g->lines[i].desc;
	struct chip_look look = {
		.desc = desc,
		.gdev = gpiod_to_gpio_device(desc),
	};
	struct gpio_device *gdev;
	int err;

	g->lines[i].gpio = g;
	g->lines[i].index = i;
	g->can_sleep |= gpiod_cansleep(desc);

	gdev = gpio_device_find(&look, chip_inspect);
	if (!gdev)
		return -EPROBE_DEFER;
	gpio_device_put(gdev);

	/* gpiolib sets these by their direction, for which chips may sleep. */
	g->set_sleeps |= g->can_sleep || look.open;
	if (look.open && !look.has_input) {
		put_device(look.parent);
		return -EOPNOTSUPP;
	}

	/* gpiolib warns if a chip has no get_direction(). */
	if (flags != GPIOD_ASIS)
		__assign_bit(i, g->outputs, flags != GPIOD_IN);
	else if (look.has_get_direction)
		__assign_bit(i, g->outputs, !gpiod_get_direction(desc));

	if (!look.parent)
		return 0;
	err = chr_ext_supplier_add(g->dev, look.parent);
	put_device(look.parent);
	return err;
}

/* A chip that is gone went with its controller, perhaps while that was added. */
static int gpio_check_chips(struct chr_ext_gpio *g)
{
	struct chip_look look = {};
	struct gpio_device *gdev;
	u32 i;

	for (i = 0; i < g->n; i++) {
		look.desc = g->lines[i].desc;
		look.gdev = gpiod_to_gpio_device(look.desc);
		gdev = gpio_device_find(&look, chip_inspect);
		if (!gdev) {
			chr_ext_supplier_lost(g->dev);
			return -EPROBE_DEFER;
		}
		gpio_device_put(gdev);
		put_device(look.parent);
	}
	return 0;
}

static int gpio_set_up(struct chr_ext_gpio *g, enum gpiod_flags flags)
{
	int err;
	u32 i;

	for (i = 0; i < g->n; i++) {
		err = gpio_set_up_line(g, i, flags);
		if (err)
			return err;
	}
	return gpio_check_chips(g) ?: gpio_name_lines(g);
}

/*
 * One by one: gpiod_get_array() loses the first line when it runs out of memory.
 */
static int gpio_get_lines(struct chr_ext_gpio *g, enum gpiod_flags flags)
{
	struct device *parent = g->dev->dev.parent;
	struct gpio_desc *desc;
	u32 i;

	for (i = 0; i < g->n; i++) {
		desc = gpiod_get_index(parent, g->con_id, i, flags);
		if (IS_ERR(desc))
			return PTR_ERR(desc);
		g->lines[i].desc = desc;
	}
	return 0;
}

static void gpio_free(struct chr_ext_gpio *g)
{
	u32 i;

	chr_ext_gpio_unlisten(g);
	chr_ext_player_free(g);
	for (i = 0; i < g->n; i++)
		gpiod_put(g->lines[i].desc);
	mutex_destroy(&g->lock);
	kfree(g);
}

/* No interrupt and no player afterwards. */
static void gpio_dev_quiesce(struct chr_ext_device *dev)
{
	struct chr_ext_gpio_dev *gd = to_gpio_dev(dev);
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		if (!gd->gpios[i])
			continue;
		chr_ext_gpio_unlisten(gd->gpios[i]);
		chr_ext_player_free(gd->gpios[i]);
	}
}

static void gpio_dev_release(struct chr_ext_device *dev)
{
	struct chr_ext_gpio_dev *gd = to_gpio_dev(dev);
	size_t i;

	for (i = 0; i < SLOTS; i++) {
		if (gd->gpios[i])
			gpio_free(gd->gpios[i]);
		gd->gpios[i] = NULL;
	}
}

static void gpio_dev_init(struct chr_ext_device *dev)
{
	mutex_init(&to_gpio_dev(dev)->lock);
}

static void gpio_dev_complain(struct chr_ext_device *dev)
{
	struct chr_ext_gpio_dev *gd = to_gpio_dev(dev);
	struct chr_ext_driver *drv = dev->drv;

	if (!gd->missing[0])
		return;
	if (!drv->matches)
		chr_ext_refuse(ENOENT, drv->log, drv->conf.name,
			       "lines \"%s\" need hardware, but the driver has no compatible",
			       gd->missing);
	else
		chr_ext_refuse(ENOENT, drv->log, drv->conf.name,
			       "%s has no lines \"%s\"",
			       chr_ext_hardware_name(dev->dev.parent),
			       gd->missing);
}

/* Report the reason with the names used in the board or the device tree. */
static struct chr_ext_gpio *gpio_refuse(struct chr_ext_device *dev,
					const char *con_id, int err)
{
	struct chr_ext_gpio_dev *gd = to_gpio_dev(dev);
	struct chr_ext_log *log = dev->drv->log;
	const char *name = dev->pub.name;

	switch (err) {
	case -EPROBE_DEFER:
		break;
	case -ENOENT:
		/* The driver may do without: reported when probe fails. */
		if (!gd->missing[0])
			strscpy(gd->missing, con_id, sizeof(gd->missing));
		break;
	case -EBUSY:
		chr_ext_refuse(EBUSY, log, name,
			       "a line of \"%s\" is in use", con_id);
		break;
	case -E2BIG:
		chr_ext_refuse(E2BIG, log, name,
			       "\"%s\" has more than %u lines", con_id,
			       CHR_EXT_MAX_LINES);
		break;
	default:
		chr_ext_refuse(-err, log, name,
			       "cannot get the lines \"%s\": %pe", con_id,
			       ERR_PTR(err));
	}
	return ERR_PTR(err);
}

static struct chr_ext_gpio *gpio_request(struct chr_ext_device *dev,
					 const char *con_id,
					 enum gpiod_flags flags)
{
	struct chr_ext_gpio *g;
	int n, err;

	n = gpiod_count(dev->dev.parent, con_id);
	if (n < 0)
		return gpio_refuse(dev, con_id, n);
	if (n > CHR_EXT_MAX_LINES)
		return gpio_refuse(dev, con_id, -E2BIG);

	g = kzalloc(struct_size(g, lines, n), GFP_KERNEL_ACCOUNT);
	if (!g)
		return ERR_PTR(-ENOMEM);
	g->dev = dev;
	g->n = n;
	mutex_init(&g->lock);
	strscpy(g->con_id, con_id, sizeof(g->con_id));

	err = gpio_get_lines(g, flags);
	if (!err)
		err = gpio_set_up(g, flags);
	if (!err)
		return g;
	gpio_free(g);
	return gpio_refuse(dev, con_id, err);
}

static const enum gpiod_flags get_flags[] = {
	[CHR_EXT_GPIO_ASIS] = GPIOD_ASIS,
	[CHR_EXT_GPIO_IN] = GPIOD_IN,
	[CHR_EXT_GPIO_OUT_LOW] = GPIOD_OUT_LOW,
	[CHR_EXT_GPIO_OUT_HIGH] = GPIOD_OUT_HIGH,
};

/* PIN_CONFIG_* for CHR_EXT_GPIO_*; those without an argument take 1. */
static const u32 config_params[] = {
	[CHR_EXT_GPIO_PUSH_PULL] = PIN_CONFIG_DRIVE_PUSH_PULL,
	[CHR_EXT_GPIO_OPEN_DRAIN] = PIN_CONFIG_DRIVE_OPEN_DRAIN,
	[CHR_EXT_GPIO_OPEN_SOURCE] = PIN_CONFIG_DRIVE_OPEN_SOURCE,
	[CHR_EXT_GPIO_BIAS_DISABLE] = PIN_CONFIG_BIAS_DISABLE,
	[CHR_EXT_GPIO_PULL_UP] = PIN_CONFIG_BIAS_PULL_UP,
	[CHR_EXT_GPIO_PULL_DOWN] = PIN_CONFIG_BIAS_PULL_DOWN,
	[CHR_EXT_GPIO_DEBOUNCE] = PIN_CONFIG_INPUT_DEBOUNCE,
};

/**
 * chr_ext_gpio_line() - look up a line
 * @dev: the device
 * @handle: from chr_ext_gpio_get(), or any number
 * @index: which line of the handle, or any number
 *
 * Return: the line, or -EBADF or -EINVAL as an error pointer.
 * Context: any.
 */
struct chr_ext_line *chr_ext_gpio_line(struct chr_ext_dev *dev, s32 handle,
				       u32 index)
{
	struct chr_ext_gpio *g = chr_ext_gpio_find(dev, handle);

	if (!g)
		return ERR_PTR(-EBADF);
	if (index >= g->n)
		return ERR_PTR(-EINVAL);
	return &g->lines[array_index_nospec(index, g->n)];
}

/**
 * chr_ext_gpio_line_cansleep() - chr_ext_gpio_line() for kfuncs that may sleep
 * @dev: the device
 * @handle: from chr_ext_gpio_get(), or any number
 * @index: which line of the handle, or any number
 *
 * Return: as chr_ext_gpio_line(), or -EWOULDBLOCK where the caller must not sleep.
 * Context: any.
 */
struct chr_ext_line *chr_ext_gpio_line_cansleep(struct chr_ext_dev *dev,
						s32 handle, u32 index)
{
	if (!chr_ext_may_sleep())
		return ERR_PTR(-EWOULDBLOCK);
	return chr_ext_gpio_line(dev, handle, index);
}

/* Collect the lines in @mask. Return: their number. */
static u32 gpio_pick(struct chr_ext_gpio *g, u64 mask, struct gpio_desc **descs)
{
	u32 i, n = 0;

	for (i = 0; i < g->n; i++)
		if (mask & BIT_ULL(i))
			descs[n++] = g->lines[i].desc;
	return n;
}

static bool mask_fits(const struct chr_ext_gpio *g, u64 mask)
{
	return !(mask & ~GENMASK_ULL(g->n - 1, 0));
}

static int gpio_may(const struct chr_ext_gpio *g, u64 mask, u32 flags,
		    bool sleeps, bool may_sleep)
{
	if (!mask_fits(g, mask) || flags & ~CHR_EXT_GPIO_RAW)
		return -EINVAL;
	/* There spinlocks of controllers sleep, too. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && !preemptible())
		return -EWOULDBLOCK;
	return sleeps && (!may_sleep || !chr_ext_may_sleep()) ?
		-EWOULDBLOCK : 0;
}

/**
 * chr_ext_gpio_put_bits() - set lines
 * @g: the lines of a handle
 * @mask: which of them
 * @values: their values
 * @flags: of the kfuncs
 * @may_sleep: whether the caller may
 *
 * Without the array_info of gpiod_get_array(): with it gpiolib takes a path that
 * has no tracepoints.
 *
 * Return: as chr_ext_gpio_set_bits().
 * Context: any.
 */
int chr_ext_gpio_put_bits(struct chr_ext_gpio *g, u64 mask, u64 values,
			  u32 flags, bool may_sleep)
{
	const bool sleeps = flags & CHR_EXT_GPIO_RAW ? g->can_sleep :
						       g->set_sleeps;
	struct gpio_desc *descs[CHR_EXT_MAX_LINES];
	DECLARE_BITMAP(bits, CHR_EXT_MAX_LINES) = {};
	u32 i, n = 0;
	int err;

	err = gpio_may(g, mask, flags, sleeps, may_sleep);
	if (err || !mask)
		return err;
	for (i = 0; i < g->n; i++) {
		if (!(mask & BIT_ULL(i)))
			continue;
		if (!test_bit(i, g->outputs))
			return -EPERM;
		__assign_bit(n++, bits, values & BIT_ULL(i));
	}
	gpio_pick(g, mask, descs);

	may_sleep &= chr_ext_may_sleep();
	if (flags & CHR_EXT_GPIO_RAW)
		return may_sleep ?
			gpiod_set_raw_array_value_cansleep(n, descs, NULL, bits) :
			gpiod_set_raw_array_value(n, descs, NULL, bits);
	return may_sleep ?
		gpiod_set_array_value_cansleep(n, descs, NULL, bits) :
		gpiod_set_array_value(n, descs, NULL, bits);
}

static int gpio_take_bits(struct chr_ext_gpio *g, u64 mask, u64 *values,
			  u32 flags, bool may_sleep)
{
	struct gpio_desc *descs[CHR_EXT_MAX_LINES];
	DECLARE_BITMAP(bits, CHR_EXT_MAX_LINES) = {};
	u32 i, n;
	int err;

	*values = 0;
	err = gpio_may(g, mask, flags, g->can_sleep, may_sleep);
	if (err || !mask)
		return err;
	n = gpio_pick(g, mask, descs);

	may_sleep &= chr_ext_may_sleep();
	if (flags & CHR_EXT_GPIO_RAW)
		err = may_sleep ?
			gpiod_get_raw_array_value_cansleep(n, descs, NULL, bits) :
			gpiod_get_raw_array_value(n, descs, NULL, bits);
	else
		err = may_sleep ?
			gpiod_get_array_value_cansleep(n, descs, NULL, bits) :
			gpiod_get_array_value(n, descs, NULL, bits);
	if (err)
		return err;

	for (i = n = 0; i < g->n; i++)
		if (mask & BIT_ULL(i) && test_bit(n++, bits))
			*values |= BIT_ULL(i);
	return 0;
}

static int gpio_get_one(struct chr_ext_dev *dev, s32 handle, u32 index,
			u32 flags, bool may_sleep)
{
	struct chr_ext_line *line = chr_ext_gpio_line(dev, handle, index);
	u64 bits;

	if (IS_ERR(line))
		return PTR_ERR(line);
	return gpio_take_bits(line->gpio, BIT_ULL(line->index), &bits, flags,
			      may_sleep) ?: !!bits;
}

static int gpio_set_one(struct chr_ext_dev *dev, s32 handle, u32 index,
			int value, u32 flags, bool may_sleep)
{
	struct chr_ext_line *line = chr_ext_gpio_line(dev, handle, index);

	if (IS_ERR(line))
		return PTR_ERR(line);
	return chr_ext_gpio_put_bits(line->gpio, BIT_ULL(line->index),
				     value ? ~0ULL : 0, flags, may_sleep);
}

/* ENOTSUPP is internal to the kernel, and no valid return value of an op. */
static int gpio_error(int err)
{
	return err == -ENOTSUPP ? -EOPNOTSUPP : err;
}

static int set_active_low(struct gpio_desc *desc, u32 arg)
{
	if (arg > 1)
		return -EINVAL;
	if (gpiod_is_active_low(desc) != arg)
		gpiod_toggle_active_low(desc);
	return 0;
}

__bpf_kfunc_start_defs();

/**
 * chr_ext_gpio_get() - request GPIO lines of the device
 * @dev: the device
 * @con_id__str: the lines: those of the property <con_id>-gpios in the device tree,
 *	or of the directory with this name in the board; a constant string of less
 *	than CHR_EXT_CON_ID_LEN characters
 * @flags: CHR_EXT_GPIO_ASIS, _IN, _OUT_LOW or _OUT_HIGH, for all of these lines
 *
 * The device owns the lines until it is removed; a live update keeps them. A second
 * call with the same @con_id__str returns the same handle and changes nothing, so
 * the update op can call it. When the driver of the lines' controller is unbound,
 * the device is removed first, and probed again when the controller is back.
 *
 * Return: a handle, greater than 0; -ENOENT if the device has no such lines; -EBUSY
 * if one of them is in use; -EPROBE_DEFER if the controller is not there yet: return
 * it from probe; -E2BIG for more than CHR_EXT_MAX_LINES; -ENOSPC if the device has
 * CHR_EXT_MAX_GPIOS handles; -EINVAL for an empty or too long @con_id__str or other
 * @flags; -EOPNOTSUPP for an open-drain or open-source line of a controller without
 * inputs; or the controller's error. The logs have the reason.
 * Context: process, may sleep: only from SEC("struct_ops.s/...").
 */
__bpf_kfunc s32 chr_ext_gpio_get(struct chr_ext_dev *dev,
				 const char *con_id__str, u32 flags)
{
	struct chr_ext_device *d = to_device(dev);
	struct chr_ext_gpio *g;
	s32 handle;

	if (!chr_ext_may_sleep())
		return -EWOULDBLOCK;
	if (!*con_id__str ||
	    strnlen(con_id__str, CHR_EXT_CON_ID_LEN) == CHR_EXT_CON_ID_LEN ||
	    flags >= ARRAY_SIZE(get_flags)) {
		return chr_ext_refuse(EINVAL, d->drv->log, dev->name,
				      "a con_id has 1 to %u characters, and flags are at most %zu",
				      CHR_EXT_CON_ID_LEN - 1,
				      ARRAY_SIZE(get_flags) - 1);
	}

	guard(mutex)(&to_gpio_dev(d)->lock);
	g = gpio_by_con_id(d, con_id__str);
	if (g)
		return g->handle;
	flags = array_index_nospec(flags, ARRAY_SIZE(get_flags));
	g = gpio_request(d, con_id__str, get_flags[flags]);
	if (IS_ERR(g))
		return PTR_ERR(g);
	handle = gpio_publish(g);
	if (handle < 0) {
		chr_ext_refuse(ENOSPC, d->drv->log, dev->name,
			       "the device has %u con_ids already", SLOTS);
		gpio_free(g);
		return handle;
	}
	if (READ_ONCE(d->events))
		chr_ext_gpio_prepare(g);
	return handle;
}

/**
 * chr_ext_gpio_count() - number of lines of a handle
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @flags: 0
 *
 * Return: 1 to CHR_EXT_MAX_LINES; -EBADF if @dev has no such @handle, -EINVAL for
 * other @flags.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_gpio_count(struct chr_ext_dev *dev, s32 handle,
				   u32 flags)
{
	struct chr_ext_gpio *g = chr_ext_gpio_find(dev, handle);

	if (!g)
		return -EBADF;
	return flags ? -EINVAL : g->n;
}

/**
 * chr_ext_gpio_can_sleep() - whether access to these lines may sleep
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 *
 * If so, kfuncs without _cansleep return -EWOULDBLOCK. On PREEMPT_RT they do so in
 * any case while preemption or interrupts are off. Open-drain and open-source
 * lines count as well: they are set by their direction, for which any controller
 * may sleep. Reading them, and setting them with CHR_EXT_GPIO_RAW, depends on the
 * controller alone.
 *
 * Return: 0 or 1, or -EBADF if @dev has no such @handle.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_gpio_can_sleep(struct chr_ext_dev *dev, s32 handle)
{
	struct chr_ext_gpio *g = chr_ext_gpio_find(dev, handle);

	return g ? g->set_sleeps : -EBADF;
}

/**
 * chr_ext_gpio_direction_input() - make a line an input
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @index: the line, from 0
 * @flags: 0
 *
 * Return: 0; -EBADF if @dev has no such @handle, -EINVAL for another @index or
 * other @flags, or the controller's error.
 * Context: process, may sleep: only from SEC("struct_ops.s/...").
 */
__bpf_kfunc int chr_ext_gpio_direction_input(struct chr_ext_dev *dev,
					     s32 handle, u32 index, u32 flags)
{
	struct chr_ext_line *line = chr_ext_gpio_line_cansleep(dev, handle, index);
	int err;

	if (IS_ERR(line))
		return PTR_ERR(line);
	if (flags)
		return -EINVAL;
	guard(mutex)(&line->gpio->lock);
	err = gpio_error(gpiod_direction_input(line->desc));
	if (!err)
		clear_bit(line->index, line->gpio->outputs);
	return err;
}

/**
 * chr_ext_gpio_direction_output() - make a line an output
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @index: the line, from 0
 * @value: its logical value
 * @flags: 0
 *
 * Return: 0; -EBADF if @dev has no such @handle, -EINVAL for another @index or
 * other @flags, -EBUSY while the device listens to its edges, or the controller's
 * error.
 * Context: process, may sleep: only from SEC("struct_ops.s/...").
 */
__bpf_kfunc int chr_ext_gpio_direction_output(struct chr_ext_dev *dev,
					      s32 handle, u32 index, int value,
					      u32 flags)
{
	struct chr_ext_line *line = chr_ext_gpio_line_cansleep(dev, handle, index);
	int err;

	if (IS_ERR(line))
		return PTR_ERR(line);
	if (flags)
		return -EINVAL;
	guard(mutex)(&line->gpio->lock);
	if (line->irq)
		return -EBUSY;
	err = gpio_error(gpiod_direction_output(line->desc, !!value));
	if (!err)
		set_bit(line->index, line->gpio->outputs);
	return err;
}

/**
 * chr_ext_gpio_get_direction() - whether a line is an input
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @index: the line, from 0
 * @flags: 0
 *
 * Return: 1 for an input, 0 for an output; -EBADF if @dev has no such @handle,
 * -EINVAL for another @index or other @flags.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_gpio_get_direction(struct chr_ext_dev *dev, s32 handle,
					   u32 index, u32 flags)
{
	struct chr_ext_line *line = chr_ext_gpio_line(dev, handle, index);

	if (IS_ERR(line))
		return PTR_ERR(line);
	if (flags)
		return -EINVAL;
	return !test_bit(line->index, line->gpio->outputs);
}

/**
 * chr_ext_gpio_set_config() - set drive, bias, debounce time or polarity of a line
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @index: the line, from 0
 * @param: CHR_EXT_GPIO_PUSH_PULL and the like
 * @arg: its argument; 0 where it has none
 *
 * Return: 0; -EBADF if @dev has no such @handle, -EINVAL for another @index, @param
 * or @arg; -EBUSY for CHR_EXT_GPIO_ACTIVE_LOW while the device listens to edges of
 * the line; -EOPNOTSUPP if the controller does not support it, or its error.
 * Context: process, may sleep: only from SEC("struct_ops.s/...").
 */
__bpf_kfunc int chr_ext_gpio_set_config(struct chr_ext_dev *dev, s32 handle,
					u32 index, u32 param, u32 arg)
{
	struct chr_ext_line *line = chr_ext_gpio_line_cansleep(dev, handle, index);

	if (IS_ERR(line))
		return PTR_ERR(line);
	guard(mutex)(&line->gpio->lock);
	if (param == CHR_EXT_GPIO_ACTIVE_LOW)
		return line->irq ? -EBUSY : set_active_low(line->desc, arg);
	if (param >= ARRAY_SIZE(config_params))
		return -EINVAL;
	param = array_index_nospec(param, ARRAY_SIZE(config_params));
	if (param != CHR_EXT_GPIO_DEBOUNCE && arg)
		return -EINVAL;
	/* pinconf packs the argument into 24 bits. */
	if (arg >> 24)
		return -EINVAL;
	if (param != CHR_EXT_GPIO_DEBOUNCE)
		arg = 1;
	return gpio_error(gpiod_set_config(line->desc,
				pinconf_to_config_packed(config_params[param],
							 arg)));
}

/**
 * chr_ext_gpio_get_value() - read a line
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @index: the line, from 0
 * @flags: 0, or CHR_EXT_GPIO_RAW for the electrical value
 *
 * Return: 0 or 1; -EBADF if @dev has no such @handle, -EINVAL for another @index or
 * other @flags, -EWOULDBLOCK if the controller sleeps, -ENODEV if it is gone, or
 * its error.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_gpio_get_value(struct chr_ext_dev *dev, s32 handle,
				       u32 index, u32 flags)
{
	return gpio_get_one(dev, handle, index, flags, false);
}

/**
 * chr_ext_gpio_get_value_cansleep() - read a line, whose controller may sleep
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @index: the line, from 0
 * @flags: 0, or CHR_EXT_GPIO_RAW for the electrical value
 *
 * Return: as chr_ext_gpio_get_value(), but never -EWOULDBLOCK.
 * Context: process, may sleep: only from SEC("struct_ops.s/...").
 */
__bpf_kfunc int chr_ext_gpio_get_value_cansleep(struct chr_ext_dev *dev,
						s32 handle, u32 index,
						u32 flags)
{
	return gpio_get_one(dev, handle, index, flags, true);
}

/**
 * chr_ext_gpio_set_value() - set a line
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @index: the line, from 0
 * @value: 0, or anything else for active
 * @flags: 0, or CHR_EXT_GPIO_RAW for the electrical value
 *
 * Return: 0; -EBADF if @dev has no such @handle, -EINVAL for another @index or
 * other @flags, -EPERM if the line is an input, -EWOULDBLOCK if
 * chr_ext_gpio_can_sleep(), -ENODEV if the controller is gone, or its error (from
 * Linux 6.15 on).
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_gpio_set_value(struct chr_ext_dev *dev, s32 handle,
				       u32 index, int value, u32 flags)
{
	return gpio_set_one(dev, handle, index, value, flags, false);
}

/**
 * chr_ext_gpio_set_value_cansleep() - set a line, whose controller may sleep
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @index: the line, from 0
 * @value: 0, or anything else for active
 * @flags: 0, or CHR_EXT_GPIO_RAW for the electrical value
 *
 * Return: as chr_ext_gpio_set_value(), but never -EWOULDBLOCK.
 * Context: process, may sleep: only from SEC("struct_ops.s/...").
 */
__bpf_kfunc int chr_ext_gpio_set_value_cansleep(struct chr_ext_dev *dev,
						s32 handle, u32 index,
						int value, u32 flags)
{
	return gpio_set_one(dev, handle, index, value, flags, true);
}

/**
 * chr_ext_gpio_get_bits() - read several lines at once
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @mask: the lines, the first is bit 0
 * @bits: set to their values; bits outside of @mask are 0
 * @flags: 0, or CHR_EXT_GPIO_RAW for the electrical values
 *
 * Return: 0; -EBADF if @dev has no such @handle, -EINVAL if @mask has other lines or
 * for other @flags; -EWOULDBLOCK if a controller sleeps, -ENODEV if it is gone, or
 * its error.
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_gpio_get_bits(struct chr_ext_dev *dev, s32 handle,
				      u64 mask, u64 *bits, u32 flags)
{
	struct chr_ext_gpio *g = chr_ext_gpio_find(dev, handle);

	return g ? gpio_take_bits(g, mask, bits, flags, false) : -EBADF;
}

/**
 * chr_ext_gpio_get_bits_cansleep() - read lines, whose controller may sleep
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @mask: the lines, the first is bit 0
 * @bits: set to their values; bits outside of @mask are 0
 * @flags: 0, or CHR_EXT_GPIO_RAW for the electrical values
 *
 * Return: as chr_ext_gpio_get_bits(), but never -EWOULDBLOCK.
 * Context: process, may sleep: only from SEC("struct_ops.s/...").
 */
__bpf_kfunc int chr_ext_gpio_get_bits_cansleep(struct chr_ext_dev *dev,
					       s32 handle, u64 mask, u64 *bits,
					       u32 flags)
{
	struct chr_ext_gpio *g = chr_ext_gpio_find(dev, handle);

	return g ? gpio_take_bits(g, mask, bits, flags, true) : -EBADF;
}

/**
 * chr_ext_gpio_set_bits() - set several lines at once
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @mask: the lines, the first is bit 0
 * @bits: their values
 * @flags: 0, or CHR_EXT_GPIO_RAW for the electrical values
 *
 * Uses one call of the controller where it supports that.
 *
 * Return: 0; -EBADF if @dev has no such @handle, -EINVAL if @mask has other lines or
 * for other @flags; -EPERM if one of them is an input, -EWOULDBLOCK if
 * chr_ext_gpio_can_sleep(), -ENODEV if a controller is gone, or its error (from
 * Linux 6.15 on).
 * Context: any; does not sleep.
 */
__bpf_kfunc int chr_ext_gpio_set_bits(struct chr_ext_dev *dev, s32 handle,
				      u64 mask, u64 bits, u32 flags)
{
	struct chr_ext_gpio *g = chr_ext_gpio_find(dev, handle);

	return g ? chr_ext_gpio_put_bits(g, mask, bits, flags, false) : -EBADF;
}

/**
 * chr_ext_gpio_set_bits_cansleep() - set lines, whose controller may sleep
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @mask: the lines, the first is bit 0
 * @bits: their values
 * @flags: 0, or CHR_EXT_GPIO_RAW for the electrical values
 *
 * Return: as chr_ext_gpio_set_bits(), but never -EWOULDBLOCK.
 * Context: process, may sleep: only from SEC("struct_ops.s/...").
 */
__bpf_kfunc int chr_ext_gpio_set_bits_cansleep(struct chr_ext_dev *dev,
					       s32 handle, u64 mask, u64 bits,
					       u32 flags)
{
	struct chr_ext_gpio *g = chr_ext_gpio_find(dev, handle);

	return g ? chr_ext_gpio_put_bits(g, mask, bits, flags, true) : -EBADF;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(get_kfuncs)
BTF_ID_FLAGS(func, chr_ext_gpio_get, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_KFUNCS_END(get_kfuncs)

BTF_KFUNCS_START(gpio_kfuncs)
BTF_ID_FLAGS(func, chr_ext_gpio_count, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_gpio_can_sleep, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_gpio_get_direction, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_gpio_get_value, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_gpio_set_value, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_gpio_get_bits, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, chr_ext_gpio_set_bits, KF_TRUSTED_ARGS)
BTF_KFUNCS_END(gpio_kfuncs)

/* Not where the caller's mmap_lock or epoll's locks are held. */
BTF_KFUNCS_START(cansleep_kfuncs)
BTF_ID_FLAGS(func, chr_ext_gpio_direction_input, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_ID_FLAGS(func, chr_ext_gpio_direction_output, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_ID_FLAGS(func, chr_ext_gpio_set_config, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_ID_FLAGS(func, chr_ext_gpio_get_value_cansleep, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_ID_FLAGS(func, chr_ext_gpio_set_value_cansleep, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_ID_FLAGS(func, chr_ext_gpio_get_bits_cansleep, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_ID_FLAGS(func, chr_ext_gpio_set_bits_cansleep, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_KFUNCS_END(cansleep_kfuncs)

static const struct chr_ext_kfuncs gpio_kfunc_sets[] = {
	{ &get_kfuncs, CHR_EXT_IN_DEV },
	{ &gpio_kfuncs, CHR_EXT_IN_ANY },
	{ &cansleep_kfuncs, CHR_EXT_IN_ANY & ~CHR_EXT_IN_QUERY },
	{}
};

struct chr_ext_family chr_ext_gpio_family __ro_after_init = {
	.name = "gpio",
	.kfuncs = {
		gpio_kfunc_sets, chr_ext_edge_kfuncs, chr_ext_play_kfuncs,
	},
	.dev_size = sizeof(struct chr_ext_gpio_dev),
	.board = &chr_ext_gpio_board,
	.dev_init = gpio_dev_init,
	.dev_complain = gpio_dev_complain,
	.dev_event = chr_ext_gpio_event,
	.dev_quiesce = gpio_dev_quiesce,
	.dev_release = gpio_dev_release,
};
