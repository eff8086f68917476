// SPDX-License-Identifier: GPL-2.0-only
/* A driver compiled with the header of a later release. */
#include <chr_ext/chr_ext.bpf.h>

struct chr_ext_ops___newer {
	long (*read)(struct chr_ext_file *file, struct chr_ext_io *io);
	char name[CHR_EXT_NAME_LEN];
	__u32 later;		/* unknown to the module */
	int (*much_later)(struct chr_ext_file *file);
};

SEC("struct_ops/read")
long BPF_PROG(newer_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return 0;
}

char _license[] SEC("license") = "GPL";

SEC(".struct_ops.link")
struct chr_ext_ops___newer newer = {
	.read = (void *)newer_read,
	.name = "newer",
};
