// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* A driver's file: check it, open it, and find the drivers in it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib.h"

/* libelf accepts sections that lie beyond the end of the file. */
static bool section_whole(const GElf_Shdr *shdr, size_t size)
{
	/* libbpf divides by the size of an entry. */
	if ((shdr->sh_type == SHT_REL || shdr->sh_type == SHT_SYMTAB) &&
	    shdr->sh_entsize != (shdr->sh_type == SHT_REL ? sizeof(Elf64_Rel) :
							  sizeof(Elf64_Sym)))
		return false;
	return shdr->sh_type == SHT_NOBITS ||
	       (shdr->sh_offset <= size &&
		shdr->sh_size <= size - shdr->sh_offset);
}

static bool sections_whole(Elf *elf, const GElf_Ehdr *ehdr, size_t size)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t table = (size_t)ehdr->e_shnum * ehdr->e_shentsize;

	if (!ehdr->e_shoff || table > size || ehdr->e_shoff > size - table)
		return false;
	while ((scn = elf_nextscn(elf, scn)))
		if (!gelf_getshdr(scn, &shdr) || !section_whole(&shdr, size))
			return false;
	return true;
}

static int fail_damaged(const char *name, struct chrext_error **err)
{
	return fail(err, -EINVAL, "%s is an ELF file, but truncated or damaged",
		    name);
}

static int elf_check(const char *name, Elf *elf, size_t size,
		     struct chrext_error **err)
{
	GElf_Ehdr ehdr;

	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &ehdr) ||
	    (ehdr.e_machine == EM_BPF && !sections_whole(elf, &ehdr, size)))
		return fail_damaged(name, err);
	if (ehdr.e_machine != EM_BPF)
		return fail(err, -EINVAL, "%s is an ELF file for another machine (%u), not for BPF (%u): compile it with 'clang --target=bpf'",
			    name, ehdr.e_machine, EM_BPF);
	return 0;
}

/* The first section of this name, or NULL. */
static Elf_Scn *section_find(Elf *elf, const char *name, GElf_Shdr *shdr)
{
	Elf_Scn *scn = NULL;
	size_t strings;
	const char *s;

	if (elf_getshdrstrndx(elf, &strings))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, shdr))
			return NULL;
		s = elf_strptr(elf, strings, shdr->sh_name);
		if (s && !strcmp(s, name))
			return scn;
	}
	return NULL;
}

/*
 * Neither where a variable begins nor its size is beyond its section: libbpf
 * adds the two in 32 bits. Symbols replace offsets that are not set.
 */
static bool datasec_whole(Elf *elf, const struct btf *btf,
			  const struct btf_type *t)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(t);
	GElf_Shdr shdr;
	__u32 i;

	if (!section_find(elf, type_name(btf, t), &shdr))
		return true;
	for (i = 0; i < btf_vlen(t); i++, v++)
		if (v->offset > shdr.sh_size || v->size > shdr.sh_size ||
		    btf__resolve_size(btf, v->type) > (__s64)shdr.sh_size)
			return false;
	return true;
}

static bool symbols_whole(Elf *elf)
{
	Elf_Scn *scn = NULL, *target;
	GElf_Shdr shdr, in;
	Elf_Data *data;
	GElf_Sym sym;
	size_t i;

	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &shdr))
			return false;
		if (shdr.sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(scn, NULL);
		for (i = 0; data && gelf_getsym(data, i, &sym); i++) {
			target = sym.st_shndx < SHN_LORESERVE ?
				 elf_getscn(elf, sym.st_shndx) : NULL;
			if (sym.st_shndx && target && gelf_getshdr(target, &in) &&
			    (sym.st_value > in.sh_size ||
			     sym.st_size > in.sh_size - sym.st_value))
				return false;
		}
	}
	return true;
}

static bool btf_fits(Elf *elf, const struct btf *btf)
{
	const struct btf_type *t;
	__u32 i;

	if (!btf_is_whole(btf))
		return false;
	for (i = 1; i < btf__type_cnt(btf); i++) {
		t = type_get(btf, i);
		if (btf_is_datasec(t) && !datasec_whole(elf, btf, t))
			return false;
	}
	return true;
}

/* libbpf trusts the BTF and the symbols of a file more than it should. */
static int btf_check(const char *name, Elf *elf, struct chrext_error **err)
{
	GElf_Shdr shdr;
	Elf_Scn *scn = section_find(elf, ".BTF", &shdr);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	struct capture c;
	struct btf *btf;
	bool fits;

	if (!symbols_whole(elf))
		return fail_damaged(name, err);
	if (!data)
		return 0;	/* libbpf reports what is missing */
	capture_begin(&c, NULL);
	btf = btf__new(data->d_buf, data->d_size);
	fits = btf && btf_fits(elf, btf);
	capture_end(&c);
	capture_free(&c);
	btf__free(btf);
	return fits ? 0 : fail(err, -EINVAL, "%s has damaged BTF", name);
}

/* The ABI that the headers had, which CHR_EXT_DRIVER() records; 0: unknown. */
static __u32 abi_read(Elf *elf)
{
	GElf_Shdr shdr;
	Elf_Scn *scn = section_find(elf, CHR_EXT_ABI_SECTION, &shdr);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	__u32 abi = 0;

	if (data && data->d_buf && data->d_size >= sizeof(abi))
		memcpy(&abi, data->d_buf, sizeof(abi));
	return abi;
}

static int extern_add(struct chrext_object *o, const char *name, bool weak)
{
	struct object_extern *all;

	all = realloc(o->externs, (o->nr_externs + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	o->externs = all;
	all += o->nr_externs;
	all->weak = weak;
	all->name = strdup(name);
	if (!all->name)
		return -ENOMEM;
	o->nr_externs++;
	return 0;
}

/* The symbols that the file leaves to the kernel. */
static int externs_collect(struct chrext_object *o, Elf *elf)
{
	Elf_Scn *scn = NULL;
	Elf_Data *data;
	GElf_Shdr shdr;
	const char *s;
	GElf_Sym sym;
	size_t i;

	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_SYMTAB)
			continue;
		data = elf_getdata(scn, NULL);
		for (i = 1; data && gelf_getsym(data, i, &sym); i++) {
			s = elf_strptr(elf, shdr.sh_link, sym.st_name);
			if (sym.st_shndx == SHN_UNDEF && s && *s &&
			    extern_add(o, s, GELF_ST_BIND(sym.st_info) == STB_WEAK))
				return -ENOMEM;
		}
	}
	return 0;
}

static int image_check(struct chrext_object *o, const void *data, size_t size,
		       struct chrext_error **err)
{
	const char *name = o->path;
	Elf *elf;
	int ret;

	if (!size)
		return fail(err, -EINVAL, "%s is empty", name);
	if (size < SELFMAG || memcmp(data, ELFMAG, SELFMAG))
		return fail(err, -EINVAL, "%s is not an ELF file: 'chrext load' takes a compiled driver, NAME.bpf.o",
			    name);
	elf_version(EV_CURRENT);
	elf = elf_memory((char *)data, size);
	ret = elf_check(name, elf, size, err);
	if (!ret)
		ret = btf_check(name, elf, err);
	if (!ret) {
		o->abi = abi_read(elf);
		if (externs_collect(o, elf))
			ret = fail_memory(err);
	}
	elf_end(elf);
	return ret;
}

/* A "flavour", chr_ext_ops___mine, means the same type to libbpf. */
static bool is_ops(const struct btf *btf, const struct btf_type *type)
{
	static const char ops[] = "chr_ext_ops";
	const char *name = type_name(btf, type);

	return btf_is_struct(type) && !strncmp(name, ops, strlen(ops)) &&
	       (!name[strlen(ops)] || !strncmp(name + strlen(ops), "___", 3));
}

static int driver_add(struct chrext_object *o, struct bpf_map *map,
		      const struct btf_type *type)
{
	struct object_driver *d;

	d = realloc(o->drivers, (o->nr_drivers + 1) * sizeof(*d));
	if (!d)
		return -ENOMEM;
	o->drivers = d;
	d += o->nr_drivers++;
	*d = (struct object_driver) {
		.map = map,
		.type = type,
		.type_id = bpf_map__btf_value_type_id(map),
	};
	/* Now, as after the load this is the size of the kernel's value. */
	d->value.data = bpf_map__initial_value(map, &d->value.size);
	return 0;
}

static int drivers_collect(struct chrext_object *o, struct chrext_error **err)
{
	const struct btf_type *type;
	struct bpf_map *map;

	o->btf = bpf_object__btf(o->obj);
	bpf_object__for_each_map(map, o->obj) {
		if (!o->btf || bpf_map__type(map) != BPF_MAP_TYPE_STRUCT_OPS ||
		    !bpf_map__autocreate(map))
			continue;
		type = type_get(o->btf, bpf_map__btf_value_type_id(map));
		if (is_ops(o->btf, type) && driver_add(o, map, type))
			return fail_memory(err);
	}
	if (!o->nr_drivers)
		return fail(err, -EINVAL, "%s is a BPF object, but holds no driver (no struct chr_ext_ops in SEC(\".struct_ops.link\"))",
			    o->path);
	return 0;
}

static int fail_open(const char *path, const struct capture *c, int code,
		     struct chrext_error **err)
{
	const char *why = capture_best(c), *op;
	char prog[128], ops[128], section[128];

	if (capture_find(c, " is not struct_ops BPF program") &&
	    capture_word(c, "struct_ops reloc ", ops, sizeof(ops)) &&
	    capture_word(c, ": prog ", prog, sizeof(prog))) {
		if (!capture_section(c, prog, section, sizeof(section)))
			return fail(err, code, "%s: the program %s of driver \"%s\" is in no section for ops: it needs SEC(\"struct_ops/OP\")",
				    path, prog, ops);
		op = strchr(section, '/');
		return fail(err, code, "%s: the program %s of driver \"%s\" is in section \"%s\": it needs SEC(\"struct_ops%s\")",
			    path, prog, ops, section, op ? op : "/OP");
	}
	if (why && !strncmp(why, "BTF is required", 15))
		return fail(err, code, "%s has no BTF: compile it with -g", path);
	if (why && !strncmp(why, "failed to find BTF for extern", 29))
		return fail(err, code, "%s has externs that no program uses: compile it with -O2",
			    path);
	return fail(err, code, "%s is not a BPF object that libbpf can open: %s",
		    path, why ? why : errno_text(code));
}

static __u64 digest_get(const void *data, size_t size)
{
	const unsigned char *s = data;
	__u64 digest = 0xcbf29ce484222325;

	while (size--)
		digest = (digest ^ *s++) * 0x100000001b3;
	return digest;
}

static int object_fill(struct chrext_object *o, const void *data, size_t size,
		       const char *name, struct chrext_error **err)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = name);
	struct capture c;
	int ret;

	ret = image_check(o, data, size, err);
	if (ret)
		return ret;
	o->digest = digest_get(data, size);
	capture_begin(&c, o);
	o->obj = bpf_object__open_mem(data, size, &opts);
	ret = o->obj ? 0 : -errno;
	capture_end(&c);
	if (ret)
		fail_open(o->path, &c, ret, err);
	capture_free(&c);
	return ret ? ret : drivers_collect(o, err);
}

/* libbpf's own rule: the file's name up to the first dot. */
static void name_of(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/'), *s = slash ? slash + 1 : path;

	snprintf(name, size, "%.*s", (int)strcspn(s, "."), s);
}

struct chrext_object *chrext_object_open_mem(const void *data, size_t size,
					     const char *name,
					     struct chrext_error **err)
{
	struct chrext_object *o = calloc(1, sizeof(*o));
	char short_name[BPF_OBJ_NAME_LEN];

	name_of(name, short_name, sizeof(short_name));
	if (o)
		o->path = strdup(name);
	if (!o || !o->path) {
		free(o);
		fail_memory(err);
		return NULL;
	}
	if (object_fill(o, data, size, short_name, err)) {
		chrext_object_free(o);
		return NULL;
	}
	return o;
}

static char *file_read(const char *path, int fd, size_t *size,
		       struct chrext_error **err)
{
	struct stat st;
	char *data;
	ssize_t n;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		fail(err, -EINVAL, "%s is not a regular file", path);
		return NULL;
	}
	data = malloc(st.st_size + 1);
	if (!data) {
		fail_memory(err);
		return NULL;
	}
	for (*size = 0; *size < (size_t)st.st_size; *size += n) {
		n = pread(fd, data + *size, st.st_size - *size, *size);
		if (n < 0) {
			fail(err, -errno, "cannot read %s: %s", path,
			     errno_text(errno));
			free(data);
			return NULL;
		}
		if (!n)
			break;
	}
	return data;
}

struct chrext_object *chrext_object_open(const char *path,
					 struct chrext_error **err)
{
	struct chrext_object *o = NULL;
	char *data;
	size_t size;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		fail(err, -errno, "cannot open %s: %s", path, errno_text(errno));
		return NULL;
	}
	data = file_read(path, fd, &size, err);
	close(fd);
	if (data)
		o = chrext_object_open_mem(data, size, path, err);
	free(data);
	return o;
}

void chrext_object_free(struct chrext_object *o)
{
	if (!o)
		return;
	object_release(o);
	chrext_object_detach(o);
	bpf_object__close(o->obj);
	chrext_refusals_free(o->refusals);
	while (o->nr_externs)
		free(o->externs[--o->nr_externs].name);
	free(o->externs);
	free(o->drivers);
	free(o->path);
	free(o);
}

void chrext_object_set_notify(struct chrext_object *o, chrext_notify_fn fn,
			      void *arg, bool verbose)
{
	o->notify = fn;
	o->notify_arg = arg;
	o->verbose = verbose;
}

void note(const struct chrext_object *o, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	if (!o->notify)
		return;
	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	o->notify(o->notify_arg, CHREXT_NOTE_WARNING, s);
	free(s);
}

size_t chrext_object_num_drivers(const struct chrext_object *o)
{
	return o->nr_drivers;
}

const char *chrext_object_get_driver_name(const struct chrext_object *o,
					  size_t index)
{
	return index < o->nr_drivers ? object_name(o, index) : "";
}

/* A member of the ops as the file has it; false if it is not of this size. */
bool object_member(const struct chrext_object *o, const struct object_driver *d,
		   const char *name, size_t size, struct span *at)
{
	struct member m;

	return member_find(o->btf, d->type, name, strlen(name), &m) &&
	       btf__resolve_size(o->btf, m.type) == (__s64)size &&
	       span_part(&d->value, m.bits / 8, size, at);
}

/* Terminated, even if all bytes of the member are used. */
const char *object_name(const struct chrext_object *o, size_t index)
{
	struct object_driver *d = &o->drivers[index];
	struct span at;

	d->name[0] = 0;
	if (object_member(o, d, "name", CHR_EXT_NAME_LEN, &at))
		memcpy(d->name, at.data, CHR_EXT_NAME_LEN);
	return d->name;
}

/* How many nodes will appear; 0: that depends on the hardware. */
__u32 object_instances(const struct chrext_object *o,
		       const struct object_driver *d)
{
	struct span at;
	__u32 n = 0;

	if (object_member(o, d, "compatible", CHR_EXT_MATCH_LEN, &at) &&
	    *at.data)
		return 0;
	if (object_member(o, d, "instances", sizeof(n), &at))
		memcpy(&n, at.data, sizeof(n));
	return n ? n : 1;
}

/*
 * The program of op @m, or NULL. libbpf puts a pointer there if the file has a
 * relocation; without, a damaged file has any number.
 */
struct bpf_program *object_program(const struct chrext_object *o,
				   const struct object_driver *d,
				   const struct member *m)
{
	struct bpf_program *prog, *p;
	struct span at;

	if (!btf_is_ptr(type_get(o->btf, m->type)) ||
	    !span_part(&d->value, m->bits / 8, sizeof(p), &at))
		return NULL;
	memcpy(&p, at.data, sizeof(p));
	bpf_object__for_each_program(prog, o->obj)
		if (prog == p)
			return prog;
	return NULL;
}

/* The op that a program implements, and its driver. */
const char *object_op(const struct chrext_object *o, const char *prog,
		      const struct object_driver **driver)
{
	const struct object_driver *d;
	struct bpf_program *p;
	struct member m;
	__u32 i;

	p = bpf_object__find_program_by_name(o->obj, prog);
	for (d = o->drivers; p && d < o->drivers + o->nr_drivers; d++) {
		for (i = 0; member_get(o->btf, d->type, i, &m); i++) {
			if (object_program(o, d, &m) != p)
				continue;
			*driver = d;
			return m.name;
		}
	}
	return NULL;
}

/* By its section: libbpf passes the flag to the kernel only. */
bool object_sleepable(const struct chrext_object *o, const char *prog)
{
	static const char section[] = "struct_ops.s";
	const struct bpf_program *p;

	p = bpf_object__find_program_by_name(o->obj, prog);
	return p && !strncmp(bpf_program__section_name(p), section,
			     strlen(section));
}

bool is_link(const struct object_driver *d)
{
	return bpf_map__map_flags(d->map) & BPF_F_LINK;
}

bool is_data_section(const char *name)
{
	return !strncmp(name, ".data", 5) || !strncmp(name, ".rodata", 7) ||
	       !strncmp(name, ".bss", 4);
}
