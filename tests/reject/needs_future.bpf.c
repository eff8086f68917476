// SPDX-License-Identifier: GPL-2.0-only
/* Calls a kfunc which no module has, and cannot do without it. */
#include <chr_ext/chr_ext.bpf.h>

extern __s64 chr_ext_future(__u32 what) __ksym;

SEC("struct_ops/read")
long BPF_PROG(needs_future_read, struct chr_ext_file *file, struct chr_ext_io *io)
{
	__s64 has = chr_ext_future(0);

	return chr_ext_io_put(io, 0, &has, sizeof(has));
}

CHR_EXT_DRIVER(needs_future, .read = (void *)needs_future_read);
