// SPDX-License-Identifier: GPL-2.0-only
/* read returns long: -EIO of a program that returns int is 4294967291 there. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
int BPF_PROG(short_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return -5;
}

CHR_EXT_DRIVER(returns,
	.read = (void *)short_read,
);
