// SPDX-License-Identifier: GPL-2.0-only
/*
 * Models hardware on GPIO lines: reads the record of a chip of tests/kmods, lines
 * of "NS BITS MASK", and prints what the hardware shows.
 *
 *	wires lcd STATE ROWS COLUMNS RS ENABLE DATA...
 *		a display with an HD44780: its rows, each as "|text|". STATE is
 *		what it is in at first: 8 or 4 bits, or half, 4 with the first
 *		half of a byte there.
 *	wires shift REGISTERS DATA CLOCK LATCH
 *		a chain of 74HC595: the outputs in hexadecimal, the last register
 *		first, each time that they were latched
 *
 * A wire is an offset, with a ! before it where an inverter is in between. What
 * the data sheet forbids is printed in lines of "bad: ". WIRES_SLACK is the
 * tolerance of times in ns.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define US	UINT64_C(1000)
#define MS	UINT64_C(1000000)

struct wire {
	int offset;
	bool inverted;
	bool level, before;
	uint64_t changed;		/* when */
};

static uint64_t now, start, slack;

__attribute__((format(printf, 1, 2)))
static void bad(const char *fmt, ...)
{
	static int n;
	va_list ap;

	if (n++ >= 5)
		return;
	printf("bad: at %" PRIu64 " us ", (now - start) / US);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static void too_short(uint64_t since, uint64_t want, const char *what)
{
	if (now - since + slack < want)
		bad("%s: %" PRIu64 " ns, not %" PRIu64, what, now - since, want);
}

static struct wire wire(const char *arg)
{
	bool inverted = arg[0] == '!';

	return (struct wire){
		.offset = atoi(arg + inverted),
		.inverted = inverted,
	};
}

static void look(struct wire *w, uint64_t bits)
{
	w->before = w->level;
	w->level = (bits >> w->offset & 1) ^ w->inverted;
	if (w->level != w->before)
		w->changed = now;
}

static bool changes(const struct wire *w)
{
	return w->level != w->before;
}

static bool rises(const struct wire *w)
{
	return w->level && !w->before;
}

/* The next of the record. The first is what was there when power came. */
static bool next(uint64_t *bits)
{
	bool first = !now;

	if (scanf("%" SCNu64 " %" SCNx64 " %*x", &now, bits) != 2)
		return false;
	if (first)
		start = now;
	return true;
}

/* The display. */

static struct {
	bool wide;			/* 8 bits a time */
	bool half;			/* of a byte is there: high */
	uint8_t high;
	bool two_lines, on, down, cgram;
	uint8_t address;
	uint8_t text[0x80];
	uint64_t ready, rose, fell;
	int initial;			/* function sets of an initialization */
} lcd;

static void lcd_go(void)
{
	int end = lcd.two_lines ? 0x28 : 0x50, line = lcd.address & 0x40;
	int column = lcd.two_lines ? lcd.address & 0x3f : lcd.address;

	column += lcd.down ? -1 : 1;
	if (column < 0 || column == end) {
		column = column < 0 ? end - 1 : 0;
		line ^= lcd.two_lines ? 0x40 : 0;
	}
	lcd.address = (lcd.two_lines ? line : 0) + column;
}

static void lcd_instruction(uint8_t v)
{
	int column = lcd.two_lines ? v & 0x3f : v & 0x7f;

	if (v & 0x80) {
		if (column >= (lcd.two_lines ? 0x28 : 0x50))
			bad("there is no address 0x%02x", v & 0x7f);
		lcd.address = v & 0x7f;
		lcd.cgram = false;
	} else if (v & 0x40) {
		lcd.cgram = true;
	} else if (v & 0x20) {
		lcd.wide = v & 0x10;
		lcd.two_lines = v & 0x08;
	} else if (v & 0x10) {
		bad("the display is shifted");
	} else if (v & 0x08) {
		lcd.on = v & 0x04;
	} else if (v & 0x04) {
		lcd.down = !(v & 0x02);
		if (v & 0x01)
			bad("the display is to shift");
	} else if (v) {
		if (!(v & 0x02))
			memset(lcd.text, ' ', sizeof(lcd.text));
		lcd.ready += 1520 * US - 37 * US;
		lcd.down &= v & 0x02;
		lcd.address = 0;
		lcd.cgram = false;
	}
}

static void lcd_byte(bool rs, uint8_t v)
{
	lcd.ready = now + 37 * US;
	if (!rs) {
		lcd_instruction(v);
		return;
	}
	lcd.ready += 4 * US;
	if (lcd.cgram)
		return;
	lcd.text[lcd.address] = v;
	lcd_go();
}

static void lcd_latch(bool rs, uint8_t v)
{
	bool function = !rs && v >> 4 == 3, second = !lcd.wide && lcd.half;

	if (now + slack < lcd.ready) {
		bad("0x%02x comes %" PRIu64 " ns too early", v, lcd.ready - now);
		return;
	}
	if (lcd.wide) {
		lcd_byte(rs, v);
	} else if (!lcd.half) {
		lcd.high = v & 0xf0;
		lcd.half = true;
	} else {
		lcd.half = false;
		lcd_byte(rs, lcd.high | v >> 4);
	}

	/* A function set after a pause begins "initializing by instruction". */
	if (!function)
		lcd.initial = 0;
	else if (lcd.initial)
		lcd.initial++;
	else
		lcd.initial = !second && now - lcd.fell >= 15 * MS;
	if (lcd.initial == 1)
		lcd.ready = now + 4100 * US;
	if (lcd.initial == 2)
		lcd.ready = now + 100 * US;
	lcd.fell = now;
}

static void lcd_row(const uint8_t *text, int columns)
{
	int i;

	putchar('|');
	for (i = 0; i < columns; i++)
		printf(text[i] >= ' ' && text[i] <= '~' ? "%c" : "\\x%02x",
		       text[i]);
	printf("|\n");
}

static int lcd_main(int argc, char **argv)
{
	int rows = atoi(argv[1]), columns = atoi(argv[2]), n = argc - 5, i;
	/* Displays of four rows have the third behind the first. */
	const int starts[] = { 0x00, 0x40, columns == 16 ? 0x10 : 0x14,
			       columns == 16 ? 0x50 : 0x54 };
	struct wire rs = wire(argv[3]), enable = wire(argv[4]), data[8];
	uint64_t bits;
	uint8_t v;

	for (i = 0; i < n; i++)
		data[i] = wire(argv[5 + i]);
	lcd.wide = argv[0][0] == '8';
	lcd.half = argv[0][0] == 'h';
	memset(lcd.text, '?', sizeof(lcd.text));

	while (next(&bits)) {
		look(&rs, bits);
		look(&enable, bits);
		/* Data lines that nothing is connected to are high. */
		v = n == 4 ? 0x0f : 0;
		for (i = 0; i < n; i++) {
			look(&data[i], bits);
			v |= data[i].level << (8 - n + i);
			if (changes(&data[i]))
				too_short(lcd.fell, 10, "data hold");
		}
		if (now == start) {
			lcd.ready = now + 15 * MS;
			continue;
		}
		if (changes(&rs))
			too_short(lcd.fell, 20, "rs hold");
		if (rises(&enable)) {
			too_short(lcd.rose, 1000, "enable cycle");
			too_short(rs.changed, 60, "rs setup");
			lcd.rose = now;
		}
		if (changes(&enable) && !enable.level) {
			too_short(lcd.rose, 450, "enable pulse");
			for (i = 0; i < n; i++)
				too_short(data[i].changed, 195, "data setup");
			if (changes(&rs) || rs.changed > lcd.rose)
				bad("rs changed while enable was high");
			lcd_latch(rs.level, v);
		}
	}
	if (!lcd.on)
		bad("the display is off");
	if (lcd.two_lines != (rows > 1))
		bad("it has %d lines", 1 + lcd.two_lines);
	if (lcd.half)
		bad("there is half a byte");
	for (i = 0; i < rows; i++)
		lcd_row(lcd.text + starts[i], columns);
	return 0;
}

/* The chain. */

static int shift_main(char **argv)
{
	int registers = atoi(argv[0]), i;
	struct wire data = wire(argv[1]), clock = wire(argv[2]);
	struct wire latch = wire(argv[3]);
	uint8_t chain[4096] = {};
	uint64_t bits;

	while (next(&bits)) {
		look(&data, bits);
		look(&clock, bits);
		look(&latch, bits);
		if (now == start)
			continue;
		if (rises(&clock)) {
			if (changes(&data))
				bad("data changes as clock rises");
			for (i = 0; i < registers - 1; i++)
				chain[i] = chain[i] << 1 | chain[i + 1] >> 7;
			chain[i] = chain[i] << 1 | data.level;
		}
		if (rises(&latch)) {
			if (changes(&clock))
				bad("latch rises with clock");
			for (i = 0; i < registers; i++)
				printf("%02x", chain[i]);
			putchar('\n');
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	slack = strtoull(getenv("WIRES_SLACK") ?: "0", NULL, 0);
	if ((argc == 11 || argc == 15) && !strcmp(argv[1], "lcd"))
		return lcd_main(argc - 2, argv + 2);
	if (argc == 6 && !strcmp(argv[1], "shift") && atoi(argv[2]) > 0 &&
	    atoi(argv[2]) <= 4096)
		return shift_main(argv + 2);
	return 2;
}
