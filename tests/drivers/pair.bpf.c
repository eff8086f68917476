// SPDX-License-Identifier: GPL-2.0-only
/* Two drivers in one object; one's program sleeps, the other's does not. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops.s/read")
long BPF_PROG(sleepable_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return 0;
}

SEC("struct_ops/read")
long BPF_PROG(plain_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return 0;
}

CHR_EXT_DRIVER(pair_a, .read = (void *)sleepable_read);

CHR_EXT_DRIVER(pair_b, .read = (void *)plain_read);
