/* SPDX-License-Identifier: GPL-2.0-only */
/* From an interrupt to the event op. */
#ifndef CHR_EXT_EVENT_H
#define CHR_EXT_EVENT_H

#include <linux/ktime.h>
#include <linux/types.h>

struct chr_ext_device;
struct chr_ext_event;

int chr_ext_events_init(struct chr_ext_device *dev);
void chr_ext_events_exit(struct chr_ext_device *dev);
void chr_ext_event(struct chr_ext_device *dev, struct chr_ext_event *event);
int chr_ext_event_timer_start(struct chr_ext_device *dev, u32 id,
			      ktime_t expires, ktime_t period);
int chr_ext_event_timer_cancel(struct chr_ext_device *dev, u32 id);

#endif
