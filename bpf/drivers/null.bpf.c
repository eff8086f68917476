// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/bpf_null discards writes and reads as empty, like /dev/null.
 */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(null_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return 0;
}

SEC("struct_ops/write")
long BPF_PROG(null_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return io->len;
}

CHR_EXT_DRIVER(bpf_null,
	.read = (void *)null_read,
	.write = (void *)null_write,
	.mode = 0666,
	.flags = CHR_EXT_NULL_SEEK | CHR_EXT_SINK,
);
