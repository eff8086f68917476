/* SPDX-License-Identifier: GPL-2.0-only */
/* Which ops may call which kfunc. */
#ifndef CHR_EXT_KFUNCS_H
#define CHR_EXT_KFUNCS_H

#include <linux/bits.h>
#include <linux/bpf.h>
#include <linux/btf.h>

/* Groups of ops; the callbacks that their programs start count as the op. */
enum {
	CHR_EXT_IN_DEV		= BIT(0),	/* probe, remove, update */
	CHR_EXT_IN_OPEN		= BIT(1),
	CHR_EXT_IN_CLOSE	= BIT(2),
	CHR_EXT_IN_READ		= BIT(3),
	CHR_EXT_IN_WRITE	= BIT(4),
	CHR_EXT_IN_IOCTL	= BIT(5),
	CHR_EXT_IN_SYNC		= BIT(6),	/* fsync and flush */
	CHR_EXT_IN_QUERY	= BIT(7),	/* poll, llseek, mmap */
	CHR_EXT_IN_EVENT	= BIT(8),

	CHR_EXT_IN_IO		= CHR_EXT_IN_READ | CHR_EXT_IN_WRITE |
				  CHR_EXT_IN_IOCTL,
	CHR_EXT_IN_SYSCALL	= CHR_EXT_IN_OPEN | CHR_EXT_IN_IO |
				  CHR_EXT_IN_SYNC | CHR_EXT_IN_QUERY,
	CHR_EXT_IN_FILE		= CHR_EXT_IN_SYSCALL | CHR_EXT_IN_CLOSE,
	CHR_EXT_IN_ANY		= CHR_EXT_IN_FILE | CHR_EXT_IN_DEV |
				  CHR_EXT_IN_EVENT,
};

/*
 * kfuncs with the same rule. A family's kfuncs are an array of these, which
 * ends in an empty one.
 */
struct chr_ext_kfuncs {
	const struct btf_id_set8 *set;
	unsigned int in;
};

int chr_ext_kfuncs_register(const struct btf *btf);
bool chr_ext_kfunc_is_ours(const struct bpf_prog *prog, u32 id);

#endif
