// SPDX-License-Identifier: GPL-2.0-only
/*
 * The names of GPIO lines. Tracepoints have the kernel's numbers of them; what
 * chip these belong to is in the class in sysfs and, in older kernels, in debugfs.
 */
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <linux/gpio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "scope.h"

#define GPIO_CLASS	"/sys/class/gpio"
#define GPIO_DEBUG	DEBUGFS "/gpio"

struct lines {
	struct scope_line *line;
	size_t nr;
};

/*
 * Opens the character device of a chip in the class; -1: it is not known. They
 * have the device in common that they belong to, the label and the size.
 */
static int chip_open(const char *dir, const char *label, unsigned int nr)
{
	static bool said;
	struct gpiochip_info info;
	char path[PATH_MAX];
	int fd, found = -1;
	glob_t chips;
	size_t i;

	snprintf(path, sizeof(path), "%s/device/gpiochip*", dir);
	glob(path, 0, NULL, &chips);
	for (i = 0; i < chips.gl_pathc; i++) {
		snprintf(path, sizeof(path), "/dev%s",
			 strrchr(chips.gl_pathv[i], '/'));
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &info) ||
		    info.lines != nr || strcmp(info.label, label)) {
			close(fd);
			continue;
		}
		if (found >= 0) {
			if (!said)
				complain("the device of %s has two chips \"%s\": their lines go without names",
					 dir, label);
			said = true;
			close(found);
			close(fd);
			found = -1;
			break;
		}
		found = fd;
	}
	globfree(&chips);
	return found;
}

/* @fd: of its character device, closed here; -1: not known. */
static void chip_lines(struct lines *all, unsigned int base, unsigned int nr,
		       const char *label, int fd)
{
	struct gpio_v2_line_info info;
	struct scope_line *l;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		all->line = grow(all->line, all->nr, sizeof(*l));
		l = memset(&all->line[all->nr++], 0, sizeof(*l));
		l->gpio = base + i;
		l->offset = i;
		strcpy(l->chip, label);
		memset(&info, 0, sizeof(info));
		info.offset = i;
		if (fd >= 0 && !ioctl(fd, GPIO_V2_GET_LINEINFO_IOCTL, &info))
			strcpy(l->name, info.name);
	}
	if (fd >= 0)
		close(fd);
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

/* It reads the level of each line in use, so it comes second. */
static void debugfs_lines(struct lines *all)
{
	FILE *f = fopen(GPIO_DEBUG, "re");
	struct gpiochip_info info;
	unsigned int first, last;
	char line[256], path[32];
	int id, fd;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "gpiochip%d: GPIOs %u-%u", &id, &first, &last) != 3)
			continue;
		snprintf(path, sizeof(path), "/dev/gpiochip%d", id);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && !ioctl(fd, GPIO_GET_CHIPINFO_IOCTL, &info))
			chip_lines(all, first, last - first + 1, info.label, fd);
	}
	if (f)
		fclose(f);
}

/* Every line that there is, by its number. */
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
		complain("which line GPIO %u is cannot be told: no chip in " GPIO_CLASS " or " GPIO_DEBUG " has it",
			 l->gpio);
	free(all.line);
}

/* As people call it. */
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
		complain("no line is \"%s\", by its name or as LABEL:OFFSET", word);
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
		complain("which lines there are cannot be told: " GPIO_CLASS " and " GPIO_DEBUG " have no chip with its numbers");
		err = -1;
	}
	while (!err && (word = strsep(&rest, ",")))
		err = line_add(s, &all, word);
	free(all.line);
	free(words);
	return err;
}
