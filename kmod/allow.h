/* SPDX-License-Identifier: GPL-2.0-only */
/* What programs may call of the kernel's own helpers and kfuncs. */
#ifndef CHR_EXT_ALLOW_H
#define CHR_EXT_ALLOW_H

#include <linux/bpf.h>

const struct bpf_func_proto *chr_ext_helper_proto(enum bpf_func_id id,
						  const struct bpf_prog *prog);
int chr_ext_check_calls(const struct bpf_prog *prog);

#endif
