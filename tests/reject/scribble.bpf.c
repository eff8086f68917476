// SPDX-License-Identifier: GPL-2.0-only
/* Refused: what a program is given is read-only. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(wrong_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	io->len = 1 << 20;
	return 1 << 20;
}

CHR_EXT_DRIVER(scribble, .read = (void *)wrong_read);
