// SPDX-License-Identifier: GPL-2.0-only
/* Refused: one program for two ops. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/open")
int BPF_PROG(twice_open, struct chr_ext_file *file)
{
	return 0;
}

CHR_EXT_DRIVER(twice, .open = (void *)twice_open, .fsync = (void *)twice_open);
