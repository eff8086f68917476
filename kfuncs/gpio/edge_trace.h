/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM chr_ext

#if !defined(CHR_EXT_EDGE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define CHR_EXT_EDGE_TRACE_H

#include <linux/gpio/consumer.h>
#include <linux/tracepoint.h>

#include "dev.h"

/*
 * An edge that a driver listens to. gpio and value are those of gpiolib's
 * gpio_value: the kernel's number of the line and its physical level. ns: the
 * time of the event, taken in the hard interrupt.
 */
TRACE_EVENT(chr_ext_edge,
	TP_PROTO(const struct chr_ext_device *dev, const struct gpio_desc *desc,
		 const struct chr_ext_event *e),
	TP_ARGS(dev, desc, e),
	TP_STRUCT__entry(
		__string(dev, dev_name(&dev->dev))
		__field(unsigned int, gpio)
		__field(int, value)
		__field(u64, ns)
	),
	TP_fast_assign(
		__assign_str(dev);
		__entry->gpio = desc_to_gpio(desc);
		__entry->value = (e->edge == CHR_EXT_EDGE_RISING) !=
				 gpiod_is_active_low(desc);
		__entry->ns = e->ns;
	),
	TP_printk("%s gpio=%u value=%d ns=%llu", __get_str(dev),
		  __entry->gpio, __entry->value, __entry->ns)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH ../kfuncs/gpio
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE edge_trace
#include <trace/define_trace.h>
