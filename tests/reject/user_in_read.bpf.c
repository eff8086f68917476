// SPDX-License-Identifier: GPL-2.0-only
/* Refused: only ioctl has an argument that points somewhere. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(user_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	char byte;

	return chr_ext_user_get(io, 4096, &byte, 1, 0);
}

CHR_EXT_DRIVER(user_in_read, .read = (void *)user_read);
