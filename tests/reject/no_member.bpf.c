// SPDX-License-Identifier: GPL-2.0-only
/* Reads a member that no module has, without testing whether it exists. */
#include <chr_ext/chr_ext.bpf.h>

struct chr_ext_io___later {
	__u64 much_later;
} __attribute__((preserve_access_index));

SEC("struct_ops/read")
long BPF_PROG(no_member_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return ((struct chr_ext_io___later *)io)->much_later;
}

CHR_EXT_DRIVER(no_member, .read = (void *)no_member_read);
