// SPDX-License-Identifier: GPL-2.0-only
/*
 * lcd: text on a character display with an HD44780 or a compatible controller.
 *
 * The lines are "data" (four: DB4 to DB7, or eight: DB0 to DB7), "enable" and
 * "rs": data-gpios and so on in a device tree, or the directories of a board.
 * R/W is tied to ground.
 *
 * Bytes written to the node appear in the display's own font, except
 *	\f	clear
 *	\n	clear the rest of the line; the next character goes to the next line,
 *		and after the last line the text scrolls
 *	\r	go to the first character of the line
 *	\b	delete the character before
 *	\t	print a blank
 * Characters beyond the end of a line are dropped. Only characters that changed
 * are sent, so writing \f and a new text does not flicker.
 *
 * A write that fails, because a line failed or the process was killed, counts
 * as not written. As the state of the display is unknown then, the next write
 * initialises it and sends all of the text.
 *
 * Set at load, the size: 1 to 4 rows, 8 to 40 columns, or 8 to 20 with more
 * than two rows. Some displays of one row need rows=2 with half the columns.
 *	chrext load lcd.bpf.o --set rows=4 --set columns=20
 */
#include <chr_ext/gpio.bpf.h>

__u32 rows = 2;
__u32 columns = 16;

#define CELLS		80	/* the size of the controller's memory */

/* Instructions. */
#define CLEAR		0x01
#define ENTRY_MODE	0x06	/* the address counts up, no shift */
#define DISPLAY_OFF	0x08
#define DISPLAY_ON	0x0c	/* without a cursor */
#define FUNCTION	0x20
#define FUNCTION_8BIT	0x10
#define FUNCTION_2LINES	0x08
#define SET_ADDRESS	0x80
#define SECOND_LINE	0x40	/* its address */

/* In us: 37 (41 for data) and 1520 of the data sheet, at the slowest clock. */
#define SHORT_US	60
#define CLEAR_US	2200

struct screen {
	__u8 cells[CELLS];	/* row after row */
	__u8 row;
	__u8 column;
	__u8 newline;		/* the next character begins a line */
};

struct lcd {
	__s32 data;
	__s32 enable;
	__s32 rs;
	__u32 width;		/* data lines */
	__u32 rows;
	__u32 columns;
	__u32 lost;		/* the display must be initialised */
	struct screen text;
	struct screen next;	/* text, until the write succeeds */
	__u8 shown[CELLS];
};

static struct lcd *lcd_of(struct chr_ext_dev *dev)
{
	return (void *)chr_ext_dev_data(dev, sizeof(struct lcd));
}

static int set(struct chr_ext_dev *dev, __s32 line, int value)
{
	return chr_ext_gpio_set_value_cansleep(dev, line, 0, value, 0);
}

/* The display reads the data lines when enable falls, after at least 450 ns. */
static int latch(struct chr_ext_dev *dev, struct lcd *d, __u32 bits)
{
	__u32 mask = (1 << d->width) - 1;
	int err;

	err = chr_ext_gpio_set_bits_cansleep(dev, d->data, mask, bits & mask, 0);
	err = err ?: set(dev, d->enable, 1);
	chr_ext_delay_us(dev, 1, 0);
	err = err ?: set(dev, d->enable, 0);
	chr_ext_delay_us(dev, 1, 0);
	return err;
}

static int send(struct chr_ext_dev *dev, struct lcd *d, int rs, __u8 byte,
		__u32 us)
{
	int err = set(dev, d->rs, rs);

	if (d->width == 4)
		err = err ?: latch(dev, d, byte >> 4);
	err = err ?: latch(dev, d, byte);
	return err ?: chr_ext_sleep_us(dev, us, 0);
}

/* Send the upper half of a function set, whatever state the display is in. */
static int function(struct chr_ext_dev *dev, struct lcd *d, __u8 byte, __u32 us)
{
	return latch(dev, d, byte >> (8 - d->width)) ?: chr_ext_sleep_us(dev, us, 0);
}

/* "Initializing by instruction" in the data sheet. */
static int set_up(struct chr_ext_dev *dev, struct lcd *d)
{
	__u8 bits = d->width == 8 ? FUNCTION_8BIT : 0;
	int err;

	err = set(dev, d->enable, 0) ?: set(dev, d->rs, 0);
	err = err ?: chr_ext_sleep_us(dev, 40000, 0);
	err = err ?: function(dev, d, FUNCTION | FUNCTION_8BIT, 4500);
	err = err ?: function(dev, d, FUNCTION | FUNCTION_8BIT, 150);
	err = err ?: function(dev, d, FUNCTION | FUNCTION_8BIT, 150);
	if (!bits)
		err = err ?: function(dev, d, FUNCTION, SHORT_US);
	if (d->rows > 1)
		bits |= FUNCTION_2LINES;
	err = err ?: send(dev, d, 0, FUNCTION | bits, SHORT_US);
	err = err ?: send(dev, d, 0, DISPLAY_OFF, SHORT_US);
	err = err ?: send(dev, d, 0, CLEAR, CLEAR_US);
	err = err ?: send(dev, d, 0, ENTRY_MODE, SHORT_US);
	err = err ?: send(dev, d, 0, DISPLAY_ON, SHORT_US);
	__builtin_memset(d->shown, ' ', CELLS);
	return err;
}

static void clear(struct screen *s)
{
	__builtin_memset(s, 0, sizeof(*s));
	__builtin_memset(s->cells, ' ', CELLS);
}

static void begin_line(struct lcd *d, struct screen *s)
{
	__u32 i, from;

	s->newline = false;
	s->column = 0;
	if (s->row + 1 < d->rows) {
		s->row++;
		return;
	}
	bpf_for(i, 0, CELLS) {
		from = i + d->columns;
		s->cells[i] = from < CELLS ? s->cells[from] : ' ';
	}
}

static void print(struct lcd *d, struct screen *s, __u8 c)
{
	__u32 i = s->row * d->columns + s->column;

	if (s->column >= d->columns || i >= CELLS)
		return;
	s->cells[i] = c;
	s->column++;
}

static void put(struct lcd *d, struct screen *s, __u8 c)
{
	int i;

	if (s->newline)
		begin_line(d, s);
	switch (c) {
	case '\f':
		clear(s);
		break;
	case '\n':
		bpf_for(i, s->column, d->columns)
			print(d, s, ' ');
		s->newline = true;
		break;
	case '\r':
		s->column = 0;
		break;
	case '\b':
		if (s->column) {
			s->column--;
			print(d, s, ' ');
			s->column--;
		}
		break;
	case '\t':
		c = ' ';
		/* fall through */
	default:
		print(d, s, c);
	}
}

/* Rows 2 and 3 continue rows 0 and 1 beyond the columns. */
static __u32 address(struct lcd *d, __u32 cell)
{
	__u32 row = cell / d->columns, column = cell % d->columns;

	return (row & 1 ? SECOND_LINE : 0) + (row & 2 ? d->columns : 0) + column;
}

/* Send the characters that changed. */
static int refresh(struct chr_ext_dev *dev, struct lcd *d)
{
	__u32 i, at, counter = -1;
	int err = 0;
	__u8 c;

	bpf_for(i, 0, CELLS) {
		c = d->next.cells[i];
		if (c == d->shown[i])
			continue;
		at = address(d, i);
		if (at != counter)
			err = send(dev, d, 0, SET_ADDRESS | at, SHORT_US);
		err = err ?: send(dev, d, 1, c, SHORT_US);
		if (err)
			return err;
		d->shown[i] = c;
		counter = at + 1;
	}
	return 0;
}

SEC("struct_ops.s/write")
long BPF_PROG(lcd_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct lcd *d = lcd_of(file->dev);
	int i, err = 0;
	__u8 c;

	if (!d)
		return -EIO;
	d->next = d->text;
	bpf_for(i, 0, io->len) {
		if (chr_ext_io_get(io, i, &c, 1) != 1)
			break;
		put(d, &d->next, c);
	}
	if (d->lost)
		err = set_up(file->dev, d);
	err = err ?: refresh(file->dev, d);
	d->lost = err;
	if (err)
		return err;
	d->text = d->next;
	return io->len;
}

static bool is_wired(struct chr_ext_dev *dev, struct lcd *d)
{
	int enable = chr_ext_gpio_count(dev, d->enable, 0);
	int rs = chr_ext_gpio_count(dev, d->rs, 0);

	if ((d->width == 4 || d->width == 8) && enable == 1 && rs == 1)
		return true;
	chr_ext_msg(dev, CHR_EXT_ERR,
		    "there are %d data, %d enable, %d rs lines, not 4 or 8, 1, 1",
		    d->width, enable, rs);
	return false;
}

SEC("struct_ops.s/probe")
int BPF_PROG(lcd_probe, struct chr_ext_dev *dev)
{
	struct lcd *d = lcd_of(dev);

	if (!d)
		return -EIO;
	if (!rows || rows > 4 || columns < 8 || columns > (rows > 2 ? 20 : 40)) {
		chr_ext_msg(dev, CHR_EXT_ERR,
			    "%d rows of %d columns are not 1 or 2 of 8 to 40, or 3 or 4 of 8 to 20",
			    rows, columns);
		return -EINVAL;
	}
	d->rows = rows;
	d->columns = columns;
	clear(&d->text);

	/* Hold enable low first, so that the other lines may change. */
	d->enable = chr_ext_gpio_get(dev, "enable", CHR_EXT_GPIO_OUT_LOW);
	if (d->enable < 0)
		return d->enable;
	d->data = chr_ext_gpio_get(dev, "data", CHR_EXT_GPIO_OUT_LOW);
	if (d->data < 0)
		return d->data;
	d->rs = chr_ext_gpio_get(dev, "rs", CHR_EXT_GPIO_OUT_LOW);
	if (d->rs < 0)
		return d->rs;
	d->width = chr_ext_gpio_count(dev, d->data, 0);
	return is_wired(dev, d) ? set_up(dev, d) : -EINVAL;
}

CHR_EXT_DRIVER(lcd,
	.probe = (void *)lcd_probe,
	.write = (void *)lcd_write,
	.compatible = "chr-ext,lcd hit,hd44780",
	.flags = CHR_EXT_SERIAL_DEV,
	.mode = 0660,
	.max_io = 4096,
	.dev_size = sizeof(struct lcd),
);
