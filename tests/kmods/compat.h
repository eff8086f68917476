/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between the kernels that the test modules are built for,
 * each with the release that ends it. The oldest kernel is 6.12. Kbuild looks
 * and defines CHR_EXT_HAVE_*.
 */
#ifndef CHR_EXT_KMODS_COMPAT_H
#define CHR_EXT_KMODS_COMPAT_H

#include <linux/gpio/driver.h>
#include <linux/hrtimer.h>

/* Since 6.13; goes when 6.12 does. */
#ifndef CHR_EXT_HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

/*
 * Setters return int since 6.17. From 6.15 on, and in later 6.12, there is a
 * second pair for those that do; before, errors get lost. Goes when 6.12 does.
 */
#if defined(CHR_EXT_HAVE_GPIO_SET_INT)
#define GPIO_CHIP_SETTERS(one, many)	.set = (one), .set_multiple = (many)
#elif defined(CHR_EXT_HAVE_GPIO_SET_RV)
#define GPIO_CHIP_SETTERS(one, many)	.set_rv = (one), .set_multiple_rv = (many)
#else
#define GPIO_CHIP_SETTERS(one, many)	.set = one##_void, .set_multiple = many##_void
#define GPIO_CHIP_VOID_SETTERS(one, many)				\
static void one##_void(struct gpio_chip *gc, unsigned int offset,	\
		       int value)					\
{									\
	one(gc, offset, value);						\
}									\
static void many##_void(struct gpio_chip *gc, unsigned long *mask,	\
			unsigned long *bits)				\
{									\
	many(gc, mask, bits);						\
}
#endif
#ifndef GPIO_CHIP_VOID_SETTERS
#define GPIO_CHIP_VOID_SETTERS(one, many)
#endif

#endif
