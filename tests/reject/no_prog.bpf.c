// SPDX-License-Identifier: GPL-2.0-only
/* Refused: the arguments come in an array, which BPF_PROG() takes apart. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long wrong_read(struct chr_ext_file *file, struct chr_ext_io *io)
{
	return chr_ext_io_put(io, 0, "x", 1);
}

CHR_EXT_DRIVER(no_prog, .read = (void *)wrong_read);
