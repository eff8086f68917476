// SPDX-License-Identifier: GPL-2.0-only
/* Refused: an open has no transfer. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/open")
int BPF_PROG(wrong_open, struct chr_ext_file *file)
{
	return chr_ext_io_set_pos((void *)file, 0);
}

CHR_EXT_DRIVER(io_in_open, .open = (void *)wrong_open);
