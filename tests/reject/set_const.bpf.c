// SPDX-License-Identifier: GPL-2.0-only
/* Refused: writes a global that is const. */
#include <chr_ext/chr_ext.bpf.h>

const volatile __u64 opens = 1;

SEC("struct_ops/open")
int BPF_PROG(wrong_open, struct chr_ext_file *file)
{
	*(volatile __u64 *)&opens = 2;
	return 0;
}

CHR_EXT_DRIVER(set_const, .open = (void *)wrong_open);
