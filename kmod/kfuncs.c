// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kfuncs of all families as the one set that the kernel takes from a module,
 * and the rule by which ops may call them.
 */
#include <linux/btf.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "family.h"
#include "kfuncs.h"
#include "ops.h"

#define for_each_kfuncs(at, f, i, k)					\
	for_each_chr_ext_family(f, at)					\
		for (i = 0; i < CHR_EXT_FAMILY_FILES; i++)		\
			for (k = f->kfuncs[i]; k && k->set; k++)

static const struct btf *module_btf;

/*
 * Align the section: modules have it unaligned. arm64 loads a u32 of a known
 * symbol with an instruction whose relocation has no room for the last two bits.
 */
asm(".pushsection .BTF_ids,\"a\"\n"
    ".balign 4\n"
    ".popsection");
BTF_ID_LIST_SINGLE(ops_id, struct, chr_ext_ops)

static const struct {
	u32 offset;
	unsigned int in;
} groups[] = {
#define GROUP(member, shape, group, order)				\
	{ offsetof(struct chr_ext_ops, member), CHR_EXT_IN_##group },
	CHR_EXT_OPS(GROUP)
#undef GROUP
};

/*
 * The group of the op that a program is for. 6.12 asks before it has checked
 * what the program claims to attach to.
 */
static unsigned int prog_group(const struct bpf_prog *prog)
{
	const struct btf_type *t;
	const struct btf_member *m;
	u32 offset;
	size_t i;

	t = btf_type_by_id(prog->aux->attach_btf, prog->aux->attach_btf_id);
	if (!t || !btf_type_is_struct(t) ||
	    t->size != sizeof(struct chr_ext_ops) ||
	    prog->expected_attach_type >= btf_type_vlen(t))
		return 0;

	m = btf_type_member(t) + prog->expected_attach_type;
	offset = __btf_member_bit_offset(t, m) / 8;
	for (i = 0; i < ARRAY_SIZE(groups); i++)
		if (groups[i].offset == offset)
			return groups[i].in;
	return 0;
}

/*
 * The rule of a kfunc, or NULL if it is none of ours.
 *
 * The kernel relocates the ids of a module's types when the module was built
 * against a base BTF that is not the running kernel's, but not those in our
 * sets. All of them move by the same amount, which the id of struct chr_ext_ops
 * shows.
 */
static const struct chr_ext_kfuncs *kfunc_rule(const struct bpf_prog *prog,
					       u32 id)
{
	const u32 moved = prog->aux->attach_btf_id - ops_id[0];
	struct chr_ext_family *const *at, *f;
	const struct chr_ext_kfuncs *k;
	size_t i;

	for_each_kfuncs(at, f, i, k)
		if (btf_id_set8_contains(k->set, id - moved))
			return k;
	return NULL;
}

/* Return: 0 if @prog may call the kfunc @id, else -EACCES. */
static int kfunc_filter(const struct bpf_prog *prog, u32 id)
{
	const struct chr_ext_kfuncs *k;

	if (prog->type != BPF_PROG_TYPE_STRUCT_OPS ||
	    prog->aux->attach_btf != module_btf)
		return -EACCES;
	k = kfunc_rule(prog, id);
	return k && k->in & prog_group(prog) ? 0 : -EACCES;
}

/**
 * chr_ext_kfunc_is_ours() - whether a number is that of one of our kfuncs
 * @prog: the program that calls it
 * @id: its id in the BTF of a module
 */
bool chr_ext_kfunc_is_ours(const struct bpf_prog *prog, u32 id)
{
	return kfunc_rule(prog, id);
}

/**
 * chr_ext_kfuncs_register() - offer the kfuncs to programs of our ops
 * @btf: BTF of this module
 *
 * Return: 0 or -errno
 */
int chr_ext_kfuncs_register(const struct btf *btf)
{
	struct btf_kfunc_id_set all = {
		.owner = THIS_MODULE,
		.filter = kfunc_filter,
	};
	struct chr_ext_family *const *at, *f;
	const struct chr_ext_kfuncs *k;
	size_t nr = 0, i;
	int err;

	module_btf = btf;

	for_each_kfuncs(at, f, i, k)
		nr += k->set->cnt;

	all.set = kzalloc(struct_size(all.set, pairs, nr), GFP_KERNEL);
	if (!all.set)
		return -ENOMEM;

	all.set->flags = BTF_SET8_KFUNCS;
	for_each_kfuncs(at, f, i, k) {
		memcpy(all.set->pairs + all.set->cnt, k->set->pairs,
		       k->set->cnt * sizeof(*all.set->pairs));
		all.set->cnt += k->set->cnt;
	}

	/* The kernel makes a sorted copy. */
	err = register_btf_kfunc_id_set(BPF_PROG_TYPE_STRUCT_OPS, &all);
	kfree(all.set);
	return err;
}
