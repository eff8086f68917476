// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a window of 8 bytes has no ninth. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(wrong_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__u8 *w = chr_ext_io_window(io, 0, 8);

	if (w)
		w[8] = 1;
	return 1;
}

CHR_EXT_DRIVER(beyond, .read = (void *)wrong_read);
