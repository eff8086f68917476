/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CHR_EXT_GPIO_H
#define CHR_EXT_GPIO_H

#include <linux/bitops.h>
#include <linux/gpio/consumer.h>
#include <linux/mutex.h>

#include "dev.h"
#include "family.h"

struct chr_ext_player;

/* State of the family in a device. */
struct chr_ext_gpio_dev {
	struct mutex lock;		/* additions to gpios; missing */
	char missing[CHR_EXT_CON_ID_LEN];	/* lines that were not found */
	struct chr_ext_gpio *gpios[CHR_EXT_MAX_GPIOS];
};

extern struct chr_ext_family chr_ext_gpio_family;
extern const struct chr_ext_kfuncs chr_ext_edge_kfuncs[];
extern const struct chr_ext_kfuncs chr_ext_play_kfuncs[];

static inline struct chr_ext_gpio_dev *to_gpio_dev(struct chr_ext_device *dev)
{
	return chr_ext_family_data(dev, &chr_ext_gpio_family);
}

/* A line. */
struct chr_ext_line {
	struct chr_ext_gpio *gpio;
	struct gpio_desc *desc;
	u32 index;
	int irq;			/* 0: not listening */
	u32 edges;
	u32 read;			/* see edge.c */
	/* With READ_LATER: */
	u32 count;			/* number of edges; by the handler */
	u32 resolved;			/* the last whose event was completed */
	bool high;			/* the level after it */
};

/*
 * The lines of a con_id that a device has requested. Owned by the device: created
 * by an op, released when no op can run any more.
 */
struct chr_ext_gpio {
	struct chr_ext_device *dev;
	s32 handle;
	bool can_sleep;			/* a controller sleeps */
	bool set_sleeps;		/* likewise, or may for setting a line */
	DECLARE_BITMAP(outputs, CHR_EXT_MAX_LINES);
	struct mutex lock;		/* lines[], creation of player, its start and stop */
	struct chr_ext_player *player;	/* created once */
	char con_id[CHR_EXT_CON_ID_LEN];
	u32 n;
	struct chr_ext_line lines[] __counted_by(n);
};

struct chr_ext_gpio *chr_ext_gpio_find(struct chr_ext_dev *dev, s32 handle);
struct chr_ext_line *chr_ext_gpio_line(struct chr_ext_dev *dev, s32 handle,
				       u32 index);
struct chr_ext_line *chr_ext_gpio_line_cansleep(struct chr_ext_dev *dev,
						s32 handle, u32 index);
int chr_ext_gpio_put_bits(struct chr_ext_gpio *g, u64 mask, u64 values,
			  u32 flags, bool may_sleep);

/* edge.c */
void chr_ext_gpio_prepare(struct chr_ext_gpio *g);
void chr_ext_gpio_event(struct chr_ext_device *dev, struct chr_ext_event *event);
void chr_ext_gpio_unlisten(struct chr_ext_gpio *g);

/* lines.c */
extern struct chr_ext_board_part chr_ext_gpio_board;

/* play.c */
void chr_ext_player_free(struct chr_ext_gpio *g);

#endif
