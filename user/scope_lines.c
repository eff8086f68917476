// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names GPIO lines. A tracepoint has only the kernel's number of a line. libgpiod
 * does not know these numbers: the base of each chip is in sysfs or, where the
 * kernel has no such class, in debugfs.
 */
#include <gpiod.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "scope.h"

#define GPIO_CLASS	"/sys/class/gpio"
#define GPIO_DEBUG	DEBUGFS "/gpio"

struct lines {
	struct scope_line *line;
	size_t nr;
};

static bool chip_is(struct gpiod_chip *chip, const char *label, size_t nr)
{
	struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
	bool is = info && gpiod_chip_info_get_num_lines(info) == nr &&
		  !strcmp(gpiod_chip_info_get_label(info), label);

	if (info)
		gpiod_chip_info_free(info);
	return is;
}

static void complain_twins(const char *dir, const char *label)
{
	static bool done;

	if (!done)
		complain("the device of %s has two chips \"%s\": their lines are shown without names",
			 dir, label);
	done = true;
}

/*
 * Opens the character device of the chip at @dir in the class. The two have in
 * common only the parent device, the label and the number of lines. Return: NULL
 * if none or several match.
 */
static struct gpiod_chip *chip_open(const char *dir, const char *label, size_t nr)
{
	struct gpiod_chip *chip, *found = NULL;
	char path[PATH_MAX];
	glob_t chips;
	size_t i;

	snprintf(path, sizeof(path), "%s/device/gpiochip*", dir);
	glob(path, 0, NULL, &chips);
	for (i = 0; i < chips.gl_pathc; i++) {
		snprintf(path, sizeof(path), "/dev%s",
			 strrchr(chips.gl_pathv[i], '/'));
		chip = gpiod_chip_open(path);
		if (chip && chip_is(chip, label, nr)) {
			if (!found) {
				found = chip;
				continue;
			}
			complain_twins(dir, label);
			gpiod_chip_close(found);
			gpiod_chip_close(chip);
			found = NULL;
			break;
		}
		if (chip)
			gpiod_chip_close(chip);
	}
	globfree(&chips);
	return found;
}

static void line_name(struct scope_line *l, struct gpiod_chip *chip)
{
	struct gpiod_line_info *info = gpiod_chip_get_line_info(chip, l->offset);
	const char *name = info ? gpiod_line_info_get_name(info) : NULL;

	snprintf(l->name, sizeof(l->name), "%s", name ? name : "");
	if (info)
		gpiod_line_info_free(info);
}

/* @chip: closed here; NULL if it is not known. */
static void chip_lines(struct lines *all, unsigned int base, unsigned int nr,
		       const char *label, struct gpiod_chip *chip)
{
	struct scope_line *l;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		all->line = grow(all->line, all->nr, sizeof(*l));
		l = memset(&all->line[all->nr++], 0, sizeof(*l));
		l->gpio = base + i;
		l->offset = i;
		snprintf(l->chip, sizeof(l->chip), "%s", label);
		if (chip)
			line_name(l, chip);
	}
	if (chip)
		gpiod_chip_close(chip);
}

static void sysfs_lines(struct lines *all)
{
	char base[16], nr[16], label[32];
	const char *dir;
	glob_t chips;
	size_t i;

	glob(GPIO_CLASS "/gpiochip*", 0, NULL, &chips);
	for (i = 0; i < chips.gl_pathc; i++) {
		dir = chips.gl_pathv[i];
		if (file_line(dir, "base", base, sizeof(base)) &&
		    file_line(dir, "ngpio", nr, sizeof(nr)) &&
		    file_line(dir, "label", label, sizeof(label)))
			chip_lines(all, atoi(base), atoi(nr), label,
				   chip_open(dir, label, atoi(nr)));
	}
	globfree(&chips);
}

static void debugfs_chip(struct lines *all, int id, unsigned int first,
			 unsigned int last)
{
	char *path = xprintf("/dev/gpiochip%d", id);
	struct gpiod_chip *chip = gpiod_chip_open(path);
	struct gpiod_chip_info *info = chip ? gpiod_chip_get_info(chip) : NULL;

	if (info) {
		chip_lines(all, first, last - first + 1,
			   gpiod_chip_info_get_label(info), chip);
		gpiod_chip_info_free(info);
	} else if (chip) {
		gpiod_chip_close(chip);
	}
	free(path);
}

/* The second choice: reading this file reads the level of each line in use. */
static void debugfs_lines(struct lines *all)
{
	FILE *f = fopen(GPIO_DEBUG, "re");
	unsigned int first, last;
	char line[256];
	int id;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "gpiochip%d: GPIOs %u-%u", &id, &first, &last) == 3)
			debugfs_chip(all, id, first, last);
	if (f)
		fclose(f);
}

/* All lines of the machine. */
static struct lines lines_get(void)
{
	struct lines all = { };

	sysfs_lines(&all);
	if (!all.nr)
		debugfs_lines(&all);
	return all;
}

void line_resolve(struct scope_line *l)
{
	struct lines all = lines_get();
	size_t i;

	for (i = 0; i < all.nr && all.line[i].gpio != l->gpio; i++)
		;
	if (i < all.nr)
		*l = all.line[i];
	else
		complain("GPIO %u is shown by its number: no chip in " GPIO_CLASS " or " GPIO_DEBUG " has it",
			 l->gpio);
	free(all.line);
}

/* The name for people. */
const char *line_label(const struct scope_line *l)
{
	static char label[64];
	char *p;

	if (l->name[0])
		strcpy(label, l->name);
	else if (l->chip[0])
		snprintf(label, sizeof(label), "%s:%u", l->chip, l->offset);
	else
		snprintf(label, sizeof(label), "gpio%u", l->gpio);
	for (p = label; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return label;
}

/* By its name or as LABEL:OFFSET. */
static bool line_is(const struct scope_line *l, const char *word)
{
	char place[64];

	snprintf(place, sizeof(place), "%s:%u", l->chip, l->offset);
	return !strcmp(word, place) || (l->name[0] && !strcmp(word, l->name));
}

static int line_add(struct scope *s, const struct lines *all, const char *word)
{
	const struct scope_line *l, *end = all->line + all->nr;
	size_t i;

	for (l = all->line; l < end && !line_is(l, word); l++)
		;
	if (l == end) {
		complain("there is no line \"%s\": expected a name or LABEL:OFFSET", word);
		return -1;
	}
	for (i = 0; i < s->nr_lines && s->lines[i].gpio != l->gpio; i++)
		;
	s->lines = grow(s->lines, s->nr_lines, sizeof(*l));
	s->lines[i] = *l;
	s->nr_lines += i == s->nr_lines;
	return 0;
}

int lines_parse(struct scope *s, const char *list)
{
	char *words = xprintf("%s", list), *rest = words, *word;
	struct lines all = lines_get();
	int err = 0;

	if (!all.nr) {
		complain("cannot find any line: " GPIO_CLASS " and " GPIO_DEBUG " list no chip with its numbers");
		err = -1;
	}
	while (!err && (word = strsep(&rest, ",")))
		err = line_add(s, &all, word);
	free(all.line);
	free(words);
	return err;
}
