// SPDX-License-Identifier: GPL-2.0-only
/*
 * Damaged objects: objects [-c CASES] [-s SEED] FILE...
 *
 * Each case is one of the files with some bytes changed. It is opened, its
 * variables are set, and all checks before the load are run. Any outcome is
 * fine but a crash or a report of the sanitizers that this is built with. Case
 * N is the same in each run with the same seed and files; -f N begins there.
 *
 * Needs no kernel, and the module must not be loaded.
 */
#include <errno.h>
#include <gelf.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../user/lib/chrext.h"
#include "../../user/lib/lib.h"

#define MAX_REGIONS	64
#define MAX_CHANGES	4

struct region {
	size_t offset;
	size_t size;
};

struct file {
	const char *path;
	unsigned char *data;
	size_t size;
	struct region regions[MAX_REGIONS];	/* worth to be damaged */
	size_t nr_regions;
};

static uint64_t state;
static unsigned long current;

/* Reports end in SIGABRT, so that the case can be named. */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "abort_on_error=1";
}

const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static void died(int sig)
{
	fprintf(stderr, "# died in case %lu\n", current);
	signal(sig, SIG_DFL);
	raise(sig);
}

/* splitmix64 */
static uint64_t rnd(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void region_add(struct file *f, size_t offset, size_t size)
{
	if (size && f->nr_regions < MAX_REGIONS)
		f->regions[f->nr_regions++] = (struct region) { offset, size };
}

/* Sections with content; BTF, symbols, relocations and headers twice. */
static void regions_find(struct file *f)
{
	Elf *elf = elf_memory((char *)f->data, f->size);
	Elf_Scn *scn = NULL;
	GElf_Ehdr ehdr;
	GElf_Shdr shdr;
	size_t strings;
	const char *name;

	gelf_getehdr(elf, &ehdr);
	elf_getshdrstrndx(elf, &strings);
	region_add(f, 0, ehdr.e_ehsize);
	region_add(f, ehdr.e_shoff, ehdr.e_shnum * ehdr.e_shentsize);
	while ((scn = elf_nextscn(elf, scn))) {
		gelf_getshdr(scn, &shdr);
		name = elf_strptr(elf, strings, shdr.sh_name);
		if (shdr.sh_type == SHT_NOBITS || !strncmp(name, ".debug", 6) ||
		    !strncmp(name, ".rel.debug", 10))
			continue;
		region_add(f, shdr.sh_offset, shdr.sh_size);
		if (!strcmp(name, ".BTF") || shdr.sh_type == SHT_REL)
			region_add(f, shdr.sh_offset, shdr.sh_size);
	}
	elf_end(elf);
}

static void file_read(struct file *f, const char *path)
{
	FILE *file = fopen(path, "re");
	long size;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) <= 0) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(2);
	}
	rewind(file);
	*f = (struct file) { .path = path, .size = size, .data = malloc(size) };
	if (fread(f->data, 1, size, file) != (size_t)size)
		exit(2);
	fclose(file);
	regions_find(f);
}

static uint64_t value(uint64_t old)
{
	static const uint64_t edges[] = {
		0, 1, 2, 7, 8, 0x7f, 0x80, 0xff, 0xffff, 0x10000, 0xffffff,
		0x1000000, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff,
	};

	switch (rnd() % 4) {
	case 0:
		return edges[rnd() % (sizeof(edges) / sizeof(edges[0]))];
	case 1:
		return old + rnd() % 17 - 8;
	case 2:
		return rnd() % 256;
	default:
		return rnd();
	}
}

/* Change 1, 2, 4 or 8 bytes; they are aligned, as numbers in a file are. */
static void change(const struct file *f, unsigned char *data)
{
	const struct region *r = &f->regions[rnd() % f->nr_regions];
	size_t width = 1UL << (rnd() % 4), at = r->offset;
	uint64_t v = 0;

	/* Types come before strings. */
	at += rnd() % (rnd() % 2 ? r->size : r->size / 2 + 1);
	at &= ~(width - 1);
	if (at + width > f->size)
		return;
	memcpy(&v, data + at, width);
	v = value(v);
	memcpy(data + at, &v, width);
}

static void see_variable(void *arg, const struct chrext_variable *var)
{
	*(size_t *)arg += strlen(var->name) + strlen(var->type) +
			  (var->value ? strlen(var->value) : 0);
}

static void see_kfunc(void *arg, const struct chrext_kfunc *kfunc)
{
	*(size_t *)arg += strlen(kfunc->name);
}

static void object_inspect(struct chrext_object *o)
{
	struct chrext_op op;
	size_t i, j, sum = 0;

	for (i = 0; i < chrext_object_num_drivers(o); i++) {
		sum += strlen(chrext_object_get_compatible(o, i));
		for (j = 0; chrext_object_get_op(o, i, j, &op); j++)
			sum += strlen(op.name) + strlen(op.program);
	}
	chrext_object_variables(o, see_variable, &sum, NULL);
	chrext_object_kfuncs(o, see_kfunc, &sum);
	chrext_object_check(o, NULL);
}

static void object_use(struct chrext_object *o)
{
	static const char *const sets[] = {
		"mode=0600", "name=other", "instances=3", "flags=1",
		"compatible=a,b", "mem_size=4K", "nothing=1", "layout[0]=1",
		"size=1", "text=abc", "flag=true", "colour=RED", "list=1,2,3",
		"list[2]=7", "n.s8=1", "n.u64=5", "n=1", "types.mode=0444",
		"hello.name=x", "scull.dev_size=1", "types.timeout_ms=1",
	};
	const struct object_driver *d;
	struct bpf_program *prog;
	size_t i;

	object_inspect(o);
	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		chrext_object_set(o, sets[i], NULL);
	bpf_object__for_each_program(prog, o->obj)
		object_op(o, bpf_program__name(prog), &d);
	for (i = 0; i < chrext_object_num_drivers(o); i++) {
		chrext_object_get_driver_name(o, i);
		object_instances(o, &o->drivers[i]);
	}
	chrext_object_set_name(o, "fuzz", NULL);
	chrext_object_load(o, NULL);
}

/* Return: whether it could be opened all the same. */
static bool run(const struct file *f, unsigned char *data)
{
	struct chrext_error *err = NULL;
	struct chrext_object *o;
	size_t changes = 1 + rnd() % MAX_CHANGES, size = f->size;

	memcpy(data, f->data, f->size);
	while (changes--)
		change(f, data);
	if (rnd() % 64 == 0)
		size = rnd() % f->size;
	o = chrext_object_open_mem(data, size, "damaged.bpf.o", &err);
	if (o)
		object_use(o);
	chrext_object_free(o);
	chrext_error_free(err);
	return o;
}

/* Files that do not open undamaged would make every case pass. */
static bool is_whole(const struct file *f)
{
	struct chrext_error *err = NULL;
	struct chrext_object *o;

	o = chrext_object_open_mem(f->data, f->size, f->path, &err);
	if (!o)
		fprintf(stderr, "%s\n", err->text);
	else if (chrext_object_load(o, &err) != -ENODEV)
		fprintf(stderr, "%s: %s\n", f->path, err->text);
	chrext_error_free(err);
	chrext_object_free(o);
	return o;
}

int main(int argc, char **argv)
{
	unsigned long cases = 20000, first = 0, opened = 0, n, seed = 1;
	unsigned char *data;
	struct file *files;
	size_t largest = 0;
	int c, nr, i;

	while ((c = getopt(argc, argv, "c:s:f:")) != -1) {
		n = strtoul(optarg ? optarg : "", NULL, 0);
		if (c == 'c')
			cases = n;
		else if (c == 's')
			seed = n;
		else if (c == 'f')
			first = n;
		else
			return 2;
	}
	nr = argc - optind;
	if (nr < 1 || access("/sys/module/chr_ext", F_OK) == 0) {
		fputs("objects: no files, or the module is loaded\n", stderr);
		return 2;
	}
	elf_version(EV_CURRENT);
	files = calloc(nr, sizeof(*files));
	for (i = 0; i < nr; i++) {
		file_read(&files[i], argv[optind + i]);
		if (!is_whole(&files[i]))
			return 1;
		if (files[i].size > largest)
			largest = files[i].size;
	}
	data = malloc(largest);
	signal(SIGABRT, died);
	for (current = first; current < first + cases; current++) {
		state = seed * 0x100000001b3 + current;
		opened += run(&files[rnd() % nr], data);
	}
	printf("%lu cases, %lu opened\n", cases, opened);
	for (i = 0; i < nr; i++)
		free(files[i].data);
	free(files);
	free(data);
	return 0;
}
