// SPDX-License-Identifier: GPL-2.0-only
/* Refused: nothing makes the loop end. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/write")
long BPF_PROG(wrong_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__u8 byte = 0;

	while (byte != '\n')
		chr_ext_io_get(io, 0, &byte, 1);
	return 1;
}

CHR_EXT_DRIVER(endless, .write = (void *)wrong_write);
