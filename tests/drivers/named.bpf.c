// SPDX-License-Identifier: GPL-2.0-only
/* A driver for suites that write another name over this one, in the object. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(named_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return 0;
}

char _license[] SEC("license") = "GPL";

SEC(".struct_ops.link")
struct chr_ext_ops ops = {
	.name = "name-of-thirty-one-characters-x",
	.read = (void *)named_read,
};
