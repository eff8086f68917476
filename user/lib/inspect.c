// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* What is in an object, and whether this machine has what it needs. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"

#define BTF_DIR	"/sys/kernel/btf"

/* BTF of this machine. */
struct machine {
	struct btf *vmlinux;
	struct btf *module;	/* chr_ext's own */
};

uint32_t chrext_object_get_abi(const struct chrext_object *o)
{
	return o->abi;
}

uint64_t chrext_object_get_digest(const struct chrext_object *o)
{
	return o->digest;
}

const char *chrext_object_get_compatible(struct chrext_object *o, size_t index)
{
	struct object_driver *d;
	struct span at;

	if (index >= o->nr_drivers)
		return "";
	d = &o->drivers[index];
	d->compatible[0] = 0;
	if (object_member(o, d, "compatible", CHR_EXT_MATCH_LEN, &at))
		memcpy(d->compatible, at.data, CHR_EXT_MATCH_LEN);
	return d->compatible;
}

bool chrext_object_get_op(const struct chrext_object *o, size_t driver,
			  size_t index, struct chrext_op *op)
{
	const struct object_driver *d;
	struct bpf_program *prog;
	struct member m;
	__u32 i;

	if (driver >= o->nr_drivers || o->loaded)
		return false;
	d = &o->drivers[driver];
	for (i = 0; member_get(o->btf, d->type, i, &m); i++) {
		prog = object_program(o, d, &m);
		if (!prog || index--)
			continue;
		op->name = m.name;
		op->program = bpf_program__name(prog);
		op->sleepable = object_sleepable(o, op->program);
		return true;
	}
	return false;
}

static void machine_close(struct machine *m)
{
	btf__free(m->module);
	btf__free(m->vmlinux);
}

static int machine_open(struct machine *m, struct chrext_error **err)
{
	int ret = chrext_check(CHREXT_CHECK_MODULE, err);
	struct capture c;

	*m = (struct machine) { };
	if (ret)
		return ret;
	capture_begin(&c, NULL);
	m->vmlinux = btf__parse(BTF_DIR "/vmlinux", NULL);
	if (m->vmlinux)
		m->module = btf__parse_split(BTF_DIR "/chr_ext", m->vmlinux);
	ret = m->module ? 0 : -errno;
	capture_end(&c);
	capture_free(&c);
	if (!ret)
		return 0;
	machine_close(m);
	return ret == -ENOMEM ? fail_memory(err) :
	       fail(err, ret, "cannot read the BTF of %s in " BTF_DIR ": %s",
		    m->vmlinux ? "the chr_ext module" : "this kernel",
		    errno_text(ret));
}

static bool btf_has(const struct btf *btf, const char *func)
{
	return btf__find_by_name_kind(btf, func, BTF_KIND_FUNC) > 0;
}

/* Kfuncs may be any module's; libbpf looks there too. */
static bool other_module_has(const struct machine *m, const char *func)
{
	DIR *dir = opendir(BTF_DIR);
	struct dirent *e;
	struct capture c;
	struct btf *btf;
	char path[300];
	bool has = false;

	while (dir && !has && (e = readdir(dir))) {
		if (*e->d_name == '.' || !strcmp(e->d_name, "vmlinux") ||
		    !strcmp(e->d_name, "chr_ext"))
			continue;
		snprintf(path, sizeof(path), BTF_DIR "/%s", e->d_name);
		capture_begin(&c, NULL);
		btf = btf__parse_split(path, m->vmlinux);
		has = btf && btf_has(btf, func);
		capture_end(&c);
		capture_free(&c);
		btf__free(btf);
	}
	if (dir)
		closedir(dir);
	return has;
}

/* libbpf ignores what follows three underscores. */
static bool func_name(const char *symbol, char *func, size_t size)
{
	const char *suffix = strstr(symbol, "___");
	int len = suffix ? (int)(suffix - symbol) : (int)strlen(symbol);

	return (size_t)snprintf(func, size, "%.*s", len, symbol) < size;
}

static bool machine_has(const struct machine *m, const char *symbol)
{
	char func[256];

	return func_name(symbol, func, sizeof(func)) &&
	       (btf_has(m->module, func) || btf_has(m->vmlinux, func) ||
		other_module_has(m, func));
}

static bool is_func(const struct chrext_object *o, const struct object_extern *e)
{
	return btf_has(o->btf, e->name);
}

int chrext_object_kfuncs(const struct chrext_object *o,
			 void (*fn)(void *arg, const struct chrext_kfunc *kfunc),
			 void *arg)
{
	struct chrext_kfunc kfunc;
	struct machine m;
	bool known = !machine_open(&m, NULL);
	int missing = 0;
	size_t i;

	for (i = 0; i < o->nr_externs; i++) {
		if (!is_func(o, &o->externs[i]))
			continue;
		kfunc.name = o->externs[i].name;
		kfunc.optional = o->externs[i].weak;
		kfunc.here = !known ? CHREXT_UNKNOWN :
			     machine_has(&m, kfunc.name) ? CHREXT_PRESENT :
							   CHREXT_ABSENT;
		missing += kfunc.here == CHREXT_ABSENT && !kfunc.optional;
		fn(arg, &kfunc);
	}
	if (known)
		machine_close(&m);
	return missing;
}

/* The module's struct chr_ext_ops, or NULL. */
static const struct btf_type *machine_ops(const struct machine *m)
{
	__s32 id = btf__find_by_name_kind(m->module, "chr_ext_ops",
					  BTF_KIND_STRUCT);

	return id > 0 ? type_get(m->module, id) : NULL;
}

static bool is_zero(const struct span *at)
{
	size_t i;

	for (i = 0; i < at->size; i++)
		if (at->data[i])
			return false;
	return true;
}

/* libbpf's rule: what is not 0 must be in the module, with the same size. */
static int members_check(const struct chrext_object *o,
			 const struct object_driver *d, const struct machine *m,
			 struct chrext_error **err)
{
	const struct btf_type *ops = machine_ops(m);
	const char *name = bpf_map__name(d->map);
	struct member ours, theirs;
	struct span at;
	__s64 size;
	__u32 i;

	if (!ops)
		return fail(err, -ENODEV, "the chr_ext module is loaded, but its BTF has no chr_ext_ops: build it again for this kernel");
	for (i = 0; member_get(o->btf, d->type, i, &ours); i++) {
		size = btf__resolve_size(o->btf, ours.type);
		if (size <= 0 || !span_part(&d->value, ours.bits / 8, size, &at) ||
		    is_zero(&at))
			continue;
		if (!member_find(m->module, ops, ours.name, strlen(ours.name),
				 &theirs))
			return fail_no_member(o, name, ours.name, -EOPNOTSUPP,
					      err);
		if (btf__resolve_size(m->module, theirs.type) != size)
			return fail_other_member(o, name, ours.name, -EINVAL, err);
	}
	return 0;
}

static int flags_check(const struct chrext_object *o, size_t index,
		       struct chrext_error **err)
{
	__u32 flags = 0, known;
	char line[16];
	struct span at;

	if (!object_member(o, &o->drivers[index], "flags", sizeof(flags), &at) ||
	    !file_line(line, sizeof(line), CLASS_DIR "/flags"))
		return 0;
	memcpy(&flags, at.data, sizeof(flags));
	known = strtoul(line, NULL, 0);
	if (!(flags & ~known))
		return 0;
	return fail(err, -EINVAL, "driver \"%s\" has flags %#x, which the loaded chr_ext module does not know: install a newer one",
		    object_name(o, index), flags & ~known);
}

static int machine_check(const struct chrext_object *o, const struct machine *m,
			 struct chrext_error **err)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < o->nr_drivers && !ret; i++) {
		ret = members_check(o, &o->drivers[i], m, err);
		if (!ret)
			ret = flags_check(o, i, err);
	}
	for (i = 0; i < o->nr_externs && !ret; i++)
		if (!o->externs[i].weak && is_func(o, &o->externs[i]) &&
		    !machine_has(m, o->externs[i].name))
			ret = fail_no_extern(o, o->externs[i].name, -EOPNOTSUPP,
					     err);
	return ret;
}

int chrext_object_check(const struct chrext_object *o, struct chrext_error **err)
{
	struct machine m;
	int ret;

	if (o->loaded)
		return 0;
	ret = object_names_check(o, err);
	if (!ret)
		ret = object_types_check(o, err);
	if (!ret)
		ret = machine_open(&m, err);
	if (ret)
		return ret;
	ret = machine_check(o, &m, err);
	machine_close(&m);
	return ret;
}
