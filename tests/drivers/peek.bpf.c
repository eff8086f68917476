// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the memory of the caller by a kfunc of the kernel's: where, a write
 * names; a read returns the kfunc's result.
 */
#include <chr_ext/chr_ext.bpf.h>

extern int bpf_copy_from_user_str(void *dst, __u32 dst__sz,
				  const void *unsafe_ptr__ign,
				  __u64 flags) __ksym;

__u64 where;

SEC("struct_ops.s/read")
long BPF_PROG(peek_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	char text[8];
	long ret;

	ret = bpf_copy_from_user_str(text, sizeof(text), (void *)where, 0);
	return chr_ext_io_put(io, 0, &ret, sizeof(ret));
}

SEC("struct_ops.s/write")
long BPF_PROG(peek_write, struct chr_ext_file *file, struct chr_ext_io *io)
{
	return chr_ext_io_get(io, 0, &where, sizeof(where));
}

CHR_EXT_DRIVER(peek,
	.read = (void *)peek_read,
	.write = (void *)peek_write,
);
