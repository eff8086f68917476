// SPDX-License-Identifier: GPL-2.0-only
/*
 * chrext new: a directory with a driver that works, its Makefile and a test, from
 * the template that is installed with chrext.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chrext.h"

/* In the tree, and below the prefix; both from where chrext is. */
static const char *const places[] = {
	"template", "../share/chr_ext/template",
};

/* The directory of the template, or NULL after a complaint. */
static char *template_find(const char *kind)
{
	char exe[PATH_MAX], *path;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	size_t i;

	exe[n < 0 ? 0 : n] = 0;
	if (strrchr(exe, '/'))
		*strrchr(exe, '/') = 0;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		path = xprintf("%s/%s/%s", exe, places[i], kind);
		if (path_exists(path))
			return path;
		free(path);
	}
	complain("there is no template in %s/%s: install libchrext-dev, or run 'make install'",
		 exe, places[ARRAY_SIZE(places) - 1]);
	return NULL;
}

static char *identifier(const char *name)
{
	char *ident = xprintf("%s%s", isdigit((unsigned char)*name) ? "_" : "",
			      name), *s;

	for (s = ident; *s; s++)
		if (!isalnum((unsigned char)*s))
			*s = '_';
	return ident;
}

/* What stands for what in a template. */
struct words {
	const char *word;
	char *text;
};

static void words_init(struct words *w, const char *name)
{
	char *ident = identifier(name);

	w[0] = (struct words) { "@NAME@", xprintf("%s", name) };
	w[1] = (struct words) { "@IDENT@", ident };
	/* A member of the ops, where the C variable cannot have the name. */
	w[2] = (struct words) { "@NAMED@", strcmp(name, ident) ?
		xprintf("\n\t.name = \"%s\",", name) : xprintf("%s", "") };
	w[3] = (struct words) { "@COMPATIBLE@", xprintf("chr-ext,%s", name) };
}

#define NR_WORDS	4

static void fill(const char *s, const struct words *words, FILE *to)
{
	size_t i;

	while (*s) {
		for (i = 0; i < NR_WORDS; i++)
			if (!strncmp(s, words[i].word, strlen(words[i].word)))
				break;
		if (i < NR_WORDS) {
			fputs(words[i].text, to);
			s += strlen(words[i].word);
		} else {
			fputc(*s++, to);
		}
	}
}

static int copy(const char *from, const char *to, const char *name)
{
	struct words words[NR_WORDS];
	char *text = file_text(from);
	struct stat st = { };
	int err = 0, fd;
	FILE *f = NULL;
	size_t i;

	words_init(words, name);
	stat(from, &st);
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st.st_mode & 0777);
	if (fd >= 0)
		f = fdopen(fd, "w");
	if (f) {
		fill(text, words, f);
		fputc('\n', f);
		if (fflush(f))
			err = -errno;
		if (fclose(f) && !err)
			err = -errno;
	} else {
		err = -errno;
	}
	if (err)
		complain("cannot write %s: %s", to, errno_text(err));
	for (i = 0; i < NR_WORDS; i++)
		free(words[i].text);
	free(text);
	return err;
}

/* "driver.bpf.c" is called after the driver. */
static char *target(const char *file, const char *name)
{
	static const char driver[] = "driver.";

	if (strncmp(file, driver, strlen(driver)))
		return xprintf("%s/%s", name, file);
	return xprintf("%s/%s.%s", name, name, file + strlen(driver));
}

static int copy_all(DIR *dir, const char *template, const char *name)
{
	struct dirent *e;
	char *from, *to;
	int err = 0;

	while (!err && (e = readdir(dir))) {
		if (*e->d_name == '.')
			continue;
		from = xprintf("%s/%s", template, e->d_name);
		to = target(e->d_name, name);
		err = copy(from, to, name);
		free(from);
		free(to);
	}
	return err;
}

/* The directory is new, so all that is in it was made here. */
static void remove_all(const char *name)
{
	DIR *dir = opendir(name);
	struct dirent *e;
	char *path;

	while (dir && (e = readdir(dir))) {
		path = xprintf("%s/%s", name, e->d_name);
		unlink(path);
		free(path);
	}
	if (dir)
		closedir(dir);
	rmdir(name);
}

int verb_new(const struct options *opt)
{
	const char *problem = chrext_name_problem(opt->arg);
	char *template;
	int err = 0;
	DIR *dir;

	if (problem) {
		complain("bad name \"%s\": %s", opt->arg, problem);
		return EXIT_USAGE;
	}
	template = template_find(opt->gpio ? "gpio" : "char");
	if (!template)
		return EXIT_FAILED;
	dir = opendir(template);
	if (!dir) {
		err = -errno;
		complain("cannot read %s: %s", template, errno_text(err));
	} else if (mkdir(opt->arg, 0777)) {
		err = -errno;
		complain("cannot make the directory %s: %s", opt->arg,
			 errno_text(err));
	} else {
		err = copy_all(dir, template, opt->arg);
		if (err)
			remove_all(opt->arg);
	}
	if (dir)
		closedir(dir);
	free(template);
	return err ? EXIT_FAILED : EXIT_OK;
}
