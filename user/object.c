// SPDX-License-Identifier: GPL-2.0-only
/* A driver's file: is it one, and which drivers are in it? */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chrext.h"

/* libelf is content with sections that lie beyond the end of the file. */
static bool sections_whole(Elf *elf, const GElf_Ehdr *ehdr, size_t size)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t table = (size_t)ehdr->e_shnum * ehdr->e_shentsize;

	if (!ehdr->e_shoff || table > size || ehdr->e_shoff > size - table)
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &shdr))
			return false;
		if (shdr.sh_type != SHT_NOBITS &&
		    (shdr.sh_offset > size ||
		     shdr.sh_size > size - shdr.sh_offset))
			return false;
	}
	return true;
}

static int elf_check(const char *path, Elf *elf, size_t size)
{
	GElf_Ehdr ehdr;

	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &ehdr) ||
	    (ehdr.e_machine == EM_BPF && !sections_whole(elf, &ehdr, size))) {
		complain("%s is an ELF file, but truncated or damaged", path);
		return -EINVAL;
	}
	if (ehdr.e_machine != EM_BPF) {
		complain("%s is an ELF file for another machine (%u), not for BPF (%u): compile it with 'clang --target=bpf'",
			 path, ehdr.e_machine, EM_BPF);
		return -EINVAL;
	}
	return 0;
}

static int file_check_fd(const char *path, int fd)
{
	char magic[SELFMAG];
	struct stat st;
	ssize_t n;
	Elf *elf;
	int err;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		complain("%s is not a regular file", path);
		return -EINVAL;
	}
	n = pread(fd, magic, sizeof(magic), 0);
	if (n < 0) {
		complain("cannot read %s: %s", path, strerror(errno));
		return -errno;
	}
	if (n == 0) {
		complain("%s is empty", path);
		return -EINVAL;
	}
	if (n < SELFMAG || memcmp(magic, ELFMAG, SELFMAG)) {
		complain("%s is not an ELF file: 'chrext load' takes a compiled driver, NAME.bpf.o",
			 path);
		return -EINVAL;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	err = elf_check(path, elf, st.st_size);
	elf_end(elf);
	return err;
}

static int file_check(const char *path)
{
	int fd, err;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		err = -errno;
		complain("cannot open %s: %s", path, strerror(-err));
		return err;
	}
	err = file_check_fd(path, fd);
	close(fd);
	return err;
}

/* A "flavour", chr_ext_ops___mine, means the same type to libbpf. */
static bool is_ops(const struct btf *btf, const struct btf_type *type)
{
	static const char ops[] = "chr_ext_ops";
	const char *name;

	if (!type || !btf_is_struct(type))
		return false;
	name = btf__name_by_offset(btf, type->name_off);
	return !strncmp(name, ops, strlen(ops)) &&
	       (!name[strlen(ops)] || !strncmp(name + strlen(ops), "___", 3));
}

static void drivers_collect(struct object *o)
{
	const struct btf_type *type;
	struct bpf_map *map;

	bpf_object__for_each_map(map, o->obj) {
		if (bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS ||
		    !bpf_map__autocreate(map))
			continue;
		type = btf__type_by_id(o->btf, bpf_map__btf_value_type_id(map));
		if (!is_ops(o->btf, type))
			continue;
		o->drivers = xalloc(o->drivers, (o->nr_drivers + 1) *
						sizeof(*o->drivers));
		o->drivers[o->nr_drivers++] = (struct object_driver) {
			.map = map, .type = type,
		};
	}
}

static void complain_open(const char *path, int err)
{
	const char *why = messages_best();
	char prog[128], ops[128], section[128], *op;

	if (messages_find(" is not struct_ops BPF program") &&
	    messages_word("struct_ops reloc ", ops, sizeof(ops)) &&
	    messages_word(": prog ", prog, sizeof(prog))) {
		if (!messages_section(prog, section, sizeof(section))) {
			complain("%s: the program %s of driver \"%s\" is in no section for ops: it needs SEC(\"struct_ops/OP\")",
				 path, prog, ops);
			return;
		}
		op = strchr(section, '/');
		complain("%s: the program %s of driver \"%s\" is in section \"%s\": it needs SEC(\"struct_ops%s\")",
			 path, prog, ops, section, op ? op : "/OP");
	} else if (why && !strncmp(why, "BTF is required", 15)) {
		complain("%s has no BTF: compile it with -g", path);
	} else if (why && !strncmp(why, "failed to find BTF for extern", 29)) {
		complain("%s has externs that no program uses: compile it with -O2",
			 path);
	} else {
		complain("%s is not a BPF object that libbpf can open: %s",
			 path, why ? why : errno_text(err));
	}
}

int object_open(struct object *o, const char *path, bool verbose)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts,
		    .kernel_log_level = verbose ? 1 : 0);
	int err;

	*o = (struct object) { .path = path };
	err = file_check(path);
	if (err)
		return err;
	o->obj = bpf_object__open_file(path, &opts);
	if (!o->obj) {
		err = -errno;
		complain_open(path, err);
		return err;
	}
	o->btf = bpf_object__btf(o->obj);
	if (o->btf)
		drivers_collect(o);
	if (!o->nr_drivers) {
		complain("%s is a BPF object, but holds no driver (no struct chr_ext_ops in SEC(\".struct_ops.link\"))",
			 path);
		object_close(o);
		return -EINVAL;
	}
	return 0;
}

void object_close(struct object *o)
{
	bpf_object__close(o->obj);
	free(o->drivers);
	*o = (struct object) { };
}

const struct btf_member *member_find(const struct btf *btf,
				     const struct btf_type *type,
				     const char *name, size_t len)
{
	const struct btf_member *m = btf_members(type);
	const char *s;
	int i;

	for (i = 0; i < btf_vlen(type); i++, m++) {
		s = btf__name_by_offset(btf, m->name_off);
		if (strlen(s) == len && !memcmp(s, name, len))
			return m;
	}
	return NULL;
}

/* Where the file has a member of the ops; NULL if it is not of this size. */
void *object_member(const struct object *o, const struct object_driver *d,
		    const char *name, size_t size)
{
	const struct btf_member *m;
	char *data;

	m = member_find(o->btf, d->type, name, strlen(name));
	data = bpf_map__initial_value(d->map, NULL);
	if (!m || !data || btf__resolve_size(o->btf, m->type) != (__s64)size)
		return NULL;
	return data + m->offset / 8;
}

const char *object_name(const struct object *o, const struct object_driver *d)
{
	const char *name = object_member(o, d, "name", CHR_EXT_NAME_LEN);

	if (!name)
		return "";
	return name;
}

/* How many nodes will come; 0: that depends on the hardware. */
__u32 object_instances(const struct object *o, const struct object_driver *d)
{
	const char *compatible;
	const __u32 *instances;

	compatible = object_member(o, d, "compatible", CHR_EXT_MATCH_LEN);
	instances = object_member(o, d, "instances", sizeof(*instances));
	if (compatible && *compatible)
		return 0;
	return instances && *instances ? *instances : 1;
}

/* The op that a program implements, and for whom. */
const char *object_op(const struct object *o, const char *prog,
		      const struct object_driver **driver)
{
	const struct btf_member *m;
	struct bpf_program *p;
	const char *data;
	size_t d;
	int i;

	p = bpf_object__find_program_by_name(o->obj, prog);
	for (d = 0; p && d < o->nr_drivers; d++) {
		m = btf_members(o->drivers[d].type);
		data = bpf_map__initial_value(o->drivers[d].map, NULL);
		for (i = 0; i < btf_vlen(o->drivers[d].type); i++, m++) {
			if (!btf_is_ptr(btf__type_by_id(o->btf, m->type)) ||
			    memcmp(data + m->offset / 8, &p, sizeof(p)))
				continue;
			*driver = &o->drivers[d];
			return btf__name_by_offset(o->btf, m->name_off);
		}
	}
	return NULL;
}

/* The section says so; libbpf tells it to the kernel only. */
bool object_sleepable(const struct object *o, const char *prog)
{
	static const char section[] = "struct_ops.s";
	const struct bpf_program *p;

	p = bpf_object__find_program_by_name(o->obj, prog);
	return p && !strncmp(bpf_program__section_name(p), section,
			     strlen(section));
}
