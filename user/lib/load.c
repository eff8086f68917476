// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
/* Names, return types, and the verifier: all that comes before the attach. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"

/* The rule for chr_ext_ops.name. */
const char *chrext_name_problem(const char *name)
{
	const char *p;

	if (!*name)
		return "it is empty";
	if (strlen(name) >= CHR_EXT_NAME_LEN)
		return "it is longer than 31 characters";
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return "that is a directory";
	for (p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *p))
			return "only letters, digits, '.', '_' and '-' are allowed";
	return NULL;
}

int chrext_object_set_name(struct chrext_object *o, const char *name,
			   struct chrext_error **err)
{
	const char *problem = chrext_name_problem(name);
	struct span at;

	if (o->loaded)
		return fail(err, -EBUSY, "--name %s: %s is loaded already",
			    name, o->path);
	if (o->nr_drivers > 1)
		return fail(err, -EINVAL, "--name %s: %s holds %zu drivers, name one by --set %s.name=%s",
			    name, o->path, o->nr_drivers,
			    bpf_map__name(o->drivers[0].map), name);
	if (problem)
		return fail(err, -EINVAL, "--name %s: this cannot be a driver's name: %s",
			    name, problem);
	if (!object_member(o, &o->drivers[0], "name", CHR_EXT_NAME_LEN, &at))
		return fail(err, -EINVAL, "--name %s: the ops in %s have no name of %d bytes",
			    name, o->path, CHR_EXT_NAME_LEN);
	memset(at.data, 0, at.size);
	memcpy(at.data, name, strlen(name));
	return 0;
}

int object_names_check(const struct chrext_object *o,
		       struct chrext_error **err)
{
	const char *name, *problem;
	size_t i, j;

	for (i = 0; i < o->nr_drivers; i++) {
		name = object_name(o, i);
		problem = chrext_name_problem(name);
		if (problem)
			return fail(err, -EINVAL, "%s: \"%s\" cannot be a driver's name (%s.name): %s",
				    o->path, name,
				    bpf_map__name(o->drivers[i].map), problem);
		for (j = 0; j < i; j++)
			if (!strcmp(object_name(o, j), name))
				return fail(err, -EEXIST, "%s holds two drivers named \"%s\": %s and %s",
					    o->path, name,
					    bpf_map__name(o->drivers[j].map),
					    bpf_map__name(o->drivers[i].map));
	}
	return 0;
}

/*
 * What a program leaves in the upper half of r0 is not the sign of an int, so a
 * program that returns int for an op that returns long makes errors positive.
 */
static int returns_check(const struct chrext_object *o,
			 const struct object_driver *d, const struct member *m,
			 const char *prog, struct chrext_error **err)
{
	const struct btf_type *ptr = type_get(o->btf, m->type);
	char want[64], got[64];
	bool want_void, got_void;
	__u64 want_size, got_size;
	__s32 func;

	func = btf__find_by_name_kind(o->btf, prog, BTF_KIND_FUNC);
	if (func < 0 ||
	    !type_returns(o->btf, ptr->type, want, sizeof(want), &want_void,
			  &want_size) ||
	    !type_returns(o->btf, type_get(o->btf, func)->type, got,
			  sizeof(got), &got_void, &got_size) ||
	    (want_void == got_void && want_size == got_size))
		return 0;
	return fail(err, -EINVAL, "driver \"%s\": op %s returns %s, but the program %s returns %s",
		    object_name(o, d - o->drivers), m->name, want, prog, got);
}

int object_types_check(const struct chrext_object *o,
		       struct chrext_error **err)
{
	const struct object_driver *d;
	struct bpf_program *prog;
	struct member m;
	__u32 i;
	int ret;

	for (d = o->drivers; d < o->drivers + o->nr_drivers; d++) {
		for (i = 0; member_get(o->btf, d->type, i, &m); i++) {
			prog = object_program(o, d, &m);
			ret = prog ? returns_check(o, d, &m,
						   bpf_program__name(prog),
						   err) : 0;
			if (ret)
				return ret;
		}
	}
	return 0;
}

/* An object for a newer module is the usual reason for what is missing. */
static bool hint_newer(const struct chrext_object *o, struct chrext_error **err)
{
	__u32 abi = module_abi();

	if (!abi || o->abi <= abi)
		return false;
	error_hint(err, "it was compiled for ABI %u and the loaded module has ABI %u: install a newer chr_ext module",
		   o->abi, abi);
	return true;
}

static void hint_rejected(const struct chrext_object *o, const struct reason *r,
			  struct chrext_error **err)
{
	if (r->core && hint_newer(o, err))
		return;
	if (*r->hint)
		error_hint(err, "%s", r->hint);
	else if (lockdown_is("confidentiality"))
		error_hint(err, "the kernel is locked down (confidentiality): programs may not use the helpers that read kernel memory");
}

static int fail_verifier(const struct chrext_object *o, const char *prog,
			 const char *op, const struct object_driver *d,
			 const char *log, int code, struct chrext_error **err)
{
	struct reason r;
	char subject[256];

	if (op)
		snprintf(subject, sizeof(subject), "%s, op %s of driver \"%s\"", prog, op,
			 object_name(o, d - o->drivers));
	else
		snprintf(subject, sizeof(subject), "%s", prog);
	if (verifier_reason(log, op, object_sleepable(o, prog), &r))
		fail(err, code, "the verifier rejected %s%s%s: %s", subject,
		     *r.place ? ", at " : "", r.place, r.text);
	else
		fail(err, code, "the verifier rejected %s", subject);
	error_place(err, r.place);
	hint_rejected(o, &r, err);
	verifier_excerpt(err, log);
	return code;
}

static int fail_program(const struct chrext_object *o, const struct capture *c,
			const char *prog, const char *log, int code,
			struct chrext_refusals *refusals,
			struct chrext_error **err)
{
	static const char unserved[] = "attach to unsupported member ";
	const struct object_driver *d = NULL;
	char member[64], name[BPF_OBJ_NAME_LEN];
	struct chrext_refusal refused;
	const char *op = object_op(o, prog, &d);

	/* For an op that the module refuses, the verifier reports "unsupported". */
	snprintf(name, sizeof(name), "%.*s", BPF_OBJ_NAME_LEN - 1, prog);
	if (chrext_refusals_next(refusals, name, &refused))
		return fail(err, code, "the program %s was refused: %s", prog,
			    refused.text);
	if (capture_word(c, unserved, member, sizeof(member)))
		return fail(err, code, "driver \"%s\" has the op %s (%s), which the loaded chr_ext module does not serve",
			    d ? object_name(o, d - o->drivers) : o->path,
			    member, prog);
	if (code == -EPERM && !*log)
		return fail_eperm(err, "loading a program");
	if (!*log)
		return fail(err, code, "the kernel refused the program %s: %s",
			    prog, errno_text(code));
	return fail_verifier(o, prog, op, d, log, code, err);
}

int fail_no_extern(const struct chrext_object *o, const char *func, int code,
		   struct chrext_error **err)
{
	static const char gpio[] = "chr_ext_gpio_";

	if (!strncmp(func, gpio, strlen(gpio)) && !module_has("gpio"))
		return fail(err, code, "%s calls %s(), but the loaded chr_ext module has no GPIO: it was built for a kernel without CONFIG_GPIOLIB",
			    o->path, func);
	fail(err, code, "%s calls %s(), which neither this kernel nor the loaded chr_ext module has",
	     o->path, func);
	hint_newer(o, err);
	return code;
}

int fail_no_member(const struct chrext_object *o, const char *ops,
		   const char *member, int code, struct chrext_error **err)
{
	fail(err, code, "%s sets %s.%s, a member that the loaded chr_ext module does not know",
	     o->path, ops, member);
	hint_newer(o, err);
	return code;
}

int fail_other_member(const struct chrext_object *o, const char *ops,
		      const char *member, int code, struct chrext_error **err)
{
	return fail(err, code, "%s has %s.%s as another type than the loaded chr_ext module",
		    o->path, ops, member);
}

static int fail_load(const struct chrext_object *o, const struct capture *c,
		     int code, struct chrext_refusals *refusals,
		     struct chrext_error **err)
{
	char word[128], map[128];
	const char *log;

	if (capture_verifier(c, word, sizeof(word), &log))
		return fail_program(o, c, word, log, code, refusals, err);
	if (!capture_word(c, "struct_ops init_kern ", map, sizeof(map)))
		snprintf(map, sizeof(map), "?");
	if (capture_word(c, "Cannot find member ", word, sizeof(word)))
		return fail_no_member(o, map, word, code, err);
	if (capture_word(c, "Error in size of member ", word, sizeof(word)) ||
	    capture_word(c, "Unmatched member type ", word, sizeof(word)))
		return fail_other_member(o, map, word, code, err);
	if (capture_word(c, "invalid reuse of prog ", word, sizeof(word)))
		return fail(err, code, "%s has %s() in two ops: each op needs a program of its own",
			    o->path, word);
	if (capture_find(c, "struct chr_ext_ops is not found in kernel BTF") ||
	    capture_find(c, "bpf_struct_ops_chr_ext_ops is not found"))
		return fail(err, code, "the chr_ext module is loaded, but its BTF has no chr_ext_ops: build it again for this kernel");
	if (capture_word(c, "extern (func ksym) '", word, sizeof(word)))
		return capture_find(c, "': func_proto ") ?
		       fail(err, code, "%s declares %s() with other types than the kernel or the loaded chr_ext module has",
			    o->path, word) :
		       fail_no_extern(o, word, code, err);
	if (capture_find(c, "BTF loading error") &&
	    capture_find(c, " Invalid arg#"))
		return fail(err, code, "%s has BTF that the kernel does not accept: compile it with -O2",
			    o->path);
	if (code == -EPERM)
		return fail_eperm(err, "loading a driver");
	return fail(err, code, "cannot load %s: %s", o->path,
		    capture_best(c) ? capture_best(c) : errno_text(code));
}

static void log_levels_set(struct chrext_object *o)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, o->obj)
		bpf_program__set_log_level(prog, 1);
}

static int verify(struct chrext_object *o, struct chrext_error **err)
{
	struct chrext_refusals *refusals = chrext_refusals_open();
	struct capture c;
	int ret;

	if (o->verbose)
		log_levels_set(o);
	capture_begin(&c, o);
	ret = bpf_object__load(o->obj);
	capture_end(&c);
	if (ret)
		fail_load(o, &c, ret, refusals, err);
	capture_free(&c);
	chrext_refusals_free(refusals);
	return ret;
}

int chrext_object_load(struct chrext_object *o, struct chrext_error **err)
{
	int ret;

	if (o->loaded)
		return fail(err, -EBUSY, "%s is loaded already", o->path);
	ret = object_names_check(o, err);
	if (!ret)
		ret = object_types_check(o, err);
	if (!ret)
		ret = chrext_check(CHREXT_CHECK_LOAD, err);
	if (!ret)
		ret = verify(o, err);
	o->loaded = !ret;
	return ret;
}
