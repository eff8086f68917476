// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a window may be missing. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(wrong_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	*chr_ext_io_window(io, 0, 8) = 1;
	return 1;
}

CHR_EXT_DRIVER(unchecked, .read = (void *)wrong_read);
