// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/bpf_full reads as zeros and fails writes with ENOSPC, like /dev/full.
 */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(full_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return io->len;
}

SEC("struct_ops/write")
long BPF_PROG(full_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return -ENOSPC;
}

CHR_EXT_DRIVER(bpf_full,
	.read = (void *)full_read,
	.write = (void *)full_write,
	.mode = 0666,
	.flags = CHR_EXT_NULL_SEEK | CHR_EXT_SINK | CHR_EXT_STREAM,
);
