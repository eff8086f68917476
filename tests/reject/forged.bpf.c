// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a pointer of the program's own is no transfer. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(wrong_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	struct chr_ext_io mine = {};
	char c = 0;

	return chr_ext_io_put(&mine, 0, &c, 1);
}

CHR_EXT_DRIVER(forged, .read = (void *)wrong_read);
