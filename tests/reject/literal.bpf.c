// SPDX-License-Identifier: GPL-2.0-only
/* Refused: puts a string literal. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(wrong_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return chr_ext_io_put(io, 0, "literal\n", 8);
}

CHR_EXT_DRIVER(literal, .read = (void *)wrong_read);
