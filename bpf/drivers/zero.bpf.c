// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/bpf_zero discards writes and reads as zeros, like /dev/zero: the op
 * claims bytes that it did not write, and the framework zeroes such bytes.
 */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(zero_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return io->len;
}

SEC("struct_ops/write")
long BPF_PROG(zero_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return io->len;
}

CHR_EXT_DRIVER(bpf_zero,
	.read = (void *)zero_read,
	.write = (void *)zero_write,
	.mode = 0666,
	.flags = CHR_EXT_NULL_SEEK | CHR_EXT_SINK | CHR_EXT_STREAM,
);
