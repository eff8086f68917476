// SPDX-License-Identifier: GPL-2.0-only
/*
 * protos OBJECT: prints the prototypes of the functions chr_ext_* that an object
 * defines, a line each, from its BTF.
 * protos OBJECT MODULE: the same functions as the loaded module has them.
 *
 * Typedefs are resolved, so that __u32 and u32 are the same; names of arguments
 * are kept, as their suffixes (__sz, __str) define their type for the verifier.
 */
#include <bpf/btf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *name_at(const struct btf *btf, __u32 off)
{
	const char *name = btf__name_by_offset(btf, off);

	return name && *name ? name : "-";
}

/* The kernel's char is unsigned, clang's is signed. */
static void print_int(const struct btf_type *t, const char *name)
{
	int encoding = btf_int_encoding(t);

	if (encoding & BTF_INT_BOOL || !strcmp(name, "char"))
		printf("%s", encoding & BTF_INT_BOOL ? "bool" : name);
	else
		printf("%c%u", encoding & BTF_INT_SIGNED ? 's' : 'u',
		       t->size * 8);
}

/* @pointee: constant memory matters; a constant argument does not. */
static void print_type(const struct btf *btf, __u32 id, bool pointee)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	switch (id ? btf_kind(t) : BTF_KIND_UNKN) {
	case BTF_KIND_UNKN:
		printf("void");
		break;
	case BTF_KIND_INT:
		print_int(t, name_at(btf, t->name_off));
		break;
	case BTF_KIND_PTR:
		printf("*");
		print_type(btf, t->type, true);
		break;
	case BTF_KIND_CONST:
		if (pointee)
			printf("const ");
		print_type(btf, t->type, pointee);
		break;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		print_type(btf, t->type, pointee);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_FWD:
		printf("struct %s", name_at(btf, t->name_off));
		break;
	default:
		printf("kind%u %s", btf_kind(t), name_at(btf, t->name_off));
	}
}

static void print_function(const struct btf *btf, const struct btf_type *func,
			   const char *name)
{
	const struct btf_type *proto = btf__type_by_id(btf, func->type);
	const struct btf_param *p = btf_params(proto);
	int i;

	print_type(btf, proto->type, false);
	printf(" %s(", name);
	for (i = 0; i < btf_vlen(proto); i++) {
		printf(i ? ", " : "");
		print_type(btf, p[i].type, false);
		printf(" %s", name_at(btf, p[i].name_off));
	}
	printf(")\n");
}

/* libbpf ignores what follows three underscores in the name of an extern. */
static char *kfunc_name(const char *name)
{
	const char *suffix = strstr(name, "___");

	return suffix ? strndup(name, suffix - name) : strdup(name);
}

static void print_kfunc(const struct btf *object, const struct btf *module,
			const struct btf_type *func)
{
	char *name = kfunc_name(name_at(object, func->name_off));
	__s32 id;

	if (!module) {
		print_function(object, func, name);
	} else {
		id = btf__find_by_name_kind(module, name, BTF_KIND_FUNC);
		if (id < 0)
			printf("no %s\n", name);
		else
			print_function(module, btf__type_by_id(module, id),
				       name);
	}
	free(name);
}

int main(int argc, char **argv)
{
	struct btf *object, *vmlinux = NULL, *module = NULL;
	const struct btf_type *t;
	__u32 i;

	if (argc < 2 || argc > 3)
		return 2;
	object = btf__parse(argv[1], NULL);
	if (argc == 3) {
		vmlinux = btf__load_vmlinux_btf();
		module = btf__load_module_btf(argv[2], vmlinux);
	}
	if (!object || (argc == 3 && !module)) {
		perror("BTF");
		return 1;
	}
	for (i = 1; i < btf__type_cnt(object); i++) {
		t = btf__type_by_id(object, i);
		if (btf_is_func(t) &&
		    !strncmp(name_at(object, t->name_off), "chr_ext_", 8))
			print_kfunc(object, module, t);
	}
	btf__free(module);
	btf__free(vmlinux);
	btf__free(object);
	return 0;
}
