// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a write has nothing to fill. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/write")
long BPF_PROG(wrong_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	char c = 0;

	return chr_ext_io_put(io, 0, &c, 1);
}

CHR_EXT_DRIVER(put_in_write, .write = (void *)wrong_write);
