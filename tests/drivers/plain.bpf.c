// SPDX-License-Identifier: GPL-2.0-only
/* A driver without a link. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(plain_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return 0;
}

char _license[] SEC("license") = "GPL";

SEC(".struct_ops")
struct chr_ext_ops plain = {
	.name = "plain",
	.read = (void *)plain_read,
};
