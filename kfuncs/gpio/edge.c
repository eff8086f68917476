// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfuncs on edges of GPIO lines.
 */
#include <linux/btf.h>
#include <linux/cleanup.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/preempt.h>

#include "event.h"
#include "gpio.h"

#define CREATE_TRACE_POINTS
#include "edge_trace.h"

/*
 * Which edge it was. A controller that sleeps cannot be asked in a hard
 * interrupt; edges of a line alternate, though.
 */
static u32 line_edge(struct chr_ext_line *line)
{
	struct gpio_desc *desc = line->desc;

	if (line->edges != CHR_EXT_EDGE_BOTH)
		return line->edges;
	if (!gpiod_cansleep(desc))
		line->high = gpiod_get_value(desc) > 0;
	else if (!in_hardirq())
		line->high = gpiod_get_value_cansleep(desc) > 0;
	else
		line->high = !line->high;
	return line->high ? CHR_EXT_EDGE_RISING : CHR_EXT_EDGE_FALLING;
}

/*
 * In the hard interrupt, or where the controller sits behind a bus itself, in its
 * thread. Never twice at the same time for a line.
 */
static irqreturn_t line_changed(int irq, void *data)
{
	struct chr_ext_line *line = data;
	struct chr_ext_event event = {
		.ns = ktime_get_ns(),
		.type = CHR_EXT_EVENT_EDGE,
		.handle = line->gpio->handle,
		.index = line->index,
		.edge = line_edge(line),
	};

	trace_chr_ext_edge(line->gpio->dev,
			   line->desc, &event);
	chr_ext_event(line->gpio->dev, &event);
	return IRQ_HANDLED;
}

/* Caller holds g->lock, or is the last. */
static void line_deafen(struct chr_ext_line *line)
{
	if (line->irq)
		free_irq(line->irq, line);
	line->irq = 0;
}

static int line_listen(struct chr_ext_line *line, u32 edges)
{
	struct chr_ext_gpio *g = line->gpio;
	struct gpio_desc *desc = line->desc;
	unsigned long flags = 0;
	int irq, err;

	if (test_bit(line->index, g->outputs))
		return -EPERM;
	irq = gpiod_to_irq(desc);
	if (irq < 0)
		return irq;

	if (edges & CHR_EXT_EDGE_RISING)
		flags |= gpiod_is_active_low(desc) ? IRQF_TRIGGER_FALLING :
						     IRQF_TRIGGER_RISING;
	if (edges & CHR_EXT_EDGE_FALLING)
		flags |= gpiod_is_active_low(desc) ? IRQF_TRIGGER_RISING :
						     IRQF_TRIGGER_FALLING;
	line->edges = edges;
	line->high = gpiod_get_value_cansleep(desc) > 0;
	err = request_any_context_irq(irq, line_changed, flags,
				      g->dev->pub.name, line);
	if (err < 0)
		return err;
	line->irq = irq;
	return 0;
}

/* Its ops are over for good. */
void chr_ext_gpio_deafen(struct chr_ext_gpio *g)
{
	u32 i;

	for (i = 0; i < g->n; i++)
		line_deafen(&g->lines[i]);
}

__bpf_kfunc_start_defs();

/**
 * chr_ext_gpio_listen() - have the event op called for edges of a line
 * @dev: the device
 * @handle: of chr_ext_gpio_get()
 * @index: which line, from 0; an input
 * @edges: CHR_EXT_EDGE_RISING, _FALLING, both, or 0 for no more; of the logical
 *	value
 *
 * Ops: all but poll, llseek and mmap. The time of an edge is taken in the hard
 * interrupt; the op runs later, in a thread, for one event at a time.
 * CHR_EXT_EVENT_QUEUE events can wait for it, further ones are counted in the
 * device's statistics/lost_events and in &chr_ext_event.missed of the next. A
 * live update changes nothing: the new program's event op is called. After an
 * error nobody listens to the line.
 *
 * Return: 0; -EBADF when @handle is none of @dev, -EINVAL when there is no such
 * line or @edges, -EPERM when the line is an output, -ENXIO when it cannot
 * interrupt, -ENOMEM, or what the controller said.
 * Context: process, sleeps: only from SEC("struct_ops.s/..."). Since ABI 2.
 */
__bpf_kfunc int chr_ext_gpio_listen(struct chr_ext_dev *dev, s32 handle,
				    u32 index, u32 edges)
{
	struct chr_ext_line *line = chr_ext_gpio_line(dev, handle, index);
	int err;

	if (!chr_ext_may_sleep())
		return -EWOULDBLOCK;
	if (IS_ERR(line))
		return PTR_ERR(line);
	if (edges & ~CHR_EXT_EDGE_BOTH)
		return -EINVAL;
	err = chr_ext_events_init(line->gpio->dev);
	if (err)
		return err;

	guard(mutex)(&line->gpio->lock);
	line_deafen(line);
	return edges ? line_listen(line, edges) : 0;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(edge_kfuncs)
BTF_ID_FLAGS(func, chr_ext_gpio_listen, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_KFUNCS_END(edge_kfuncs)

const struct chr_ext_kfuncs chr_ext_edge_kfuncs[] = {
	{ &edge_kfuncs, CHR_EXT_IN_ANY & ~CHR_EXT_IN_ASK },
	{}
};
