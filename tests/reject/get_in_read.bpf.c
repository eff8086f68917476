// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a read brings nothing. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(wrong_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	char c = 0;

	return chr_ext_io_get(io, 0, &c, 1);
}

CHR_EXT_DRIVER(get_in_read, .read = (void *)wrong_read);
