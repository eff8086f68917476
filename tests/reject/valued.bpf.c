// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a value where the op returns none. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/close")
int BPF_PROG(valued_close, struct chr_ext_file *file)
{
	return 0;
}

CHR_EXT_DRIVER(valued, .close = (void *)valued_close);
