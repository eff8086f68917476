// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfuncs on edges of GPIO lines.
 */
#include <linux/btf.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>

#include "event.h"
#include "gpio.h"

#define CREATE_TRACE_POINTS
#include "edge_trace.h"

/* How the level of a line can be read when it interrupts. */
enum {
	READ_LATER,		/* not there, but in the thread that calls the op */
	READ_HARD,		/* in the hard interrupt */
	READ_NESTED,		/* in the thread of its controller, which may sleep */
};

/*
 * chr_ext_event.edge of an event whose edge is not known yet: with it, the number
 * of the edge, counted for each line.
 */
#define EDGE_UNKNOWN	BIT(31)

static u32 level_edge(int level)
{
	return level > 0 ? CHR_EXT_EDGE_RISING : CHR_EXT_EDGE_FALLING;
}

static u32 line_edge(struct chr_ext_line *line)
{
	if (line->edges != CHR_EXT_EDGE_BOTH)
		return line->edges;
	switch (READ_ONCE(line->read)) {
	case READ_HARD:
		return level_edge(gpiod_get_value(line->desc));
	case READ_NESTED:
		return level_edge(gpiod_get_value_cansleep(line->desc));
	default:
		WRITE_ONCE(line->count, line->count + 1);
		return line->count | EDGE_UNKNOWN;
	}
}

/* Never runs twice at the same time for a line. */
static irqreturn_t line_changed(int irq, void *data)
{
	struct chr_ext_line *line = data;
	struct chr_ext_event event = {
		.ns = ktime_get_ns(),
		.type = CHR_EXT_EVENT_EDGE,
		.handle = line->gpio->handle,
		.index = line->index,
	};

	event.edge = line_edge(line);
	if (!(event.edge & EDGE_UNKNOWN))
		trace_chr_ext_edge(line->gpio->dev, line->desc, &event);
	chr_ext_event(line->gpio->dev, &event);
	return IRQ_HANDLED;
}

/*
 * Determine the level after edge number @nr. Edges alternate; but the controller may
 * have reported two as one, or events may have been lost. So compare with the level
 * now, if this edge is the last one. If it differs, the interrupt of one more edge
 * may be under way; give it time before the level counts.
 */
static bool line_resolve(struct chr_ext_line *line, u32 nr)
{
	bool high = line->high ^ ((nr - line->resolved) & 1), level;
	int tries;

	for (tries = 0; tries < 2; tries++) {
		if (tries)
			usleep_range(100, 200);
		if ((READ_ONCE(line->count) | EDGE_UNKNOWN) != nr)
			return high;
		level = gpiod_get_value_cansleep(line->desc) > 0;
		if (level == high)
			return high;
	}
	return !high;
}

/**
 * chr_ext_gpio_event() - complete an event that the event op is called with next
 * @dev: the device
 * @event: the event
 *
 * Determines the edge of a line that could not be read in the interrupt.
 */
void chr_ext_gpio_event(struct chr_ext_device *dev, struct chr_ext_event *event)
{
	struct chr_ext_line *line;
	u32 nr = event->edge;

	if (event->type != CHR_EXT_EVENT_EDGE || !(nr & EDGE_UNKNOWN))
		return;
	line = chr_ext_gpio_line(&dev->pub, event->handle, event->index);
	if (WARN_ON_ONCE(IS_ERR(line)))
		return;
	line->high = line_resolve(line, nr);
	line->resolved = nr;
	event->edge = level_edge(line->high);
	trace_chr_ext_edge(dev, line->desc, event);
}

/* Caller holds g->lock, or no op can run any more. */
static void line_unlisten(struct chr_ext_line *line)
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
	/* Right in any context, until the return value is known. */
	line->read = READ_LATER;
	line->high = gpiod_get_value_cansleep(desc) > 0;
	line->resolved = line->count | EDGE_UNKNOWN;
	/* Not threaded on PREEMPT_RT and by threadirqs, for the time of the edge. */
	err = request_any_context_irq(irq, line_changed,
				      flags | IRQF_NO_THREAD,
				      g->dev->pub.name, line);
	if (err < 0)
		return err;
	line->irq = irq;
	if (err == IRQC_IS_NESTED)
		WRITE_ONCE(line->read, READ_NESTED);
	else if (!gpiod_cansleep(desc) && !IS_ENABLED(CONFIG_PREEMPT_RT))
		WRITE_ONCE(line->read, READ_HARD);
	return 0;
}

/**
 * chr_ext_gpio_prepare() - do what makes the first chr_ext_gpio_listen() slow
 * @g: the lines, when they have been requested
 *
 * Best effort: what fails here is tried, and reported, when a program listens.
 */
void chr_ext_gpio_prepare(struct chr_ext_gpio *g)
{
	u32 i;

	if (chr_ext_events_init(g->dev))
		return;
	for (i = 0; i < g->n; i++)
		if (!test_bit(i, g->outputs))
			gpiod_to_irq(g->lines[i].desc);
}

/* No op of the device can run any more. */
void chr_ext_gpio_unlisten(struct chr_ext_gpio *g)
{
	u32 i;

	for (i = 0; i < g->n; i++)
		line_unlisten(&g->lines[i]);
}

__bpf_kfunc_start_defs();

/**
 * chr_ext_gpio_listen() - call the event op for edges of a line
 * @dev: the device
 * @handle: from chr_ext_gpio_get()
 * @index: the line, from 0; an input
 * @edges: CHR_EXT_EDGE_RISING, _FALLING, both, or 0 to stop; of the logical value
 * @flags: 0
 *
 * The time of an edge is taken in the hard interrupt; the op runs later, in a
 * thread, for one event at a time. CHR_EXT_EVENT_QUEUE events can be queued, further
 * ones are counted in the device's statistics/lost_events and in
 * &chr_ext_event.missed of the next one. A live update keeps listening: it calls the
 * new program's event op. After an error the device does not listen to the line.
 *
 * With both edges, an event's edge is taken from the level after it. Where the level
 * cannot be read in the interrupt, as the controller sleeps, edges are taken to
 * alternate, and the level is compared before the op is called for the last of them.
 * Two edges that the controller reports as one are one event, with the level after
 * them: edges of a line need not alternate.
 *
 * The first call for a line takes longer, as its interrupt is set up. What else
 * there is to set up was done by chr_ext_gpio_get(), if the driver has an event op.
 *
 * Return: 0; -EBADF if @dev has no such @handle, -EINVAL for another @index, other
 * @edges or @flags, -EPERM if the line is an output, -ENXIO if it cannot interrupt,
 * -ENOMEM, or the controller's error.
 * Context: process, may sleep: only from SEC("struct_ops.s/...").
 */
__bpf_kfunc int chr_ext_gpio_listen(struct chr_ext_dev *dev, s32 handle,
				    u32 index, u32 edges, u32 flags)
{
	struct chr_ext_line *line = chr_ext_gpio_line_cansleep(dev, handle, index);
	int err;

	if (IS_ERR(line))
		return PTR_ERR(line);
	if (edges & ~CHR_EXT_EDGE_BOTH || flags)
		return -EINVAL;
	err = chr_ext_events_init(line->gpio->dev);
	if (err)
		return err;

	guard(mutex)(&line->gpio->lock);
	line_unlisten(line);
	return edges ? line_listen(line, edges) : 0;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(edge_kfuncs)
BTF_ID_FLAGS(func, chr_ext_gpio_listen, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_KFUNCS_END(edge_kfuncs)

const struct chr_ext_kfuncs chr_ext_edge_kfuncs[] = {
	{ &edge_kfuncs, CHR_EXT_IN_ANY & ~CHR_EXT_IN_QUERY },
	{}
};
