// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kfuncs of all families as the one set that the kernel takes from a
 * module, and the rule which op may call which.
 */
#include <linux/btf.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "chr_ext.h"

static const struct chr_ext_kfuncs *const families[] = {
	chr_ext_io_kfuncs,
	chr_ext_dev_kfuncs,
	chr_ext_time_kfuncs,
	chr_ext_user_kfuncs,
#ifdef CHR_EXT_HAVE_GPIO
	chr_ext_gpio_kfuncs,
	chr_ext_edge_kfuncs,
	chr_ext_play_kfuncs,
#endif
};

#define for_each_kfuncs(i, k)						\
	for (i = 0; i < ARRAY_SIZE(families); i++)			\
		for (k = families[i]; k->set; k++)

static const struct btf *module_btf;

/*
 * Nobody aligns this section of a module. arm64 loads a u32 of a known symbol
 * with an instruction whose relocation has no room for the last two bits.
 */
asm(".pushsection .BTF_ids,\"a\"\n"
    ".balign 4\n"
    ".popsection");
BTF_ID_LIST_SINGLE(ops_id, struct, chr_ext_ops)

/*
 * Which op a program is for. 6.12 asks before it has looked at what the
 * program claims to attach to.
 */
static unsigned int prog_op(const struct bpf_prog *prog)
{
	const struct btf_type *t;
	const struct btf_member *m;

	t = btf_type_by_id(prog->aux->attach_btf, prog->aux->attach_btf_id);
	if (!t || !btf_type_is_struct(t) ||
	    t->size != sizeof(struct chr_ext_ops) ||
	    prog->expected_attach_type >= btf_type_vlen(t))
		return 0;

	m = btf_type_member(t) + prog->expected_attach_type;
	switch (__btf_member_bit_offset(t, m) / 8) {
	case offsetof(struct chr_ext_ops, probe):
	case offsetof(struct chr_ext_ops, remove):
	case offsetof(struct chr_ext_ops, update):
		return CHR_EXT_IN_DEV;
	case offsetof(struct chr_ext_ops, open):
		return CHR_EXT_IN_OPEN;
	case offsetof(struct chr_ext_ops, close):
		return CHR_EXT_IN_CLOSE;
	case offsetof(struct chr_ext_ops, read):
		return CHR_EXT_IN_READ;
	case offsetof(struct chr_ext_ops, write):
		return CHR_EXT_IN_WRITE;
	case offsetof(struct chr_ext_ops, ioctl):
		return CHR_EXT_IN_IOCTL;
	case offsetof(struct chr_ext_ops, fsync):
	case offsetof(struct chr_ext_ops, flush):
		return CHR_EXT_IN_SYNC;
	case offsetof(struct chr_ext_ops, poll):
	case offsetof(struct chr_ext_ops, llseek):
	case offsetof(struct chr_ext_ops, mmap):
		return CHR_EXT_IN_ASK;
	case offsetof(struct chr_ext_ops, event):
		return CHR_EXT_IN_EVENT;
	default:
		return 0;
	}
}

/*
 * Return: 0 if @prog may call the kfunc @id, else -EACCES.
 *
 * The kernel relocates the ids of a module's types when the module was built
 * against a base BTF that is not the running kernel's, but not those in our
 * sets. All of them move by the same amount, and the id of struct chr_ext_ops
 * tells which.
 */
static int kfunc_filter(const struct bpf_prog *prog, u32 id)
{
	const struct chr_ext_kfuncs *k;
	u32 moved;
	size_t i;

	if (prog->type != BPF_PROG_TYPE_STRUCT_OPS ||
	    prog->aux->attach_btf != module_btf)
		return -EACCES;

	moved = prog->aux->attach_btf_id - ops_id[0];
	for_each_kfuncs(i, k)
		if (btf_id_set8_contains(k->set, id - moved))
			return k->in & prog_op(prog) ? 0 : -EACCES;
	return -EACCES;
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
	const struct chr_ext_kfuncs *k;
	size_t i, nr = 0;
	int err;

	module_btf = btf;

	for_each_kfuncs(i, k)
		nr += k->set->cnt;

	all.set = kzalloc(struct_size(all.set, pairs, nr), GFP_KERNEL);
	if (!all.set)
		return -ENOMEM;

	all.set->flags = BTF_SET8_KFUNCS;
	for_each_kfuncs(i, k) {
		memcpy(all.set->pairs + all.set->cnt, k->set->pairs,
		       k->set->cnt * sizeof(*all.set->pairs));
		all.set->cnt += k->set->cnt;
	}

	/* The kernel makes a sorted copy. */
	err = register_btf_kfunc_id_set(BPF_PROG_TYPE_STRUCT_OPS, &all);
	kfree(all.set);
	return err;
}
