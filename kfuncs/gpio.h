/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CHR_EXT_GPIO_H
#define CHR_EXT_GPIO_H

#include <linux/bitops.h>
#include <linux/gpio/consumer.h>
#include <linux/mutex.h>

#include "chr_ext.h"

struct chr_ext_player;

/* A line whose edges a driver hears. */
struct chr_ext_line {
	struct chr_ext_gpio *gpio;
	struct device_link *link;	/* to its controller, or NULL */
	u32 index;
	int irq;			/* 0: nobody listens */
	u32 edges;
	bool high;			/* after the last edge */
};

/*
 * The lines of a con_id, which a device has requested. Belongs to the device:
 * made by an op, and released when none can run any more.
 */
struct chr_ext_gpio {
	struct chr_ext_device *dev;
	s32 handle;
	bool can_sleep;			/* one of the controllers does */
	bool set_sleeps;		/* likewise, or may when a line is set */
	DECLARE_BITMAP(outputs, CHR_EXT_MAX_LINES);
	struct mutex lock;		/* lines[], and who may make player */
	struct chr_ext_player *player;	/* made once */
	struct gpio_descs *descs;
	char con_id[CHR_EXT_CON_ID_LEN];
	struct chr_ext_line lines[];
};

struct chr_ext_gpio *chr_ext_gpio_find(struct chr_ext_dev *dev, s32 handle);
int chr_ext_gpio_put_bits(struct chr_ext_gpio *g, u64 mask, u64 values,
			  u32 flags, bool may_sleep);

/* edge.c */
void chr_ext_gpio_deafen(struct chr_ext_gpio *g);

/* play.c */
void chr_ext_player_free(struct chr_ext_gpio *g);

#endif
