// SPDX-License-Identifier: GPL-2.0-only
/* Keeps one byte a file. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(tiny_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return chr_ext_io_put_file(io, 0, file, 0, 1);
}

SEC("struct_ops/write")
long BPF_PROG(tiny_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return chr_ext_io_get_file(io, 0, file, 0, 1);
}

CHR_EXT_DRIVER(tiny,
	.read = (void *)tiny_read,
	.write = (void *)tiny_write,
	.file_size = 1,
	.mode = 0666,
);
