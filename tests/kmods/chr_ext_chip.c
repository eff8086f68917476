// SPDX-License-Identifier: GPL-2.0-only
/*
 * GPIO chips for tests: they exist in memory only, but their lines do not
 * sleep, fail on demand, raise real hard interrupts and can be unplugged.
 *
 * Below debugfs/chr_ext_chip:
 *
 *   new         "LABEL [lines=N] [names=A,B,...] [record=N] [sleep] [bound]
 *               [outputs]" creates a chip. sleep: its setters and getters sleep;
 *               bound: its device has a driver, which is unbound when the chip is
 *               unplugged; outputs: no line can be an input
 *   del         "LABEL" unplugs it, even while it is in use
 *   LABEL/record        calls of the setters: "NS BITS MASK" for each, with the
 *                       levels of all lines afterwards and the lines that it set,
 *                       in hexadecimal; a write clears it
 *   LABEL/sets          number of calls since then
 *   LABEL/spare         number of sets that succeed before errors/set applies
 *   LABEL/storm         "LINE HZ MS" toggles the pull of a line; reads as
 *                       "running EDGES" or "idle EDGES"
 *   LABEL/lines/N/value     the level of the line
 *                 pull      the level that drives it from outside, -1: none
 *                 glitch    a write toggles the level twice: two edges, one
 *                           interrupt
 *                 config    "in|out drive=.. bias=.. debounce=US irq=.."
 *                 errors/   error of request, direction, get, set, config and
 *                           irq: 5 for -EIO, 0 for none
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/gpio/driver.h>
#include <linux/hrtimer.h>
#include <linux/irq.h>
#include <linux/irq_work.h>
#include <linux/irqdomain.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pinctrl/pinconf-generic.h>
#include <linux/platform_device.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "compat.h"

#define LINES_MAX	BITS_PER_LONG
#define RECORD_MAX	(1 << 20)
#define STORM_HZ_MAX	1000000
#define STORM_MS_MAX	10000	/* less than the time-outs of the watchdogs */
#define BOUND		"chr_ext_chip_bound"

enum error {
	ERROR_REQUEST,
	ERROR_DIRECTION,
	ERROR_GET,
	ERROR_SET,
	ERROR_CONFIG,
	ERROR_IRQ,
	NR_ERRORS,
};

static const char *const error_names[NR_ERRORS] = {
	[ERROR_REQUEST]		= "request",
	[ERROR_DIRECTION]	= "direction",
	[ERROR_GET]		= "get",
	[ERROR_SET]		= "set",
	[ERROR_CONFIG]		= "config",
	[ERROR_IRQ]		= "irq",
};

static const char *const config_names[] = {
	[PIN_CONFIG_BIAS_DISABLE]	= "none",
	[PIN_CONFIG_BIAS_PULL_UP]	= "pull-up",
	[PIN_CONFIG_BIAS_PULL_DOWN]	= "pull-down",
	[PIN_CONFIG_DRIVE_PUSH_PULL]	= "push-pull",
	[PIN_CONFIG_DRIVE_OPEN_DRAIN]	= "open-drain",
	[PIN_CONFIG_DRIVE_OPEN_SOURCE]	= "open-source",
};

struct line {
	struct chip *chip;
	unsigned int offset;
	int pull;
	unsigned int drive, bias, debounce;
	u32 errors[NR_ERRORS];
};

struct record {
	u64 ns;
	unsigned long bits, mask;
};

struct chip {
	struct list_head list;
	char *text;			/* label and names point into it */
	char *label;
	const char *names[LINES_MAX];
	struct gpio_chip gc;
	struct platform_device *pdev;
	struct irq_work work;
	struct hrtimer storm;
	struct dentry *dir;
	bool bound;
	bool added;
	bool gone;

	raw_spinlock_t lock;		/* everything below */
	struct line lines[LINES_MAX];
	unsigned long level;		/* of the lines, as seen on the wire */
	unsigned long is_out, out;
	unsigned long rising, falling, unmasked, pending;
	struct record *records;
	u64 nr_records;			/* since they were cleared */
	u32 record_size;
	u32 spare;
	unsigned int storm_line;
	unsigned long storm_edges;
	ktime_t storm_period, storm_end;
};

static LIST_HEAD(chips);
static DEFINE_MUTEX(chips_lock);	/* chips and plugging */
static struct chip *plugging;		/* its device is being bound */
static struct dentry *root;

static int line_error(struct chip *chip, unsigned int offset, enum error e)
{
	return -(int)READ_ONCE(chip->lines[offset].errors[e]);
}

/* Sleeps in any case, so that the kernel warns of a call from atomic context. */
static void chip_sleep(struct chip *chip)
{
	if (chip->gc.can_sleep)
		usleep_range(10, 50);
}

static bool line_level(const struct chip *chip, const struct line *line)
{
	bool out = chip->out & BIT(line->offset);

	if ((chip->is_out & BIT(line->offset)) &&
	    line->drive != (out ? PIN_CONFIG_DRIVE_OPEN_DRAIN :
				  PIN_CONFIG_DRIVE_OPEN_SOURCE))
		return out;
	if (line->pull >= 0)
		return line->pull;
	return line->bias == PIN_CONFIG_BIAS_PULL_UP;
}

/* After a change to the lines in @mask: update levels and pending interrupts. */
static void chip_look(struct chip *chip, unsigned long mask)
{
	unsigned long before = chip->level, edges;
	unsigned int i;

	lockdep_assert_held(&chip->lock);
	for_each_set_bit(i, &mask, chip->gc.ngpio)
		__assign_bit(i, &chip->level, line_level(chip, &chip->lines[i]));
	edges = (~before & chip->level & chip->rising) |
		(before & ~chip->level & chip->falling);
	chip->pending |= edges & chip->unmasked;
}

static void chip_update(struct chip *chip, unsigned long mask)
{
	chip_look(chip, mask);
	if (chip->pending && !chip->gone)
		irq_work_queue(&chip->work);
}

static void chip_record(struct chip *chip, unsigned long mask)
{
	struct record *rec;

	rec = &chip->records[chip->nr_records++ % chip->record_size];
	rec->ns = ktime_get_ns();
	rec->bits = chip->level;
	rec->mask = mask;
}

static void chip_drive(struct chip *chip, unsigned long mask, unsigned long bits)
{
	chip->out = (chip->out & ~mask) | (bits & mask);
	chip_update(chip, mask);
	chip_record(chip, mask);
}

static int chip_request(struct gpio_chip *gc, unsigned int offset)
{
	struct chip *chip = gpiochip_get_data(gc);

	chip_sleep(chip);
	return line_error(chip, offset, ERROR_REQUEST);
}

static int chip_get_direction(struct gpio_chip *gc, unsigned int offset)
{
	struct chip *chip = gpiochip_get_data(gc);

	chip_sleep(chip);
	return READ_ONCE(chip->is_out) & BIT(offset) ? GPIO_LINE_DIRECTION_OUT :
						       GPIO_LINE_DIRECTION_IN;
}

/* Sleeps for any chip: many call pinctrl for this. Return: 0 or -errno. */
static int chip_turn(struct chip *chip, unsigned int offset)
{
	might_sleep();
	chip_sleep(chip);
	return line_error(chip, offset, ERROR_DIRECTION);
}

static int chip_direction_input(struct gpio_chip *gc, unsigned int offset)
{
	struct chip *chip = gpiochip_get_data(gc);
	int err = chip_turn(chip, offset);

	if (err)
		return err;
	guard(raw_spinlock_irqsave)(&chip->lock);
	chip->is_out &= ~BIT(offset);
	chip_update(chip, BIT(offset));
	return 0;
}

static int chip_direction_output(struct gpio_chip *gc, unsigned int offset,
				 int value)
{
	struct chip *chip = gpiochip_get_data(gc);
	int err = chip_turn(chip, offset);

	if (err)
		return err;
	guard(raw_spinlock_irqsave)(&chip->lock);
	chip->is_out |= BIT(offset);
	chip_drive(chip, BIT(offset), value ? BIT(offset) : 0);
	return 0;
}

static int chip_get(struct gpio_chip *gc, unsigned int offset)
{
	struct chip *chip = gpiochip_get_data(gc);
	int err = line_error(chip, offset, ERROR_GET);

	chip_sleep(chip);
	return err ?: !!(READ_ONCE(chip->level) & BIT(offset));
}

static int chip_get_multiple(struct gpio_chip *gc, unsigned long *mask,
			     unsigned long *bits)
{
	struct chip *chip = gpiochip_get_data(gc);
	unsigned int i;
	int err;

	chip_sleep(chip);
	for_each_set_bit(i, mask, gc->ngpio) {
		err = line_error(chip, i, ERROR_GET);
		if (err)
			return err;
	}
	*bits = (*bits & ~*mask) | (READ_ONCE(chip->level) & *mask);
	return 0;
}

static int chip_set_multiple(struct gpio_chip *gc, unsigned long *mask,
			     unsigned long *bits)
{
	struct chip *chip = gpiochip_get_data(gc);
	unsigned int i;
	int err = 0;

	chip_sleep(chip);
	for_each_set_bit(i, mask, gc->ngpio)
		err = err ?: line_error(chip, i, ERROR_SET);
	guard(raw_spinlock_irqsave)(&chip->lock);
	if (err && !chip->spare)
		return err;
	chip->spare -= !!err;
	chip_drive(chip, *mask, *bits);
	return 0;
}

static int chip_set(struct gpio_chip *gc, unsigned int offset, int value)
{
	unsigned long mask = BIT(offset), bits = value ? mask : 0;

	return chip_set_multiple(gc, &mask, &bits);
}

GPIO_CHIP_VOID_SETTERS(chip_set, chip_set_multiple)

static int chip_set_config(struct gpio_chip *gc, unsigned int offset,
			   unsigned long config)
{
	struct chip *chip = gpiochip_get_data(gc);
	struct line *line = &chip->lines[offset];
	enum pin_config_param param = pinconf_to_config_param(config);
	int err = line_error(chip, offset, ERROR_CONFIG);

	chip_sleep(chip);
	if (err)
		return err;
	guard(raw_spinlock_irqsave)(&chip->lock);
	switch (param) {
	case PIN_CONFIG_BIAS_DISABLE:
	case PIN_CONFIG_BIAS_PULL_UP:
	case PIN_CONFIG_BIAS_PULL_DOWN:
		line->bias = param;
		break;
	case PIN_CONFIG_DRIVE_PUSH_PULL:
	case PIN_CONFIG_DRIVE_OPEN_DRAIN:
	case PIN_CONFIG_DRIVE_OPEN_SOURCE:
		line->drive = param;
		break;
	case PIN_CONFIG_INPUT_DEBOUNCE:
		line->debounce = pinconf_to_config_argument(config);
		break;
	default:
		return -ENOTSUPP;
	}
	chip_update(chip, BIT(offset));
	return 0;
}

/* In hard interrupt context, whatever caused the edge. */
static void chip_fire(struct irq_work *work)
{
	struct chip *chip = container_of(work, struct chip, work);
	unsigned long pending;
	unsigned int i;

	scoped_guard(raw_spinlock, &chip->lock) {
		pending = chip->pending;
		chip->pending = 0;
	}
	for_each_set_bit(i, &pending, chip->gc.ngpio)
		generic_handle_domain_irq(chip->gc.irq.domain, i);
}

static struct chip *irq_chip_of(struct irq_data *d)
{
	return container_of(irq_data_get_irq_chip_data(d), struct chip, gc);
}

static void irq_ack(struct irq_data *d)
{
}

static void irq_mask(struct irq_data *d)
{
	struct chip *chip = irq_chip_of(d);

	scoped_guard(raw_spinlock_irqsave, &chip->lock)
		chip->unmasked &= ~BIT(d->hwirq);
	gpiochip_disable_irq(&chip->gc, d->hwirq);
}

static void irq_unmask(struct irq_data *d)
{
	struct chip *chip = irq_chip_of(d);

	gpiochip_enable_irq(&chip->gc, d->hwirq);
	guard(raw_spinlock_irqsave)(&chip->lock);
	chip->unmasked |= BIT(d->hwirq);
}

static int irq_set_type(struct irq_data *d, unsigned int type)
{
	struct chip *chip = irq_chip_of(d);

	if (type & ~IRQ_TYPE_EDGE_BOTH)
		return -EINVAL;
	guard(raw_spinlock_irqsave)(&chip->lock);
	__assign_bit(d->hwirq, &chip->rising, type & IRQ_TYPE_EDGE_RISING);
	__assign_bit(d->hwirq, &chip->falling, type & IRQ_TYPE_EDGE_FALLING);
	return 0;
}

/* Without this callback the core runs handlers from a tasklet. */
static int irq_retrigger(struct irq_data *d)
{
	struct chip *chip = irq_chip_of(d);

	guard(raw_spinlock_irqsave)(&chip->lock);
	if (!chip->gone) {
		chip->pending |= BIT(d->hwirq);
		irq_work_queue(&chip->work);
	}
	return 1;
}

static int irq_reqres(struct irq_data *d)
{
	struct chip *chip = irq_chip_of(d);

	return line_error(chip, d->hwirq, ERROR_IRQ) ?:
	       gpiochip_reqres_irq(&chip->gc, d->hwirq);
}

static void irq_relres(struct irq_data *d)
{
	gpiochip_relres_irq(&irq_chip_of(d)->gc, d->hwirq);
}

static const struct irq_chip chip_irq_chip = {
	.name			= "chr_ext_chip",
	.irq_ack		= irq_ack,
	.irq_mask		= irq_mask,
	.irq_unmask		= irq_unmask,
	.irq_set_type		= irq_set_type,
	.irq_retrigger		= irq_retrigger,
	.irq_request_resources	= irq_reqres,
	.irq_release_resources	= irq_relres,
	.flags			= IRQCHIP_SKIP_SET_WAKE | IRQCHIP_IMMUTABLE,
};

static enum hrtimer_restart storm_tick(struct hrtimer *timer)
{
	struct chip *chip = container_of(timer, struct chip, storm);
	struct line *line = &chip->lines[chip->storm_line];

	scoped_guard(raw_spinlock, &chip->lock) {
		line->pull = !(chip->level & BIT(line->offset));
		chip_look(chip, BIT(line->offset));
		chip->storm_edges++;
	}
	/* Not by irq_work: the timer may expire again before that runs. */
	chip_fire(&chip->work);
	if (ktime_get() >= chip->storm_end)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, chip->storm_period);
	return HRTIMER_RESTART;
}

/* Files of a line. */
static int pull_get(void *data, u64 *value)
{
	struct line *line = data;

	*value = READ_ONCE(line->pull);
	return 0;
}

static int pull_set(void *data, u64 value)
{
	struct line *line = data;
	struct chip *chip = line->chip;

	if ((s64)value < -1 || (s64)value > 1)
		return -EINVAL;
	guard(raw_spinlock_irqsave)(&chip->lock);
	line->pull = value;
	chip_update(chip, BIT(line->offset));
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE_SIGNED(pull_fops, pull_get, pull_set, "%lld\n");

static int glitch_set(void *data, u64 value)
{
	struct line *line = data;
	struct chip *chip = line->chip;
	int i;

	guard(raw_spinlock_irqsave)(&chip->lock);
	for (i = 0; i < 2; i++) {
		line->pull = !(chip->level & BIT(line->offset));
		chip_update(chip, BIT(line->offset));
	}
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(glitch_fops, NULL, glitch_set, "%llu\n");

static int value_get(void *data, u64 *value)
{
	struct line *line = data;

	*value = !!(READ_ONCE(line->chip->level) & BIT(line->offset));
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(value_fops, value_get, NULL, "%llu\n");

static int config_show(struct seq_file *s, void *unused)
{
	static const char *const irqs[] = { "none", "rising", "falling", "both" };
	struct line *line = s->private;
	struct chip *chip = line->chip;
	unsigned long bit = BIT(line->offset);
	unsigned int type;

	if (!(chip->unmasked & bit))
		type = IRQ_TYPE_NONE;
	else
		type = (chip->rising & bit ? IRQ_TYPE_EDGE_RISING : 0) |
		       (chip->falling & bit ? IRQ_TYPE_EDGE_FALLING : 0);
	seq_printf(s, "%s drive=%s bias=%s debounce=%u irq=%s\n",
		   chip->is_out & bit ? "out" : "in", config_names[line->drive],
		   config_names[line->bias], line->debounce,
		   irqs[type]);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(config);

static void line_files(struct line *line, struct dentry *lines)
{
	struct dentry *dir;
	char name[8];
	int i;

	snprintf(name, sizeof(name), "%u", line->offset);
	dir = debugfs_create_dir(name, lines);
	debugfs_create_file_unsafe("value", 0400, dir, line, &value_fops);
	debugfs_create_file_unsafe("pull", 0600, dir, line, &pull_fops);
	debugfs_create_file_unsafe("glitch", 0200, dir, line, &glitch_fops);
	debugfs_create_file("config", 0400, dir, line, &config_fops);
	dir = debugfs_create_dir("errors", dir);
	for (i = 0; i < NR_ERRORS; i++)
		debugfs_create_u32(error_names[i], 0600, dir, &line->errors[i]);
}

/* Files of a chip. */
static void *record_at(struct chip *chip, loff_t *pos)
{
	guard(raw_spinlock_irqsave)(&chip->lock);
	if (*pos + chip->record_size < chip->nr_records)
		*pos = chip->nr_records - chip->record_size;
	return *pos < chip->nr_records ? pos : NULL;
}

static void *record_start(struct seq_file *s, loff_t *pos)
{
	return record_at(s->private, pos);
}

static void *record_next(struct seq_file *s, void *v, loff_t *pos)
{
	++*pos;
	return record_at(s->private, pos);
}

static void record_stop(struct seq_file *s, void *v)
{
}

static int record_show(struct seq_file *s, void *v)
{
	struct chip *chip = s->private;
	struct record rec;

	scoped_guard(raw_spinlock_irqsave, &chip->lock)
		rec = chip->records[*(loff_t *)v % chip->record_size];
	seq_printf(s, "%llu %lx %lx\n", rec.ns, rec.bits, rec.mask);
	return 0;
}

static const struct seq_operations record_sops = {
	.start	= record_start,
	.next	= record_next,
	.stop	= record_stop,
	.show	= record_show,
};

static ssize_t record_write(struct file *file, const char __user *buf,
			    size_t count, loff_t *pos)
{
	struct seq_file *s = file->private_data;
	struct chip *chip = s->private;

	guard(raw_spinlock_irqsave)(&chip->lock);
	chip->nr_records = 0;
	return count;
}

static int record_open(struct inode *inode, struct file *file)
{
	int err = seq_open(file, &record_sops);

	if (!err)
		((struct seq_file *)file->private_data)->private = inode->i_private;
	return err;
}

static const struct file_operations record_fops = {
	.owner		= THIS_MODULE,
	.open		= record_open,
	.read		= seq_read,
	.write		= record_write,
	.llseek		= seq_lseek,
	.release	= seq_release,
};

static int storm_start(struct chip *chip, const char *text)
{
	unsigned int line, hz, ms;

	if (sscanf(text, "%u %u %u", &line, &hz, &ms) != 3 ||
	    line >= chip->gc.ngpio || !hz || hz > STORM_HZ_MAX ||
	    ms > STORM_MS_MAX)
		return -EINVAL;
	guard(raw_spinlock_irqsave)(&chip->lock);
	if (hrtimer_active(&chip->storm))
		return -EBUSY;
	chip->storm_line = line;
	chip->storm_edges = 0;
	chip->storm_period = NSEC_PER_SEC / hz;
	chip->storm_end = ktime_add_ms(ktime_get(), ms);
	hrtimer_start(&chip->storm, chip->storm_period, HRTIMER_MODE_REL_HARD);
	return 0;
}

static ssize_t storm_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *pos)
{
	struct seq_file *s = file->private_data;
	char *text = memdup_user_nul(buf, count);
	int err;

	if (IS_ERR(text))
		return PTR_ERR(text);
	err = storm_start(s->private, text);
	kfree(text);
	return err ?: count;
}

static int storm_show(struct seq_file *s, void *unused)
{
	struct chip *chip = s->private;

	seq_printf(s, "%s %lu\n",
		   hrtimer_active(&chip->storm) ? "running" : "idle",
		   READ_ONCE(chip->storm_edges));
	return 0;
}
DEFINE_SHOW_STORE_ATTRIBUTE(storm);

static void chip_files(struct chip *chip)
{
	struct dentry *lines;
	unsigned int i;

	chip->dir = debugfs_create_dir(chip->label, root);
	debugfs_create_file("record", 0600, chip->dir, chip, &record_fops);
	debugfs_create_file("storm", 0600, chip->dir, chip, &storm_fops);
	debugfs_create_u64("sets", 0400, chip->dir, &chip->nr_records);
	debugfs_create_u32("spare", 0600, chip->dir, &chip->spare);
	lines = debugfs_create_dir("lines", chip->dir);
	for (i = 0; i < chip->gc.ngpio; i++)
		line_files(&chip->lines[i], lines);
}

/* Chips that come and go. */
static struct chip *chip_find(const char *label)
{
	struct chip *chip;

	list_for_each_entry(chip, &chips, list)
		if (!chip->gone && !strcmp(chip->label, label))
			return chip;
	return NULL;
}

static int chip_parse(struct chip *chip, char *text)
{
	char *word, *name;
	unsigned int i;
	int err = 0;

	chip->text = text;
	text = strim(text);
	chip->label = strsep(&text, " ");
	while (!err && (word = strsep(&text, " "))) {
		if (!strcmp(word, "sleep")) {
			chip->gc.can_sleep = true;
		} else if (!strcmp(word, "bound")) {
			chip->bound = true;
		} else if (!strcmp(word, "outputs")) {
			chip->gc.direction_input = NULL;
		} else if (str_has_prefix(word, "lines=")) {
			err = kstrtou16(word + 6, 0, &chip->gc.ngpio);
		} else if (str_has_prefix(word, "record=")) {
			err = kstrtou32(word + 7, 0, &chip->record_size);
		} else if (str_has_prefix(word, "names=")) {
			word += 6;
			for (i = 0; i < LINES_MAX && (name = strsep(&word, ",")); i++)
				chip->names[i] = *name ? name : NULL;
		} else {
			err = *word ? -EINVAL : 0;
		}
	}
	if (err || !*chip->label || strchr(chip->label, '/') ||
	    !chip->gc.ngpio || chip->gc.ngpio > LINES_MAX ||
	    !chip->record_size || chip->record_size > RECORD_MAX)
		return -EINVAL;
	return 0;
}

static void chip_init(struct chip *chip)
{
	static const struct gpio_chip template = {
		.owner			= THIS_MODULE,
		.base			= -1,
		.request		= chip_request,
		.get_direction		= chip_get_direction,
		.direction_input	= chip_direction_input,
		.direction_output	= chip_direction_output,
		.get			= chip_get,
		.get_multiple		= chip_get_multiple,
		GPIO_CHIP_SETTERS(chip_set, chip_set_multiple),
		.set_config		= chip_set_config,
		.ngpio			= 16,
	};
	unsigned int i;

	chip->gc = template;
	chip->record_size = 16384;
	raw_spin_lock_init(&chip->lock);
	chip->work = IRQ_WORK_INIT_HARD(chip_fire);
	hrtimer_setup(&chip->storm, storm_tick, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_HARD);
	for (i = 0; i < LINES_MAX; i++)
		chip->lines[i] = (struct line) {
			.chip	= chip,
			.offset	= i,
			.pull	= -1,
			.drive	= PIN_CONFIG_DRIVE_PUSH_PULL,
			.bias	= PIN_CONFIG_BIAS_DISABLE,
		};
}

static void chip_free(struct chip *chip)
{
	kfree(chip->text);
	kfree(chip);
}

/* Consumers can still hold lines, which refer to their names: no chip_free(). */
static void chip_unplug(struct chip *chip)
{
	debugfs_remove(chip->dir);
	device_release_driver(&chip->pdev->dev);
	hrtimer_cancel(&chip->storm);
	scoped_guard(raw_spinlock_irq, &chip->lock)
		chip->gone = true;
	irq_work_sync(&chip->work);
	gpiochip_remove(&chip->gc);
	platform_device_unregister(chip->pdev);
	vfree(chip->records);
}

/*
 * gpiolib owns the interrupts: gpiochip_remove() frees those in use, then their
 * mappings, and only then wakes readers of the chip's node, which free theirs.
 */
static int chip_add(struct chip *chip, struct device *parent)
{
	int err;

	chip->gc.label = chip->label;
	chip->gc.parent = parent;
	chip->gc.names = chip->names;
	gpio_irq_chip_set_chip(&chip->gc.irq, &chip_irq_chip);
	chip->gc.irq.handler = handle_edge_irq;
	chip->gc.irq.default_type = IRQ_TYPE_NONE;
	err = gpiochip_add_data(&chip->gc, chip);
	chip->added = !err;
	return err;
}

static int chip_plug(struct chip *chip)
{
	int err = 0;

	chip->records = vcalloc(chip->record_size, sizeof(*chip->records));
	if (!chip->records)
		return -ENOMEM;
	plugging = chip->bound ? chip : NULL;
	chip->pdev = platform_device_register_simple(chip->bound ? BOUND :
						     "chr_ext_chip",
						     PLATFORM_DEVID_AUTO,
						     NULL, 0);
	plugging = NULL;
	if (IS_ERR(chip->pdev)) {
		err = PTR_ERR(chip->pdev);
		goto err_records;
	}
	if (!chip->bound)
		err = chip_add(chip, &chip->pdev->dev);
	else if (!chip->added)
		err = -EIO;
	if (err)
		goto err_pdev;
	chip_files(chip);
	return 0;

err_pdev:
	platform_device_unregister(chip->pdev);
err_records:
	vfree(chip->records);
	return err;
}

static int chip_new(char *text)
{
	struct chip *chip;
	int err;

	chip = kzalloc(sizeof(*chip), GFP_KERNEL);
	if (!chip) {
		kfree(text);
		return -ENOMEM;
	}
	chip_init(chip);
	err = chip_parse(chip, text);
	guard(mutex)(&chips_lock);
	if (!err && chip_find(chip->label))
		err = -EEXIST;
	if (!err)
		err = chip_plug(chip);
	if (err)
		chip_free(chip);
	else
		list_add_tail(&chip->list, &chips);
	return err;
}

static ssize_t new_write(struct file *file, const char __user *buf,
			 size_t count, loff_t *pos)
{
	char *text = memdup_user_nul(buf, count);

	if (IS_ERR(text))
		return PTR_ERR(text);
	return chip_new(text) ?: count;
}

static const struct file_operations new_fops = {
	.owner	= THIS_MODULE,
	.write	= new_write,
};

static ssize_t del_write(struct file *file, const char __user *buf,
			 size_t count, loff_t *pos)
{
	char *text = memdup_user_nul(buf, count);
	struct chip *chip;

	if (IS_ERR(text))
		return PTR_ERR(text);
	guard(mutex)(&chips_lock);
	chip = chip_find(strim(text));
	kfree(text);
	if (!chip)
		return -ENODEV;
	chip_unplug(chip);
	return count;
}

static const struct file_operations del_fops = {
	.owner	= THIS_MODULE,
	.write	= del_write,
};

/* As with real hardware, the chip is registered by the probe of its device. */
static int bound_probe(struct platform_device *pdev)
{
	return plugging ? chip_add(plugging, &pdev->dev) : 0;
}

static struct platform_driver bound_driver = {
	.driver.name	= BOUND,
	.probe		= bound_probe,
};

static int __init chip_module_init(void)
{
	int err = platform_driver_register(&bound_driver);

	if (err)
		return err;
	root = debugfs_create_dir("chr_ext_chip", NULL);
	debugfs_create_file("new", 0200, root, NULL, &new_fops);
	debugfs_create_file("del", 0200, root, NULL, &del_fops);
	return 0;
}
module_init(chip_module_init);

static void __exit chip_module_exit(void)
{
	struct chip *chip, *next;

	list_for_each_entry_safe(chip, next, &chips, list) {
		if (!chip->gone)
			chip_unplug(chip);
		chip_free(chip);
	}
	debugfs_remove(root);
	platform_driver_unregister(&bound_driver);
}
module_exit(chip_module_exit);

MODULE_DESCRIPTION("GPIO chips for the tests of chr_ext");
MODULE_LICENSE("GPL");
