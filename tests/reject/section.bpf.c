// SPDX-License-Identifier: GPL-2.0-only
/* Refused: no section "struct_op/read" makes a program of a struct_ops. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_op/read")
long BPF_PROG(wrong_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return 0;
}

CHR_EXT_DRIVER(section, .read = (void *)wrong_read);
