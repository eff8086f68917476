// SPDX-License-Identifier: GPL-2.0-only
/* Refused: a program of a struct_ops must have a licence. */
#include <chr_ext/chr_ext.bpf.h>

SEC("struct_ops/read")
long BPF_PROG(wrong_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return 0;
}

SEC(".struct_ops.link")
struct chr_ext_ops no_license = {
	.name = "no_license",
	.read = (void *)wrong_read,
};
